//! Entity tags and `If-Match` ([RFC 9110 §8.8.3, §13.1.1](https://www.rfc-editor.org/rfc/rfc9110)).

use lambda_http::http::HeaderValue;

use crate::error::{Error, Result};

/// The strong entity tag of a version.
pub fn etag(version: u64) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{version}\"")).ok()
}

/// The version that an opaque tag stands for: tags are the same only to the letter, so `03` is none of ours.
fn version(opaque: &str) -> Option<u64> {
    opaque.parse().ok().filter(|version: &u64| version.to_string() == opaque)
}

/// What may stand before a tag: an element of the list may be empty.
const BETWEEN_TAGS: [char; 3] = [',', ' ', '\t'];

/// On which versions a change may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// On whichever there is.
    Any,
    /// On one of these.
    OneOf(Vec<u64>),
}

impl IfMatch {
    /// Reads the header; absence and `*` are [`IfMatch::Any`]. Weak tags and foreign ones match nothing.
    pub fn parse(header: Option<&HeaderValue>) -> Result<Self> {
        let Some(header) = header else { return Ok(Self::Any) };
        let malformed = || {
            Error::header("If-Match", "must be * or entity tags such as \"3\", separated by commas")
        };
        let text = header.to_str().map_err(|_| malformed())?.trim();
        if text == "*" {
            return Ok(Self::Any);
        }
        let mut versions = Vec::new();
        let mut rest = text.trim_start_matches(BETWEEN_TAGS);
        if rest.is_empty() {
            return Err(malformed());
        }
        while !rest.is_empty() {
            let quoted = rest.strip_prefix("W/").unwrap_or(rest);
            let (opaque, after) = quoted
                .strip_prefix('"')
                .and_then(|inner| inner.split_once('"'))
                .ok_or_else(malformed)?;
            if quoted == rest {
                versions.extend(version(opaque));
            }
            let after = after.trim_start();
            if !after.is_empty() && !after.starts_with(',') {
                return Err(malformed());
            }
            rest = after.trim_start_matches(BETWEEN_TAGS);
        }
        Ok(Self::OneOf(versions))
    }

    /// Refuses a version that was not named.
    pub fn check(&self, version: u64) -> Result<()> {
        match self {
            Self::Any => Ok(()),
            Self::OneOf(versions) if versions.contains(&version) => Ok(()),
            Self::OneOf(_) => Err(Error::PreconditionFailed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &'static str) -> Result<IfMatch> {
        IfMatch::parse(Some(&HeaderValue::from_static(text)))
    }

    #[test]
    fn tags_are_compared_strongly() {
        assert_eq!(parse("*").unwrap(), IfMatch::Any);
        assert_eq!(parse("\"3\", \"4\"").unwrap(), IfMatch::OneOf(vec![3, 4]));
        assert_eq!(parse("W/\"3\"").unwrap(), IfMatch::OneOf(vec![]));
        assert_eq!(parse("\"abc\"").unwrap(), IfMatch::OneOf(vec![]));
        assert_eq!(parse("\"a,b\" ,, \"3\",").unwrap(), IfMatch::OneOf(vec![3]));
        assert_eq!(parse("\"03\", \"+3\"").unwrap(), IfMatch::OneOf(vec![]));
        for wrong in ["3", "", ",", "\"3", "\"3\" \"4\"", "\"3\"4", "*, \"3\"", "W\"3\""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
