//! Reading what Palm's requests have in common.

use serde_json::Value as Json;
use shared::{
    Error, Result,
    domain::{
        Metadata, User, UserId,
        field::{self, FieldId},
        value::is_text,
    },
    error::Faults,
    http::{Call, Object, pointer},
    users::FieldChanges,
};

/// The user of the path. What is no user id is nobody's.
pub(crate) fn user_id(call: &Call) -> Result<UserId> {
    UserId::parse_uuid(&call.path_parameter("user_id")).map_err(|_| Error::NotFound)
}

/// One of a few words; `None` where it is absent or wrong.
pub(crate) fn choice<T: Copy>(
    body: &mut Object,
    name: &str,
    words: &[(&str, T)],
    faults: &mut Faults,
) -> Option<T> {
    let text = body.text(name, faults)??;
    word(body, name, &text, words, faults)
}

/// One of a few words that must be there.
pub(crate) fn required_choice<T: Copy>(
    body: &mut Object,
    name: &str,
    words: &[(&str, T)],
    faults: &mut Faults,
) -> Option<T> {
    let text = body.required_text(name, faults)?;
    word(body, name, &text, words, faults)
}

fn word<T: Copy>(
    body: &Object,
    name: &str,
    text: &str,
    words: &[(&str, T)],
    faults: &mut Faults,
) -> Option<T> {
    let chosen = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    if chosen.is_none() {
        let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        faults.body(body.pointer(name), format!("must be one of {}", words.join(", ")));
    }
    chosen
}

/// `display_name`: absent, null, or 1 to 255 characters.
pub(crate) fn display_name(body: &mut Object, faults: &mut Faults) -> Option<Option<String>> {
    let name = body.text("display_name", faults)?;
    if name.as_deref().is_some_and(|name| !is_text(name, User::MAX_DISPLAY_NAME_CHARS)) {
        let limit = User::MAX_DISPLAY_NAME_CHARS;
        let detail =
            format!("must have 1 to {limit} characters, not all blank, and no control characters");
        faults.body("/display_name", detail);
    }
    Some(name)
}

/// `metadata`: pairs of text, number or boolean; null where a key is to be removed.
pub(crate) fn metadata(body: &mut Object, faults: &mut Faults) -> Option<Metadata> {
    let metadata = Metadata::new(body.object("metadata", faults)?.into_members());
    for invalid in metadata.check_pairs() {
        let key =
            invalid.key().map_or_else(|| "/metadata".to_owned(), |key| pointer("/metadata", key));
        faults.body(key, invalid.to_string());
    }
    Some(metadata)
}

/// Faults metadata with too many pairs.
pub(crate) fn check_size(metadata: &Metadata) -> Result<()> {
    metadata.check_size().map_err(|invalid| Error::body("/metadata", invalid.to_string()))
}

/// Vault fields by id: texts to set, nulls to erase.
pub(crate) fn vault(fields: Object, faults: &mut Faults) -> FieldChanges {
    let mut changes = FieldChanges::new();
    for (place, id, value) in fields.into_located_members() {
        let Ok(field) = FieldId::parse(&id) else {
            faults.body(place, format!("is not a vault field; those are {}", field::known_ids()));
            continue;
        };
        match value {
            Json::String(text) => match field.value(&text) {
                Ok(value) => drop(changes.insert(field, Some(value))),
                Err(invalid) => faults.body(place, invalid.to_string()),
            },
            Json::Null => drop(changes.insert(field, None)),
            Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
                faults.body(place, "must be a string, or null to have no value");
            }
        }
    }
    changes
}
