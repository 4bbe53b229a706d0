//! Calling AWS: how long a call may take, what is tried again, and what AWS said when it did not do what was asked.

mod connections;
mod patience;
mod retry;

pub(crate) use connections::FreshConnections;
pub(crate) use patience::LEAST as LEAST_OF_AN_ATTEMPT;
pub use patience::Patience;
pub(crate) use retry::BusyItems;

use aws_sdk_dynamodb::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

/// A failed call. It keeps the call's name and the error's code and nothing else: the messages of DynamoDB quote keys,
/// and its cancelled transactions carry items.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call} failed: {code}")]
pub struct AwsError {
    call: &'static str,
    code: String,
    transient: bool,
}

/// Codes after which the same call may succeed a little later.
const TRANSIENT: [&str; 14] = [
    "DependencyTimeoutException",
    "InternalServerError",
    "ItemCollectionSizeLimitExceededException",
    "KMSInternalException",
    "KeyUnavailableException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingError",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ReplicatedWriteConflictException",
];

impl AwsError {
    /// Reads what the SDK reports of `call`.
    pub fn of<E: ProvideErrorMetadata>(
        call: &'static str,
        error: &SdkError<E, HttpResponse>,
    ) -> Self {
        let (code, transient) = match error {
            SdkError::ServiceError(service) => {
                let code = service.err().code().unwrap_or("unknown");
                (
                    code.to_owned(),
                    TRANSIENT.contains(&code) || service.raw().status().is_server_error(),
                )
            }
            SdkError::TimeoutError(_) => ("time-out".to_owned(), true),
            SdkError::DispatchFailure(_) => ("no connection".to_owned(), true),
            SdkError::ResponseError(_) => ("unreadable response".to_owned(), true),
            SdkError::ConstructionFailure(_) => ("request could not be built".to_owned(), false),
            _other => ("unknown".to_owned(), false),
        };
        Self { call, code, transient }
    }

    /// Whether a write was refused by its condition.
    pub(crate) fn is_failed_condition<E: ProvideErrorMetadata>(
        error: &SdkError<E, HttpResponse>,
    ) -> bool {
        error.as_service_error().and_then(E::code) == Some("ConditionalCheckFailedException")
    }

    /// A failure that only a later try can mend.
    pub(crate) fn transient(call: &'static str, code: &str) -> Self {
        Self { call, code: code.to_owned(), transient: true }
    }

    /// An answer that is not what the call promises.
    pub(crate) fn unexpected(call: &'static str, what: &'static str) -> Self {
        Self { call, code: what.to_owned(), transient: false }
    }

    /// Which call it was, spelled as a policy spells it.
    pub const fn call(&self) -> &'static str {
        self.call
    }

    /// What AWS said, or that it said nothing.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether the same call may succeed a little later.
    pub const fn is_transient(&self) -> bool {
        self.transient
    }
}
