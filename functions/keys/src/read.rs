//! Reading what the requests have in common.

use serde_json::Value as Json;
use shared::{
    domain::{Mode, Timestamp, value::is_text},
    error::Faults,
    http::Object,
};

/// The greatest length of a key's name, in Unicode scalar values.
const MAX_NAME_CHARS: usize = 100;

/// `name`: what its owner calls a key.
pub(crate) fn name(body: &mut Object, faults: &mut Faults) -> Option<String> {
    let name = body.required_text("name", faults)?;
    if is_text(&name, MAX_NAME_CHARS) {
        return Some(name);
    }
    let detail = format!(
        "must have 1 to {MAX_NAME_CHARS} characters, not all blank, and no control characters"
    );
    faults.body("/name", detail);
    None
}

/// One of a few words. `None` where it is absent, null or wrong.
pub(crate) fn word<T: Copy>(
    text: &str,
    words: &[(&str, T)],
    fault: impl FnOnce(String),
) -> Option<T> {
    let chosen = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    if chosen.is_none() {
        let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        fault(format!("must be one of {}", words.join(", ")));
    }
    chosen
}

/// The words for a mode.
pub(crate) fn modes() -> [(&'static str, Mode); 2] {
    Mode::ALL.map(|mode| (mode.as_str(), mode))
}

/// `expires_at`: absent, null, or a time to come.
pub(crate) fn expires_at(
    body: &mut Object,
    faults: &mut Faults,
    now: Timestamp,
) -> Option<Option<Timestamp>> {
    let Some(text) = body.text("expires_at", faults)? else { return Some(None) };
    let time = Timestamp::parse(&text).filter(|time| now < *time);
    if time.is_none() {
        faults.body("/expires_at", "must be a time to come, as in 2030-01-31T12:00:00Z");
    }
    time.map(Some)
}

/// A whole number from 0 to a greatest one; `None` where it is absent, null or wrong.
pub(crate) fn seconds(body: &mut Object, name: &str, max: i64, faults: &mut Faults) -> Option<i64> {
    let value = body.take(name).filter(|value| *value != Json::Null)?;
    let number = value.as_i64().filter(|number| (0..=max).contains(number));
    if number.is_none() {
        faults.body(body.pointer(name), format!("must be a whole number from 0 to {max}"));
    }
    number
}
