//! The document as a tree that remembers where it is, with `!Tag value` and `Fn::Tag: value` made alike.

use saphyr::{LoadableYamlNode as _, ScalarOwned, YamlOwned};
use serde_json::{Map, Value, json};

use super::TemplateError;

/// Reads the one document of a YAML text, short intrinsics spelled long.
pub(super) fn document(text: &str) -> Result<Value, TemplateError> {
    let documents = YamlOwned::load_from_str(text).map_err(|error| TemplateError::Syntax {
        line: error.marker().line(),
        column: error.marker().col().saturating_add(1),
        reason: error.info().to_owned(),
    })?;
    match documents.as_slice() {
        [document] => value(document, ""),
        others => Err(TemplateError::Unexpected {
            place: "the file".to_owned(),
            found: format!("{} YAML documents", others.len()),
            expected: "one".to_owned(),
        }),
    }
}

fn value(yaml: &YamlOwned, place: &str) -> Result<Value, TemplateError> {
    match yaml {
        YamlOwned::Value(ScalarOwned::Null) => Ok(Value::Null),
        YamlOwned::Value(ScalarOwned::Boolean(flag)) => Ok(json!(flag)),
        YamlOwned::Value(ScalarOwned::Integer(number)) => Ok(json!(number)),
        YamlOwned::Value(ScalarOwned::FloatingPoint(number)) => Ok(json!(number.into_inner())),
        YamlOwned::Value(ScalarOwned::String(text)) => Ok(json!(text)),
        YamlOwned::Sequence(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| value(item, &join(place, &index.to_string())))
            .collect(),
        YamlOwned::Mapping(members) => {
            let mut object = Map::new();
            for (key, member) in members {
                let Some(key) = key.as_str() else {
                    return Err(unreadable(place, "a member name that is not text"));
                };
                object.insert(key.to_owned(), value(member, &join(place, key))?);
            }
            Ok(Value::Object(object))
        }
        YamlOwned::Tagged(tag, inner) => {
            let name = match tag.suffix.as_str() {
                name @ ("Ref" | "Condition") => name.to_owned(),
                name => format!("Fn::{name}"),
            };
            Ok(json!({ name: value(inner, place)? }))
        }
        YamlOwned::Representation(..) | YamlOwned::Alias(_) | YamlOwned::BadValue => {
            Err(unreadable(place, "a value that YAML cannot type"))
        }
    }
}

fn unreadable(place: &str, found: &str) -> TemplateError {
    TemplateError::Unexpected {
        place: place.to_owned(),
        found: found.to_owned(),
        expected: "text, a number, a list or a mapping".to_owned(),
    }
}

fn join(place: &str, member: &str) -> String {
    if place.is_empty() { member.to_owned() } else { format!("{place}.{member}") }
}

/// A place in the document, and what stands there, if anything does.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    place: String,
    value: Option<&'a Value>,
}

impl<'a> Node<'a> {
    pub(super) const fn root(document: &'a Value) -> Self {
        Self { place: String::new(), value: Some(document) }
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    pub(super) const fn value(&self) -> Option<&'a Value> {
        self.value
    }

    /// The member of this name; absent if there is none.
    pub(super) fn get(&self, member: &str) -> Self {
        Self {
            place: join(&self.place, member),
            value: self.value.and_then(|value| value.get(member)),
        }
    }

    pub(super) fn present(self) -> Option<Self> {
        self.value.is_some().then_some(self)
    }

    pub(super) fn entries(&self) -> Result<Vec<(&'a str, Self)>, TemplateError> {
        match self.value {
            Some(Value::Object(members)) => Ok(members
                .iter()
                .map(|(name, value)| {
                    (name.as_str(), Self { place: join(&self.place, name), value: Some(value) })
                })
                .collect()),
            _ => Err(self.unexpected("a mapping")),
        }
    }

    pub(super) fn entries_or_none(&self) -> Result<Vec<(&'a str, Self)>, TemplateError> {
        if self.value.is_none() { Ok(vec![]) } else { self.entries() }
    }

    pub(super) fn items(&self) -> Result<Vec<Self>, TemplateError> {
        match self.value {
            Some(Value::Array(items)) => Ok(items
                .iter()
                .enumerate()
                .map(|(index, value)| Self {
                    place: join(&self.place, &index.to_string()),
                    value: Some(value),
                })
                .collect()),
            _ => Err(self.unexpected("a list")),
        }
    }

    pub(super) fn items_or_none(&self) -> Result<Vec<Self>, TemplateError> {
        if self.value.is_none() { Ok(vec![]) } else { self.items() }
    }

    /// A list, or the one thing that CloudFormation allows in a list's place.
    pub(super) fn items_or_one(&self) -> Result<Vec<Self>, TemplateError> {
        if matches!(self.value, Some(Value::Array(_))) {
            self.items()
        } else {
            Ok(vec![self.clone()])
        }
    }

    pub(super) fn text(&self) -> Result<&'a str, TemplateError> {
        self.value.and_then(Value::as_str).ok_or_else(|| self.unexpected("text"))
    }

    /// Text, a number or a truth value, as text.
    pub(super) fn scalar(&self) -> Result<String, TemplateError> {
        match self.value {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
            _ => Err(self.unexpected("text, a number or a truth value")),
        }
    }

    pub(super) fn unexpected(&self, expected: &str) -> TemplateError {
        let found = match self.value {
            None => "nothing".to_owned(),
            Some(Value::Object(_)) => "a mapping".to_owned(),
            Some(Value::Array(_)) => "a list".to_owned(),
            Some(scalar) => scalar.to_string(),
        };
        TemplateError::Unexpected {
            place: self.place.clone(),
            found,
            expected: expected.to_owned(),
        }
    }
}
