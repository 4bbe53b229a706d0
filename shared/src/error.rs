//! What a use case can answer instead of a result. Knows no HTTP: how an error looks on the wire is decided once, in
//! [`crate::http::problem`], and in each API's own shape.

use std::time::Duration;

use crate::{
    auth::{Denied, KeySetUnavailable, Unauthenticated},
    aws::AwsError,
    deadline::Passed,
    domain::Timestamp,
    vault::VaultError,
};

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One thing that is wrong with a request: where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)) into the body, or the name of a header or
    /// parameter.
    pub place: Place,
    /// A sentence without any of the caller's values.
    pub detail: String,
}

/// Where a fault is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the body, at a JSON pointer.
    Body(String),
    /// In a header.
    Header(&'static str),
    /// In a query parameter.
    Query(&'static str),
}

/// When to come back, and what was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// How many requests a minute are allowed.
    pub limit: u32,
    /// When the next one is.
    pub reset_at: Timestamp,
    /// How long until then: at least a second.
    pub retry_after: Duration,
}

/// Why a body is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the body is not JSON: {reason}")]
pub struct MalformedJson {
    /// What is wrong, without any of the body.
    pub reason: String,
}

/// Why an API key cannot be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyConflict {
    /// It is the last lasting owner key of its tenant and mode.
    #[error("the last owner key")]
    LastOwner,
    /// It was replaced or withdrawn, or has expired.
    #[error("the key is not active")]
    NotActive,
}

/// Every way in which a request can fail.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body is not JSON.
    #[error(transparent)]
    Malformed(#[from] MalformedJson),
    /// The request is well-formed and wrong.
    #[error("the request is invalid in {} places", .0.len())]
    Invalid(Vec<Fault>),
    /// The body is too large.
    #[error("the body is too large")]
    TooLarge,
    /// The event is no request, or its body is not what it says it is.
    #[error("the request cannot be read")]
    Unreadable,
    /// There is more to answer than an answer can hold.
    #[error("the answer is too large")]
    AnswerTooLarge,
    /// The body is not of the type that is understood.
    #[error("the media type is not supported")]
    UnsupportedMediaType,
    /// The path has other methods.
    #[error("the method is not allowed")]
    MethodNotAllowed {
        /// The one that was tried.
        method: String,
        /// Those that it has, for the `Allow` header.
        allow: String,
    },
    /// Nobody known is calling.
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such thing for this caller.
    #[error("not found")]
    NotFound,
    /// The external id belongs to somebody else.
    #[error("the external id is taken")]
    ExternalIdTaken,
    /// The e-mail address belongs to somebody else.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// `If-Match` names another version.
    #[error("the precondition failed")]
    PreconditionFailed,
    /// The idempotency key came with another request before.
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    /// The same things are being changed by others, again and again.
    #[error("contended")]
    Contended,
    /// An API key cannot be changed so.
    #[error(transparent)]
    ApiKey(#[from] ApiKeyConflict),
    /// Too many requests.
    #[error("throttled")]
    Throttled(Throttled),
    /// Time ran out before everything was done. What was done stays done; the same request goes on from there.
    #[error("unfinished")]
    Unfinished,
    /// Time ran out before the answer was known. What was asked for may have been done or not.
    #[error(transparent)]
    TimedOut(#[from] Passed),
    /// A sealed value does not open, or a key is missing.
    #[error(transparent)]
    Vault(VaultError),
    /// An issuer's keys cannot be had, so that its tokens cannot be checked.
    #[error(transparent)]
    KeySet(#[from] KeySetUnavailable),
    /// A table did not do what was asked.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The code has a fault.
    #[error("panicked")]
    Panicked,
}

impl From<VaultError> for Error {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Aws(error) => Self::Aws(AwsError::clone(&error)),
            VaultError::Integrity | VaultError::NoKey(_) | VaultError::Random => Self::Vault(error),
        }
    }
}

/// Faults, collected so that a caller sees all of them at once: the first hundred, for a body has room for so many that
/// the answer would pass Lambda's limit of 6 MB.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    const MAX: usize = 100;

    /// Notes a fault in the body, where a JSON pointer says.
    pub fn body(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        if self.0.len() < Self::MAX {
            self.0.push(Fault { place: Place::Body(pointer.into()), detail: detail.into() });
        }
    }

    /// Refuses the request if there is any.
    pub fn check(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }

    /// Whether there is none yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Error {
    /// A single fault in a header.
    pub fn header(name: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault { place: Place::Header(name), detail: detail.into() }])
    }

    /// A single fault in a query parameter.
    pub fn query(name: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault { place: Place::Query(name), detail: detail.into() }])
    }

    /// A single fault in the body.
    pub fn body(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault { place: Place::Body(pointer.into()), detail: detail.into() }])
    }
}
