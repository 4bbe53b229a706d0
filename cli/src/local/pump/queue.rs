//! From a queue to a worker.

use std::error::Error;

use aws_sdk_sqs::{
    Client,
    types::{Message, MessageSystemAttributeName::ApproximateReceiveCount},
};
use serde_json::{Value, json};

use super::{INTERVAL, RECOVERY, Running, Sink};
use crate::local::error::chain;

/// The most messages that one receive may ask for.
const MAX_BATCH: usize = 10;

/// Receives as long as the stack goes on, one batch after the other.
pub(super) async fn pump(
    client: Client,
    name: String,
    batch_size: usize,
    sink: Sink,
    mut running: Running,
) {
    let batch = i32::try_from(batch_size.clamp(1, MAX_BATCH)).unwrap_or(1);
    let mut url = None;
    while !running.is_over() {
        match round(&client, &name, batch, &sink, &mut url).await {
            Ok(true) => {}
            Ok(false) => running.rest(INTERVAL).await,
            Err(error) => {
                tracing::warn!(error = chain(&*error), queue = name, "the queue could not be read");
                running.rest(RECOVERY).await;
            }
        }
    }
}

async fn round(
    client: &Client,
    name: &str,
    batch: i32,
    sink: &Sink,
    known_url: &mut Option<String>,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let url = if let Some(url) = known_url.clone() {
        url
    } else {
        let answer = client.get_queue_url().queue_name(name).send().await?;
        known_url.insert(answer.queue_url.unwrap_or_default()).clone()
    };
    let request = client.receive_message().queue_url(&url).max_number_of_messages(batch);
    let answer = request.message_system_attribute_names(ApproximateReceiveCount).send().await?;
    let messages = answer.messages.unwrap_or_default();
    if messages.is_empty() {
        return Ok(false);
    }
    // A batch that failed as a whole comes back after the queue's own time.
    let records = messages.iter().map(record).collect();
    let Some(failed) = sink.take(records).await else { return Ok(true) };
    for message in messages {
        let stays = message.message_id.as_ref().is_some_and(|id| failed.contains(id));
        if !stays && let Some(receipt) = message.receipt_handle {
            client.delete_message().queue_url(&url).receipt_handle(receipt).send().await?;
        }
    }
    Ok(true)
}

/// A message as Lambda spells it.
fn record(message: &Message) -> Value {
    let received = message.attributes().and_then(|it| it.get(&ApproximateReceiveCount));
    json!({
        "messageId": message.message_id(),
        "receiptHandle": message.receipt_handle(),
        "body": message.body(),
        "attributes": {"ApproximateReceiveCount": received},
        "eventSource": "aws:sqs",
    })
}
