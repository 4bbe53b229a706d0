//! Sending.

use rusqlite::params;
use serde_json::{Map, Value, json};

use super::{
    attributes::DELAY,
    digest,
    error::{Kind, SqsError},
    queue::{self, Queue},
    request::Request,
    store::Store,
};
use crate::local::gateway::make_request_id;

/// The most bytes that the messages of one batch may have together.
const BATCH_BYTES: usize = 1_048_576;

/// A message that can be sent.
struct New<'a> {
    body: &'a str,
    attributes: Option<&'a Value>,
    group: &'a str,
    delay: i64,
}

pub(super) fn one(store: &Store, asked: Request<'_>) -> Result<Value, SqsError> {
    let queue = queue::find(store, asked)?;
    let new = New::read(&queue, asked)?;
    Ok(Value::Object(new.send(store, &queue)?))
}

pub(super) fn batch(store: &Store, asked: Request<'_>) -> Result<Value, SqsError> {
    let queue = queue::find(store, asked)?;
    let entries = asked.entries()?;
    let bytes = entries.iter().map(|(_, entry)| size(*entry)).fold(0, usize::saturating_add);
    if bytes > BATCH_BYTES {
        let message = format!(
            "Batch requests cannot be longer than {BATCH_BYTES} bytes. You have sent {bytes} bytes."
        );
        return Err(SqsError::new(Kind::BatchRequestTooLong, message));
    }
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, entry) in entries {
        match New::read(&queue, entry) {
            Ok(new) => {
                let mut told = new.send(store, &queue)?;
                told.insert("Id".to_owned(), json!(id));
                successful.push(told);
            }
            Err(error) => failed.push(error.entry(id)),
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

fn size(asked: Request<'_>) -> usize {
    let body = asked.text("MessageBody").map_or(0, str::len);
    body.saturating_add(asked.get("MessageAttributes").map_or(0, attributes_size))
}

fn attributes_size(attributes: &Value) -> usize {
    let members = attributes.as_object().into_iter().flatten();
    let texts = members.flat_map(|(name, value)| {
        let values = value.as_object().into_iter().flatten();
        std::iter::once(name.len()).chain(values.filter_map(|(_, it)| it.as_str().map(str::len)))
    });
    texts.fold(0, usize::saturating_add)
}

impl<'a> New<'a> {
    fn read(queue: &Queue, asked: Request<'a>) -> Result<Self, SqsError> {
        let body = asked.text("MessageBody")?;
        let most = queue.attributes.max_size();
        if body.is_empty() {
            return Err(SqsError::new(
                Kind::MissingParameter,
                "The request must contain the parameter MessageBody.",
            ));
        }
        if i64::try_from(size(asked)).is_ok_and(|bytes| bytes > most) {
            return Err(SqsError::invalid(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
            )));
        }
        if !body.chars().all(is_allowed) {
            return Err(SqsError::new(
                Kind::InvalidMessageContents,
                "The message contains characters outside the allowed set.",
            ));
        }
        let group = asked.text("MessageGroupId").unwrap_or_default();
        if group.len() > 128 || !group.chars().all(|it| it.is_ascii_graphic()) {
            return Err(SqsError::invalid(
                "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
            ));
        }
        Ok(Self {
            body,
            attributes: asked.get("MessageAttributes"),
            group,
            delay: asked
                .number("DelaySeconds", &DELAY)?
                .unwrap_or_else(|| queue.attributes.delay()),
        })
    }

    fn send(&self, store: &Store, queue: &Queue) -> Result<Map<String, Value>, SqsError> {
        let (id, now) = (make_request_id(), store.now());
        let visible = now.saturating_add(self.delay.saturating_mul(1_000));
        let sql = "INSERT INTO messages (queue, message_id, body, attributes, message_group, sent, visible)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let attributes = self.attributes.map(Value::to_string);
        let values = params![queue.id, id, self.body, attributes, self.group, now, visible];
        store.connection.prepare_cached(sql)?.execute(values)?;
        let mut told = Map::new();
        told.insert("MessageId".to_owned(), json!(id));
        told.insert("MD5OfMessageBody".to_owned(), json!(digest::of_body(self.body)));
        if let Some(digest) = self.attributes.and_then(digest::of_attributes) {
            told.insert("MD5OfMessageAttributes".to_owned(), json!(digest));
        }
        Ok(told)
    }
}

/// What XML 1.0 allows.
const fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}
