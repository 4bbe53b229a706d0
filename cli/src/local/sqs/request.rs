//! Reading what a request says.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::error::{Kind, SqsError};

/// The members of a request, or of an entry of its batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a>(pub(super) &'a Value);

impl<'a> Request<'a> {
    pub(super) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(self, name: &str) -> Result<&'a str, SqsError> {
        let missing = || {
            SqsError::new(
                Kind::MissingParameter,
                format!("The request must contain the parameter {name}."),
            )
        };
        self.get(name).and_then(Value::as_str).ok_or_else(missing)
    }

    /// A whole number within bounds.
    pub(super) fn number(
        self,
        name: &str,
        bounds: &RangeInclusive<i64>,
    ) -> Result<Option<i64>, SqsError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
        match number.filter(|number| bounds.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(SqsError::invalid(format!(
                "Value {value} for parameter {name} is invalid. Reason: Must be between {} and {}, if provided.",
                bounds.start(),
                bounds.end()
            ))),
        }
    }

    /// The texts of a list; none where there is no list.
    pub(super) fn texts(self, name: &str) -> Vec<&'a str> {
        let list = self.get(name).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).collect()
    }

    /// The entries of a batch with their ids.
    pub(super) fn entries(self) -> Result<Vec<(&'a str, Self)>, SqsError> {
        let entries = self.get("Entries").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if entries.is_empty() {
            return Err(SqsError::new(
                Kind::EmptyBatchRequest,
                "There should be at least one entry in the request.",
            ));
        }
        if entries.len() > 10 {
            let message = format!(
                "Maximum number of entries per request are 10. You have sent {}.",
                entries.len()
            );
            return Err(SqsError::new(Kind::TooManyEntriesInBatchRequest, message));
        }
        let mut named: Vec<(&str, Self)> = Vec::with_capacity(entries.len());
        for entry in entries {
            let entry = Request(entry);
            let id = entry.text("Id")?;
            let fits = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
            if id.is_empty() || id.len() > 80 || !id.chars().all(fits) {
                return Err(SqsError::new(
                    Kind::InvalidBatchEntryId,
                    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
                ));
            }
            if named.iter().any(|(other, _)| *other == id) {
                return Err(SqsError::new(
                    Kind::BatchEntryIdsNotDistinct,
                    format!("Id {id} repeated."),
                ));
            }
            named.push((id, entry));
        }
        Ok(named)
    }
}
