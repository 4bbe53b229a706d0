//! What Lambda tells the destination of a mapping about records that it gave up.

use std::error::Error;

use aws_sdk_sqs::Client;
use serde_json::{Value, json};
use shared::domain::Timestamp;

use super::record;
use crate::local::gateway::make_request_id;

/// Why records were given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// They were tried as often as the mapping allows.
    RetriesExhausted,
    /// They are older than the mapping allows.
    TooOld,
}

impl Condition {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::RetriesExhausted => "RetryAttemptsExhausted",
            Self::TooOld => "RecordAgeExceeded",
        }
    }
}

/// What of a batch was given up, and how it came to that.
#[derive(Debug)]
pub(super) struct GivenUp<'a> {
    pub(super) operation: &'a str,
    pub(super) stream: &'a str,
    pub(super) shard: &'a str,
    pub(super) records: &'a [Value],
    pub(super) condition: Condition,
    pub(super) invocations: usize,
    /// Whether the function failed, and did not say of itself which records did.
    pub(super) function_failed: bool,
}

impl GivenUp<'_> {
    /// Where the records are, and nothing of what is in them. The record itself is kept by the stream for a day.
    fn message(&self) -> Value {
        let number = |it: Option<&Value>| it.map(record::sequence_number).map(str::to_owned);
        let arrival = |it: Option<&Value>| {
            let seconds = it.and_then(record::created_at)?;
            Some(Timestamp::from_unix_millis(seconds.saturating_mul(1_000)).to_seconds_string())
        };
        let (first, last) = (self.records.first(), self.records.last());
        let mut message = json!({
            "requestContext": {
                "requestId": make_request_id(),
                "functionArn": format!("arn:aws:lambda:us-east-1:000000000000:function:{}", self.operation),
                "condition": self.condition.as_str(),
                "approximateInvokeCount": self.invocations,
            },
            "version": "1.0",
            "timestamp": Timestamp::now().to_millis_string(),
            "DDBStreamBatchInfo": {
                "shardId": self.shard,
                "startSequenceNumber": number(first),
                "endSequenceNumber": number(last),
                "approximateArrivalOfFirstRecord": arrival(first),
                "approximateArrivalOfLastRecord": arrival(last),
                "batchSize": self.records.len(),
                "streamArn": self.stream,
            },
        });
        if self.invocations > 0
            && let Some(members) = message.as_object_mut()
        {
            let mut response = json!({"statusCode": 200, "executedVersion": "$LATEST"});
            if let (true, Some(response)) = (self.function_failed, response.as_object_mut()) {
                response.insert("functionError".to_owned(), json!("Unhandled"));
            }
            members.insert("responseContext".to_owned(), response);
        }
        message
    }
}

/// A queue for records that were given up.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    client: Client,
    name: String,
}

impl Destination {
    pub(super) fn new(client: &Client, arn: &str) -> Self {
        let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
        Self { client: client.clone(), name }
    }

    pub(super) async fn tell(
        &self,
        given_up: &GivenUp<'_>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let url = self.client.get_queue_url().queue_name(&self.name).send().await?.queue_url;
        let message = given_up.message().to_string();
        let request = self.client.send_message().set_queue_url(url).message_body(message);
        request.send().await?;
        Ok(())
    }
}
