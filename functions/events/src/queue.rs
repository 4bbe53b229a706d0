//! The queue of deliveries.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::SendMessageBatchRequestEntry,
};

use shared::aws::Patience;

use crate::message::Delivery;

/// How many messages one call may send.
const BATCH: usize = 10;

/// A call to the queue that failed. Keeps the call's name and the error's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call} failed: {code}")]
pub struct QueueError {
    call: &'static str,
    code: String,
}

impl QueueError {
    fn of<E: ProvideErrorMetadata, R>(call: &'static str, error: &SdkError<E, R>) -> Self {
        let code = error.as_service_error().and_then(E::code);
        Self { call, code: code.unwrap_or("no answer").to_owned() }
    }
}

/// The queue of one deployment.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue behind a URL.
    pub fn new(sdk: &SdkConfig, url: String) -> Self {
        let client = aws_sdk_sqs::config::Builder::from(sdk).interceptor(Patience).build();
        Self { client: Client::from_conf(client), url }
    }

    /// Puts deliveries into the queue, in their order. All, or an error: then some may be in it.
    pub async fn send(&self, deliveries: &[Delivery]) -> Result<(), QueueError> {
        const CALL: &str = "sqs:SendMessage";
        for batch in deliveries.chunks(BATCH) {
            let entry = |(place, delivery): (usize, &Delivery)| {
                let entry = SendMessageBatchRequestEntry::builder().id(place.to_string());
                entry.message_body(delivery.to_text()).build()
            };
            let entries = batch.iter().enumerate().map(entry).collect::<Result<Vec<_>, _>>();
            let incomplete = |_| QueueError { call: CALL, code: "an incomplete request".into() };
            let call = self.client.send_message_batch().queue_url(&self.url);
            let call = call.set_entries(Some(entries.map_err(incomplete)?));
            let answer = call.send().await.map_err(|error| QueueError::of(CALL, &error))?;
            if let Some(failed) = answer.failed().first() {
                return Err(QueueError { call: CALL, code: failed.code().to_owned() });
            }
        }
        Ok(())
    }

    /// Puts one message of any kind into the queue.
    pub async fn put(&self, text: String) -> Result<(), QueueError> {
        let call = self.client.send_message().queue_url(&self.url).message_body(text);
        let answer = call.send().await;
        answer.map(drop).map_err(|error| QueueError::of("sqs:SendMessage", &error))
    }

    /// Hides a message that was received for so long from now on.
    pub async fn hide(&self, receipt: &str, pause: Duration) -> Result<(), QueueError> {
        let seconds = i32::try_from(pause.as_secs()).unwrap_or(i32::MAX);
        let call = self.client.change_message_visibility().queue_url(&self.url);
        let call = call.receipt_handle(receipt).visibility_timeout(seconds);
        let answer = call.send().await;
        answer.map(drop).map_err(|error| QueueError::of("sqs:ChangeMessageVisibility", &error))
    }
}
