//! Operations on queues.

use rusqlite::{OptionalExtension as _, Row, params};
use serde_json::{Value, json};

use super::{
    attributes::Attributes,
    error::{Kind, SqsError},
    request::Request,
    store::Store,
};
use crate::local::mock_server::REGION;

/// Whose queues they are.
const ACCOUNT: &str = "123456789012";

/// A queue.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) attributes: Attributes,
    created: i64,
    changed: i64,
}

impl Queue {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let attributes: String = row.get(2)?;
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            attributes: Attributes(serde_json::from_str(&attributes).unwrap_or_default()),
            created: row.get(3)?,
            changed: row.get(4)?,
        })
    }

    pub(super) fn arn(&self) -> String {
        format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", self.name)
    }

    fn url(&self) -> String {
        format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{}", self.name)
    }
}

/// The queue of this name, if there is one.
pub(super) fn named(store: &Store, name: &str) -> Result<Option<Queue>, SqsError> {
    let sql = "SELECT id, name, attributes, created, changed FROM queues WHERE name = ?1";
    let mut statement = store.connection.prepare_cached(sql)?;
    Ok(statement.query_row([name], Queue::read).optional()?)
}

/// The queue that a request names by its URL.
pub(super) fn find(store: &Store, asked: Request<'_>) -> Result<Queue, SqsError> {
    let url = asked.text("QueueUrl")?;
    existing(store, url.rsplit('/').next().unwrap_or_default())
}

fn existing(store: &Store, name: &str) -> Result<Queue, SqsError> {
    let missing = || SqsError::new(Kind::QueueDoesNotExist, "The specified queue does not exist.");
    named(store, name)?.ok_or_else(missing)
}

pub(super) fn create(store: &Store, asked: Request<'_>) -> Result<Value, SqsError> {
    let name = asked.text("QueueName")?;
    let fits = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    if name.is_empty() || name.len() > 80 || !name.chars().all(fits) {
        return Err(SqsError::invalid(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        ));
    }
    if let Some(queue) = named(store, name)? {
        // Asking for the same queue again is no mistake.
        queue.attributes.clone().with(asked)?;
        return Ok(json!({ "QueueUrl": queue.url() }));
    }
    let attributes = json!(Attributes::default().with(asked)?.0).to_string();
    let sql = "INSERT INTO queues (name, attributes, created, changed) VALUES (?1, ?2, ?3, ?3)";
    store.connection.prepare_cached(sql)?.execute(params![name, attributes, store.now()])?;
    Ok(json!({ "QueueUrl": existing(store, name)?.url() }))
}

pub(super) fn url(store: &Store, asked: Request<'_>) -> Result<Value, SqsError> {
    Ok(json!({ "QueueUrl": existing(store, asked.text("QueueName")?)?.url() }))
}

pub(super) fn list(store: &Store, asked: Request<'_>) -> Result<Value, SqsError> {
    let prefix = asked.text("QueueNamePrefix").unwrap_or_default();
    let sql = "SELECT id, name, attributes, created, changed FROM queues ORDER BY name";
    let mut statement = store.connection.prepare_cached(sql)?;
    let queues = statement.query_map([], Queue::read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let urls = queues.iter().filter(|it| it.name.starts_with(prefix)).map(Queue::url);
    Ok(json!({ "QueueUrls": urls.collect::<Vec<_>>() }))
}

pub(super) fn delete(store: &Store, asked: Request<'_>) -> Result<Value, SqsError> {
    let queue = find(store, asked)?;
    store.connection.execute("DELETE FROM messages WHERE queue = ?1", [queue.id])?;
    store.connection.execute("DELETE FROM queues WHERE id = ?1", [queue.id])?;
    Ok(json!({}))
}

pub(super) fn purge(store: &Store, asked: Request<'_>) -> Result<Value, SqsError> {
    let queue = find(store, asked)?;
    store.connection.execute("DELETE FROM messages WHERE queue = ?1", [queue.id])?;
    Ok(json!({}))
}

pub(super) fn set_attributes(store: &Store, asked: Request<'_>) -> Result<Value, SqsError> {
    let queue = find(store, asked)?;
    let attributes = json!(queue.attributes.with(asked)?.0).to_string();
    let sql = "UPDATE queues SET attributes = ?2, changed = ?3 WHERE id = ?1";
    store.connection.execute(sql, params![queue.id, attributes, store.now()])?;
    Ok(json!({}))
}

pub(super) fn attributes(store: &Store, asked: Request<'_>) -> Result<Value, SqsError> {
    let queue = find(store, asked)?;
    let now = store.now();
    let count = |which: &str| -> Result<String, SqsError> {
        let sql = format!("SELECT count(*) FROM messages WHERE queue = ?1 AND {which}");
        let mut statement = store.connection.prepare_cached(&sql)?;
        let count: i64 = statement.query_row(params![queue.id, now], |row| row.get(0))?;
        Ok(count.to_string())
    };
    let mut all = queue.attributes.all();
    for (name, value) in [
        ("ApproximateNumberOfMessages", count("visible <= ?2")?),
        ("ApproximateNumberOfMessagesNotVisible", count("visible > ?2 AND received > 0")?),
        ("ApproximateNumberOfMessagesDelayed", count("visible > ?2 AND received = 0")?),
        ("CreatedTimestamp", queue.created.div_euclid(1_000).to_string()),
        ("LastModifiedTimestamp", queue.changed.div_euclid(1_000).to_string()),
        ("QueueArn", queue.arn()),
    ] {
        all.insert(name.to_owned(), value);
    }
    let names = asked.texts("AttributeNames");
    if !names.contains(&"All") {
        all.retain(|name, _| names.contains(&name.as_str()));
    }
    Ok(json!({ "Attributes": all }))
}

/// Removes what queues have kept for as long as they do.
pub(super) fn remove_expired(store: &Store) -> Result<(), SqsError> {
    let sql = "SELECT id, name, attributes, created, changed FROM queues";
    let mut statement = store.connection.prepare_cached(sql)?;
    let queues = statement.query_map([], Queue::read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    for queue in queues {
        let oldest = store.now().saturating_sub(queue.attributes.retention().saturating_mul(1_000));
        let sql = "DELETE FROM messages WHERE queue = ?1 AND sent < ?2";
        store.connection.prepare_cached(sql)?.execute([queue.id, oldest])?;
    }
    Ok(())
}
