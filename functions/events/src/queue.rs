//! The queue of deliveries.

use aws_config::SdkConfig;
use aws_sdk_sqs::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::{QueueAttributeName, SendMessageBatchRequestEntry},
};
use shared::aws::Patience;

use crate::message::Message;

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

    /// Puts messages into the queue, in their order. All, or an error: then some may be in it. The queue is fair: each
    /// message names whose it is.
    pub async fn send(&self, messages: &[Message]) -> Result<(), QueueError> {
        const CALL: &str = "sqs:SendMessage";
        for batch in messages.chunks(BATCH) {
            let entry = |(place, message): (usize, &Message)| {
                let entry = SendMessageBatchRequestEntry::builder().id(place.to_string());
                entry.message_body(message.to_text()).message_group_id(message.group()).build()
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

    /// How many messages are in the queue: to be received, received, and delayed. SQS counts them roughly.
    pub async fn load(&self) -> Result<usize, QueueError> {
        const COUNTS: [QueueAttributeName; 3] = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        const CALL: &str = "sqs:GetQueueAttributes";
        let call = self.client.get_queue_attributes().queue_url(&self.url);
        let call = call.set_attribute_names(Some(COUNTS.into())).send().await;
        let attributes = call.map_err(|error| QueueError::of(CALL, &error))?.attributes;
        let attributes = attributes.unwrap_or_default();
        let counts: Option<Vec<usize>> =
            COUNTS.iter().map(|name| attributes.get(name)?.parse().ok()).collect();
        let unknown = || QueueError { call: CALL, code: "no counts".to_owned() };
        Ok(counts.ok_or_else(unknown)?.into_iter().fold(0, usize::saturating_add))
    }
}
