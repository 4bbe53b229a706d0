//! Requests that take effect once, however often they are sent.

use time::Duration;

use crate::{
    domain::{Timestamp, UserId},
    error::{Error, Result},
    http::IdempotencyKey,
    store::IdempotencyRecord,
    vault::{Fingerprint, IndexKey},
};

/// How long a repeated request is recognised.
const REMEMBERED: Duration = Duration::hours(24);

/// A request with an idempotency key: what it is recognised by.
#[derive(Debug, Clone)]
pub struct Once {
    /// The operation; the same key means something else in another one.
    pub operation: &'static str,
    /// The key.
    pub key: IdempotencyKey,
    /// The path.
    pub path: String,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// An answer, and whether it is that of an earlier, equal request.
#[derive(Debug, Clone)]
pub struct Answered<T> {
    /// The answer.
    pub answer: T,
    /// Whether nothing was done this time.
    pub replayed: bool,
}

impl Once {
    /// What the key is called in the tables.
    pub(super) fn name(&self, index: &IndexKey) -> Fingerprint {
        index.idempotency_key(self.operation, self.key.as_str())
    }

    /// What is to be remembered of the request.
    pub(super) fn record(
        &self,
        index: &IndexKey,
        user: UserId,
        now: Timestamp,
    ) -> IdempotencyRecord {
        IdempotencyRecord {
            name: self.name(index),
            request: self.fingerprint(index),
            user,
            expires_at: now.plus(REMEMBERED),
        }
    }

    /// Refuses a request that is another one under the same key.
    pub(super) fn check(&self, index: &IndexKey, earlier: &IdempotencyRecord) -> Result<()> {
        let same = self.fingerprint(index) == earlier.request;
        if same { Ok(()) } else { Err(Error::IdempotencyKeyReused) }
    }

    fn fingerprint(&self, index: &IndexKey) -> Fingerprint {
        index.request(&self.path, &self.body)
    }
}
