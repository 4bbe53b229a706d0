//! Which operations there are.

use serde_json::{Value, json};

use super::{
    error::{Kind, SqsError},
    queue, receive,
    request::Request,
    send, settle,
    store::Store,
};

/// Not of SQS: how many seconds a receive waits.
pub(super) const WAIT: &str = "(wait)";

/// Carries out one operation. One that is refused has changed nothing.
pub(super) fn perform(store: &Store, operation: &str, asked: &Value) -> Result<Value, SqsError> {
    let asked = Request(asked);
    match operation {
        "CreateQueue" => queue::create(store, asked),
        "GetQueueUrl" => queue::url(store, asked),
        "ListQueues" => queue::list(store, asked),
        "DeleteQueue" => queue::delete(store, asked),
        "PurgeQueue" => queue::purge(store, asked),
        "GetQueueAttributes" => queue::attributes(store, asked),
        "SetQueueAttributes" => queue::set_attributes(store, asked),
        "SendMessage" => send::one(store, asked),
        "SendMessageBatch" => send::batch(store, asked),
        "ReceiveMessage" => receive::receive(store, asked),
        "DeleteMessage" => settle::delete(store, asked),
        "ChangeMessageVisibility" => settle::change_visibility(store, asked),
        "DeleteMessageBatch" => {
            each(asked, |queue, entry| settle::delete_entry(store, queue, entry), store)
        }
        "ChangeMessageVisibilityBatch" => {
            each(asked, |queue, entry| settle::change_entry(store, queue, entry), store)
        }
        WAIT => receive::wait(store, asked),
        other => Err(SqsError::new(
            Kind::UnsupportedOperation,
            format!("The local stack's SQS has no operation {other}."),
        )),
    }
}

/// Carries out the entries of a batch, each by itself.
fn each(
    asked: Request<'_>,
    work: impl Fn(&queue::Queue, Request<'_>) -> Result<(), SqsError>,
    store: &Store,
) -> Result<Value, SqsError> {
    let queue = queue::find(store, asked)?;
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, entry) in asked.entries()? {
        match work(&queue, entry) {
            Ok(()) => successful.push(json!({ "Id": id })),
            Err(error) if error.is_internal() => return Err(error),
            Err(error) => failed.push(error.entry(id)),
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}
