//! What becomes of a message that was received: it is deleted, or hidden for another time.

use rusqlite::{OptionalExtension as _, params};
use serde_json::{Value, json};

use super::{
    attributes::VISIBILITY,
    error::{Kind, SqsError},
    queue::{self, Queue},
    request::Request,
    store::Store,
};

pub(super) fn delete(store: &Store, asked: Request<'_>) -> Result<Value, SqsError> {
    delete_entry(store, &queue::find(store, asked)?, asked)?;
    Ok(json!({}))
}

pub(super) fn change_visibility(store: &Store, asked: Request<'_>) -> Result<Value, SqsError> {
    change_entry(store, &queue::find(store, asked)?, asked)?;
    Ok(json!({}))
}

/// Only the last receipt deletes; an older one deletes nothing, and is told no such thing.
pub(super) fn delete_entry(
    store: &Store,
    queue: &Queue,
    entry: Request<'_>,
) -> Result<(), SqsError> {
    let (id, receipt) = receipt(entry)?;
    let sql = "DELETE FROM messages WHERE id = ?1 AND queue = ?2 AND receipt = ?3";
    store.connection.prepare_cached(sql)?.execute(params![id, queue.id, receipt])?;
    Ok(())
}

/// Hides a message in flight for so many seconds from now on, though not beyond twelve hours from its receipt.
pub(super) fn change_entry(
    store: &Store,
    queue: &Queue,
    entry: Request<'_>,
) -> Result<(), SqsError> {
    let (id, receipt) = receipt(entry)?;
    let hidden = entry.number("VisibilityTimeout", &VISIBILITY)?.ok_or_else(|| {
        SqsError::new(
            Kind::MissingParameter,
            "The request must contain the parameter VisibilityTimeout.",
        )
    })?;
    let now = store.now();
    let sql = "SELECT last_received FROM messages
        WHERE id = ?1 AND queue = ?2 AND receipt = ?3 AND visible > ?4";
    let mut statement = store.connection.prepare_cached(sql)?;
    let found = statement.query_row(params![id, queue.id, receipt, now], |row| row.get(0));
    let received: i64 = found.optional()?.ok_or_else(|| {
        SqsError::invalid(format!(
            "Value {receipt} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not \
             available for visibility timeout change."
        ))
    })?;
    let visible = now.saturating_add(hidden.saturating_mul(1_000));
    if visible.saturating_sub(received) > VISIBILITY.end().saturating_mul(1_000) {
        return Err(SqsError::invalid(format!(
            "Value {hidden} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the \
             message is beyond the limit [43200 seconds]."
        )));
    }
    let sql = "UPDATE messages SET visible = ?2 WHERE id = ?1";
    store.connection.prepare_cached(sql)?.execute([id, visible])?;
    Ok(())
}

/// A receipt with the number of its message.
fn receipt(entry: Request<'_>) -> Result<(i64, &str), SqsError> {
    let receipt = entry.text("ReceiptHandle")?;
    let id = receipt.split_once('.').and_then(|(id, _)| id.parse().ok());
    let id = id.ok_or_else(|| {
        SqsError::new(
            Kind::ReceiptHandleIsInvalid,
            format!("The input receipt handle \"{receipt}\" is not a valid receipt handle."),
        )
    })?;
    Ok((id, receipt))
}
