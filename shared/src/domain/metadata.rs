//! Custom key-value pairs of a user, in clear.

use serde_json::{Map, Value};

/// A JSON object of the caller's own. How much it may hold is a rule of each API; Palm's is
/// [`Metadata::check_pairs`].
#[derive(Clone, Default, PartialEq)]
pub struct Metadata(Map<String, Value>);

/// What is wrong with one pair, or with all of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMetadata {
    /// More pairs than allowed.
    #[error("must hold at most {} pairs", Metadata::MAX_PAIRS)]
    TooMany,
    /// A key that is empty, too long, or holds control characters.
    #[error(
        "a key must have 1 to {} characters and no control characters",
        Metadata::MAX_KEY_CHARS
    )]
    Key(String),
    /// A value that is not a text, a number or a boolean.
    #[error("must be a string, a number or a boolean (or null, to remove the key)")]
    Kind(String),
    /// A text that is too long or holds NUL.
    #[error("must have at most {} characters and no NUL", Metadata::MAX_VALUE_CHARS)]
    Value(String),
}

impl InvalidMetadata {
    /// The key it is about, where it is about one.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::TooMany => None,
            Self::Key(key) | Self::Kind(key) | Self::Value(key) => Some(key),
        }
    }
}

impl Metadata {
    /// Palm's limit on pairs.
    pub const MAX_PAIRS: usize = 50;
    /// The limit on a key, in Unicode scalar values.
    pub const MAX_KEY_CHARS: usize = 64;
    /// The limit on a text, in Unicode scalar values.
    pub const MAX_VALUE_CHARS: usize = 512;

    /// Takes an object as it is.
    pub fn new(object: Map<String, Value>) -> Self {
        Self(object)
    }

    /// The pairs.
    pub fn as_object(&self) -> &Map<String, Value> {
        &self.0
    }

    /// These pairs with `change` laid over them: a null removes its key.
    #[must_use]
    pub fn merged(&self, change: &Self) -> Self {
        let mut pairs = self.0.clone();
        for (key, value) in &change.0 {
            if value.is_null() {
                pairs.remove(key);
            } else {
                pairs.insert(key.clone(), value.clone());
            }
        }
        Self(pairs)
    }

    /// What Palm's rules find wrong with each pair; nulls are fine. The number of pairs is checked by
    /// [`Metadata::check_size`], after merging.
    pub fn check_pairs(&self) -> Vec<InvalidMetadata> {
        let check = |(key, value): (&String, &Value)| {
            let length = key.chars().count();
            if length == 0 || length > Self::MAX_KEY_CHARS || key.chars().any(char::is_control) {
                return Some(InvalidMetadata::Key(key.clone()));
            }
            match value {
                Value::String(text)
                    if text.chars().count() > Self::MAX_VALUE_CHARS || text.contains('\0') =>
                {
                    Some(InvalidMetadata::Value(key.clone()))
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
                Value::Array(_) | Value::Object(_) => Some(InvalidMetadata::Kind(key.clone())),
            }
        };
        self.0.iter().filter_map(check).collect()
    }

    /// Whether there are at most [`Metadata::MAX_PAIRS`] pairs.
    pub fn check_size(&self) -> Result<(), InvalidMetadata> {
        if self.0.len() > Self::MAX_PAIRS { Err(InvalidMetadata::TooMany) } else { Ok(()) }
    }
}

/// Callers' data: only its size is printed.
impl std::fmt::Debug for Metadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Metadata({} pairs)", self.0.len())
    }
}
