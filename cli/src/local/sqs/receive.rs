//! Receiving.

use std::collections::BTreeMap;

use rusqlite::{Row, params};
use serde_json::{Map, Value, json};

use super::{
    attributes::{VISIBILITY, WAIT},
    digest,
    error::SqsError,
    pick::pick,
    queue::{self, Queue},
    request::Request,
    store::Store,
};
use crate::local::gateway::make_request_id;

/// How many seconds a receive waits for messages.
pub(super) fn wait(store: &Store, asked: Request<'_>) -> Result<Value, SqsError> {
    let queue = queue::find(store, asked)?;
    let wait = asked.number("WaitTimeSeconds", &WAIT)?;
    Ok(json!(wait.unwrap_or_else(|| queue.attributes.wait())))
}

/// Hands messages out and hides them. One that was received too often goes to the queue for dead letters instead.
pub(super) fn receive(store: &Store, asked: Request<'_>) -> Result<Value, SqsError> {
    let queue = queue::find(store, asked)?;
    let most = asked.number("MaxNumberOfMessages", &(1..=10))?.unwrap_or(1);
    let most = usize::try_from(most).unwrap_or(1);
    let hidden = asked.number("VisibilityTimeout", &VISIBILITY)?;
    let hidden = hidden.unwrap_or_else(|| queue.attributes.visibility()).saturating_mul(1_000);
    let redrive = match queue.attributes.redrive() {
        Some(redrive) => queue::named(store, &redrive.target)?.map(|it| (it, redrive.max_receives)),
        None => None,
    };
    let now = store.now();
    let mut messages: Vec<Value> = Vec::new();
    while messages.len() < most {
        let picked = pick(store, &queue, most.saturating_sub(messages.len()), now)?;
        let mut moved = false;
        for id in picked {
            let mut message = Message::read(store, id)?;
            if let Some((target, max_receives)) = &redrive
                && message.received >= *max_receives
            {
                bury(store, id, &queue, target, now)?;
                moved = true;
                continue;
            }
            let receipt = format!("{id}.{}", make_request_id());
            message.received = message.received.saturating_add(1);
            message.first_received = message.first_received.or(Some(now));
            let sql = "UPDATE messages SET visible = ?2, received = ?3, first_received = ?4,
                last_received = ?5, receipt = ?6 WHERE id = ?1";
            let visible = now.saturating_add(hidden);
            let Message { received, first_received, .. } = message;
            let values = params![id, visible, received, first_received, now, receipt];
            store.connection.prepare_cached(sql)?.execute(values)?;
            messages.push(message.spell(asked, &receipt));
        }
        // In the place of those that were moved, others may be received.
        if !moved {
            break;
        }
    }
    Ok(if messages.is_empty() { json!({}) } else { json!({ "Messages": messages }) })
}

fn bury(store: &Store, id: i64, queue: &Queue, target: &Queue, now: i64) -> Result<(), SqsError> {
    let sql =
        "UPDATE messages SET queue = ?2, visible = ?3, receipt = NULL, source = ?4 WHERE id = ?1";
    store.connection.prepare_cached(sql)?.execute(params![id, target.id, now, queue.arn()])?;
    Ok(())
}

struct Message {
    id: String,
    body: String,
    attributes: Option<Value>,
    group: String,
    sent: i64,
    received: i64,
    first_received: Option<i64>,
    source: Option<String>,
}

impl Message {
    fn read(store: &Store, id: i64) -> Result<Self, SqsError> {
        let sql = "SELECT message_id, body, attributes, message_group, sent, received, first_received, source
            FROM messages WHERE id = ?1";
        let read = |row: &Row<'_>| {
            let attributes: Option<String> = row.get(2)?;
            Ok(Self {
                id: row.get(0)?,
                body: row.get(1)?,
                attributes: attributes.and_then(|text| serde_json::from_str(&text).ok()),
                group: row.get(3)?,
                sent: row.get(4)?,
                received: row.get(5)?,
                first_received: row.get(6)?,
                source: row.get(7)?,
            })
        };
        Ok(store.connection.prepare_cached(sql)?.query_row([id], read)?)
    }

    fn spell(&self, asked: Request<'_>, receipt: &str) -> Value {
        let mut message = json!({
            "MessageId": self.id, "ReceiptHandle": receipt, "Body": self.body,
            "MD5OfBody": digest::of_body(&self.body),
        });
        let Some(members) = message.as_object_mut() else { return message };
        let system = self.system_attributes(asked);
        if !system.is_empty() {
            members.insert("Attributes".to_owned(), json!(system));
        }
        let own = Value::Object(self.own_attributes(asked));
        if let Some(digest) = digest::of_attributes(&own) {
            members.insert("MessageAttributes".to_owned(), own);
            members.insert("MD5OfMessageAttributes".to_owned(), json!(digest));
        }
        message
    }

    fn system_attributes(&self, asked: Request<'_>) -> BTreeMap<&'static str, String> {
        let mut all = BTreeMap::from([
            ("ApproximateReceiveCount", self.received.to_string()),
            ("SenderId", "LOCAL".to_owned()),
            ("SentTimestamp", self.sent.to_string()),
        ]);
        if let Some(at) = self.first_received {
            all.insert("ApproximateFirstReceiveTimestamp", at.to_string());
        }
        if let Some(source) = &self.source {
            all.insert("DeadLetterQueueSourceArn", source.clone());
        }
        if !self.group.is_empty() {
            all.insert("MessageGroupId", self.group.clone());
        }
        let mut names = asked.texts("MessageSystemAttributeNames");
        names.extend(asked.texts("AttributeNames"));
        if !names.contains(&"All") {
            all.retain(|name, _| names.contains(name));
        }
        all
    }

    fn own_attributes(&self, asked: Request<'_>) -> Map<String, Value> {
        let names = asked.texts("MessageAttributeNames");
        let wanted = |name: &str| {
            names.iter().any(|wanted| match wanted.strip_suffix(".*") {
                Some(prefix) => name.starts_with(prefix),
                None => *wanted == "All" || *wanted == name,
            })
        };
        let all = self.attributes.as_ref().and_then(Value::as_object).into_iter().flatten();
        let all = all.filter(|(name, _)| wanted(name));
        all.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}
