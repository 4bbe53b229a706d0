//! What is remembered of a request with an idempotency key.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Scope, Timestamp, UserId},
    store::keys,
    vault::Fingerprint,
};

/// That a request with an idempotency key was carried out, and on whom. Holds digests and ids only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// What the key is called.
    pub name: Fingerprint,
    /// What stands for the request.
    pub request: Fingerprint,
    /// The user it made or was about.
    pub user: UserId,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

/// The stored form of an [`IdempotencyRecord`].
#[derive(Serialize, Deserialize)]
pub(in crate::store) struct IdempotencyItem {
    pk: String,
    sk: String,
    request: String,
    user: String,
    ttl: i64,
}

impl IdempotencyItem {
    pub(in crate::store) fn of(scope: &Scope, record: &IdempotencyRecord) -> Self {
        let keys::Key { pk, sk } = keys::idempotency(scope, &record.name);
        let ttl = record.expires_at.unix_seconds();
        Self {
            pk,
            sk,
            request: record.request.as_str().to_owned(),
            user: record.user.to_hex(),
            ttl,
        }
    }

    pub(in crate::store) fn into_record(self, name: &Fingerprint) -> Option<IdempotencyRecord> {
        Some(IdempotencyRecord {
            name: name.clone(),
            request: Fingerprint::from_stored(self.request),
            user: UserId::parse_hex(&self.user).ok()?,
            expires_at: Timestamp::from_unix_millis(self.ttl.saturating_mul(1000)),
        })
    }
}
