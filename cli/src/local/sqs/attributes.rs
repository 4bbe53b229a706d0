//! What can be set of a queue.

use std::{collections::BTreeMap, ops::RangeInclusive};

use serde_json::Value;

use super::{
    error::{Kind, SqsError},
    request::Request,
};

/// The longest that a message can be hidden, in seconds: twelve hours.
pub(super) const VISIBILITY: RangeInclusive<i64> = 0..=43_200;
/// The longest that a message can be delayed, in seconds: fifteen minutes.
pub(super) const DELAY: RangeInclusive<i64> = 0..=900;
/// The longest that a receive can wait, in seconds.
pub(super) const WAIT: RangeInclusive<i64> = 0..=20;
/// From a minute to fourteen days, in seconds.
const RETENTION: RangeInclusive<i64> = 60..=1_209_600;
/// The largest message, in bytes, and the least that a queue may allow.
const SIZE: RangeInclusive<i64> = 1_024..=1_048_576;

/// Attributes whose value is a number: name, bounds, default.
const NUMBERS: [(&str, RangeInclusive<i64>, i64); 5] = [
    ("VisibilityTimeout", VISIBILITY, 30),
    ("DelaySeconds", DELAY, 0),
    ("ReceiveMessageWaitTimeSeconds", WAIT, 0),
    ("MessageRetentionPeriod", RETENTION, 345_600),
    ("MaximumMessageSize", SIZE, 1_048_576),
];
/// Attributes that are kept, and mean nothing here.
const KEPT: [&str; 5] = [
    "Policy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
];
const REDRIVE: &str = "RedrivePolicy";

/// When a queue gives a message up, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redrive {
    /// The name of the other queue.
    pub(super) target: String,
    /// How often a message may be received.
    pub(super) max_receives: i64,
}

/// The attributes of a queue, as they were set.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes(pub(super) BTreeMap<String, String>);

impl Attributes {
    /// Those of a request, laid over these.
    pub(super) fn with(mut self, asked: Request<'_>) -> Result<Self, SqsError> {
        let Some(Value::Object(members)) = asked.get("Attributes") else { return Ok(self) };
        for (name, value) in members {
            let text = value.as_str().unwrap_or_default().to_owned();
            if let Some((name, bounds, _)) = NUMBERS.iter().find(|(known, ..)| known == name) {
                Request(&Value::Object(members.clone())).number(name, bounds)?;
            } else if name == REDRIVE {
                if !text.is_empty() && redrive(&text).is_none() {
                    return Err(SqsError::invalid(format!(
                        "Value {text} for parameter RedrivePolicy is invalid."
                    )));
                }
            } else if !KEPT.contains(&name.as_str()) {
                return Err(SqsError::new(
                    Kind::InvalidAttributeName,
                    format!("Unknown Attribute {name}."),
                ));
            }
            // An empty value takes an attribute away.
            if text.is_empty() {
                self.0.remove(name);
            } else {
                self.0.insert(name.clone(), text);
            }
        }
        Ok(self)
    }

    fn number(&self, name: &str) -> i64 {
        let set = self.0.get(name).and_then(|text| text.parse().ok());
        let default = NUMBERS.iter().find(|(known, ..)| *known == name).map(|(_, _, it)| *it);
        set.or(default).unwrap_or_default()
    }

    pub(super) fn visibility(&self) -> i64 {
        self.number("VisibilityTimeout")
    }

    pub(super) fn delay(&self) -> i64 {
        self.number("DelaySeconds")
    }

    pub(super) fn wait(&self) -> i64 {
        self.number("ReceiveMessageWaitTimeSeconds")
    }

    pub(super) fn retention(&self) -> i64 {
        self.number("MessageRetentionPeriod")
    }

    pub(super) fn max_size(&self) -> i64 {
        self.number("MaximumMessageSize")
    }

    pub(super) fn redrive(&self) -> Option<Redrive> {
        self.0.get(REDRIVE).and_then(|text| redrive(text))
    }

    /// Every attribute with its value, defaults included.
    pub(super) fn all(&self) -> BTreeMap<String, String> {
        let numbers = NUMBERS.iter().map(|(name, ..)| *name);
        let mut all: BTreeMap<_, _> =
            numbers.map(|name| (name.to_owned(), self.number(name).to_string())).collect();
        all.extend(self.0.clone());
        all
    }
}

fn redrive(text: &str) -> Option<Redrive> {
    let policy: Value = serde_json::from_str(text).ok()?;
    let policy = Request(&policy);
    let target = policy.text("deadLetterTargetArn").ok()?.rsplit(':').next()?.to_owned();
    let max_receives = policy.number("maxReceiveCount", &(1..=1_000)).ok()??;
    Some(Redrive { target, max_receives })
}
