//! JSON, strictly: a body that two parsers could read differently is refused.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, error::Category};

use crate::error::MalformedJson;

/// Reads a text as JSON. Refuses a name that stands twice in one object, lone surrogates, nesting deeper than 128,
/// and whatever is no JSON at all ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)). The reason names a line and a
/// column, and never quotes the text.
pub(super) fn parse(text: &str) -> Result<Value, MalformedJson> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let parsed =
        Strict.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    parsed.map_err(|error| {
        let what = match error.classify() {
            Category::Eof => "it ends too early",
            Category::Data => "a member name stands twice in one object",
            Category::Syntax | Category::Io => "unexpected characters",
        };
        MalformedJson {
            reason: format!("{what} at line {}, column {}", error.line(), error.column()),
        }
    })
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = access.next_element_seed(Self)? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom("duplicate"));
            }
            let value = access.next_value_seed(Self)?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ambiguous_and_broken_texts_are_refused_where_they_break() {
        let cases = [
            (r#"{"a":1,"a":2}"#, "a member name stands twice in one object at line 1, column 10"),
            (
                "{\"a\":[{\"b\":1,\n\"b\":1}]}",
                "a member name stands twice in one object at line 2, column 3",
            ),
            (r#"{"a":"\ud800"}"#, "unexpected characters at line 1, column 13"),
            (r#"{"a":1"#, "it ends too early at line 1, column 6"),
            ("", "it ends too early at line 1, column 0"),
            ("{} {}", "unexpected characters at line 1, column 4"),
            ("{'a':1}", "unexpected characters at line 1, column 2"),
            ("NaN", "unexpected characters at line 1, column 1"),
        ];
        for (text, reason) in cases {
            assert_eq!(parse(text).unwrap_err().reason, reason, "{text}");
        }
        assert!(parse(&"[".repeat(10_000)).is_err());
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_what_everybody_reads(text in "[\\[\\]{}:,\"a0-9.eE+ \\\\u-]{0,40}") {
            if let Ok(value) = parse(&text) {
                prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
            }
        }
    }
}
