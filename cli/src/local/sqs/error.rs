//! What SQS refuses, in its own words.

use axum::http::HeaderValue;
use serde_json::{Value, json};
use winterbaume_core::MockResponse;

use crate::local::error::chain;

/// The name of an error, as the JSON protocol has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InternalFailure,
    InvalidAttributeName,
    InvalidBatchEntryId,
    InvalidMessageContents,
    InvalidParameterValue,
    MissingParameter,
    QueueDoesNotExist,
    ReceiptHandleIsInvalid,
    TooManyEntriesInBatchRequest,
    UnsupportedOperation,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::BatchEntryIdsNotDistinct => "BatchEntryIdsNotDistinct",
            Self::BatchRequestTooLong => "BatchRequestTooLong",
            Self::EmptyBatchRequest => "EmptyBatchRequest",
            Self::InternalFailure => "InternalFailure",
            Self::InvalidAttributeName => "InvalidAttributeName",
            Self::InvalidBatchEntryId => "InvalidBatchEntryId",
            Self::InvalidMessageContents => "InvalidMessageContents",
            Self::InvalidParameterValue => "InvalidParameterValue",
            Self::MissingParameter => "MissingParameter",
            Self::QueueDoesNotExist => "QueueDoesNotExist",
            Self::ReceiptHandleIsInvalid => "ReceiptHandleIsInvalid",
            Self::TooManyEntriesInBatchRequest => "TooManyEntriesInBatchRequest",
            Self::UnsupportedOperation => "UnsupportedOperation",
        }
    }

    /// The name of the older query protocol, which SDKs still show.
    const fn query(self) -> &'static str {
        match self {
            Self::QueueDoesNotExist => "AWS.SimpleQueueService.NonExistentQueue",
            Self::BatchEntryIdsNotDistinct => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            Self::BatchRequestTooLong => "AWS.SimpleQueueService.BatchRequestTooLong",
            Self::EmptyBatchRequest => "AWS.SimpleQueueService.EmptyBatchRequest",
            Self::InvalidBatchEntryId => "AWS.SimpleQueueService.InvalidBatchEntryId",
            Self::TooManyEntriesInBatchRequest => {
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"
            }
            Self::UnsupportedOperation => "AWS.SimpleQueueService.UnsupportedOperation",
            Self::InternalFailure
            | Self::InvalidAttributeName
            | Self::InvalidMessageContents
            | Self::InvalidParameterValue
            | Self::MissingParameter
            | Self::ReceiptHandleIsInvalid => self.as_str(),
        }
    }
}

/// A request that was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", kind.as_str())]
pub(super) struct SqsError {
    pub(super) kind: Kind,
    pub(super) message: String,
}

impl SqsError {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::InvalidParameterValue, message)
    }

    pub(super) fn is_internal(&self) -> bool {
        self.kind == Kind::InternalFailure
    }

    /// As the outcome of one entry of a batch.
    pub(super) fn entry(&self, id: &str) -> Value {
        json!({
            "Id": id, "Code": self.kind.as_str(), "Message": self.message,
            "SenderFault": !self.is_internal(),
        })
    }

    pub(super) fn into_response(self) -> MockResponse {
        let (status, fault) = if self.is_internal() { (500, "Receiver") } else { (400, "Sender") };
        let body = json!({
            "__type": format!("com.amazonaws.sqs#{}", self.kind.as_str()), "message": self.message,
        });
        let mut response = MockResponse::json(status, body.to_string());
        if let Ok(value) = HeaderValue::from_str(&format!("{};{fault}", self.kind.query())) {
            response.headers.insert("x-amzn-query-error", value);
        }
        response
    }
}

impl From<rusqlite::Error> for SqsError {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(error = chain(&error), "the file of the embedded SQS failed");
        Self::new(Kind::InternalFailure, "The queues' file could not be read or written.")
    }
}
