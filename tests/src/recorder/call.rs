//! One recorded call.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use serde_json::Value;

use super::FaultKind;

/// Counts the calls of all recorders of the process, so that calls of several can be put in one order.
static ARRIVALS: AtomicU64 = AtomicU64::new(1);

/// The service a call was meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// Amazon DynamoDB.
    DynamoDb,
    /// Amazon DynamoDB Streams.
    DynamoDbStreams,
    /// AWS KMS.
    Kms,
    /// Amazon SQS.
    Sqs,
    /// Anything else, by the prefix of its `x-amz-target`.
    Other(String),
}

/// A call that the recorder has finished with.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its place in the order of arrival, over all recorders of the process.
    pub sequence: u64,
    /// The service, from `x-amz-target`.
    pub service: Service,
    /// The operation, from `x-amz-target`: `GetItem`.
    pub operation: String,
    /// The request as the code under test sent it; null where it was not JSON.
    pub request: Value,
    /// The status that the caller was given; `None` where the connection was closed without an answer.
    pub status: Option<u16>,
    /// What the server answered, also where the caller was never told; null where there was no answer.
    pub response: Value,
    /// The fault that struck this call.
    pub fault: Option<FaultKind>,
    /// When the whole request had arrived.
    pub started: Instant,
    /// When the answer was handed over, or the fault struck.
    pub ended: Instant,
}

impl Service {
    /// The service and the operation in an `x-amz-target` header.
    pub(super) fn of_target(target: &str) -> (Self, String) {
        let (prefix, operation) = target.split_once('.').unwrap_or(("", target));
        let service = match prefix {
            "DynamoDB_20120810" => Self::DynamoDb,
            "DynamoDBStreams_20120810" => Self::DynamoDbStreams,
            "TrentService" => Self::Kms,
            "AmazonSQS" => Self::Sqs,
            other => Self::Other(other.to_owned()),
        };
        (service, operation.to_owned())
    }
}

impl Call {
    /// Whether it is about the window of a caller, which the rate limiter reads and writes.
    pub fn is_of_the_limiter(&self) -> bool {
        self.request["Key"]["sk"]["S"] == "R"
    }

    /// A call whose request has just arrived.
    pub(super) fn arrived(target: &str, request: Value) -> Self {
        let (service, operation) = Service::of_target(target);
        let sequence = ARRIVALS.fetch_add(1, Ordering::SeqCst);
        let now = Instant::now();
        let response = Value::Null;
        Self {
            sequence,
            service,
            operation,
            request,
            status: None,
            response,
            fault: None,
            started: now,
            ended: now,
        }
    }

    /// Whether the caller was told that it worked.
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// A moment in the order of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(u64);

impl Mark {
    /// Now: every call so far is before it.
    pub(super) fn now() -> Self {
        Self(ARRIVALS.load(Ordering::SeqCst))
    }

    /// Whether the call arrived after this mark was made.
    pub(super) fn precedes(self, call: &Call) -> bool {
        self.0 <= call.sequence
    }
}
