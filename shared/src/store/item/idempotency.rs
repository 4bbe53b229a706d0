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
    /// What it made or was about.
    pub subject: Subject,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

/// What a request made or was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A user.
    User(UserId),
    /// An API key, by its public part.
    ApiKey(String),
}

impl From<UserId> for Subject {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

impl Subject {
    /// The user that it is.
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::User(id) => Some(*id),
            Self::ApiKey(_) => None,
        }
    }

    /// The API key that it is.
    pub fn api_key(&self) -> Option<&str> {
        match self {
            Self::ApiKey(id) => Some(id),
            Self::User(_) => None,
        }
    }
}

/// The stored form of an [`IdempotencyRecord`].
#[derive(Serialize, Deserialize)]
pub(in crate::store) struct IdempotencyItem {
    pk: String,
    sk: String,
    request: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    api_key: Option<String>,
    ttl: i64,
}

impl IdempotencyItem {
    pub(in crate::store) fn of(scope: &Scope, record: &IdempotencyRecord) -> Self {
        let keys::Key { pk, sk } = keys::idempotency(scope, &record.name);
        Self {
            pk,
            sk,
            request: record.request.as_str().to_owned(),
            user: record.subject.user().map(UserId::to_hex),
            api_key: record.subject.api_key().map(str::to_owned),
            ttl: record.expires_at.unix_seconds(),
        }
    }

    pub(in crate::store) fn into_record(self, name: &Fingerprint) -> Option<IdempotencyRecord> {
        let user = self.user.map(|user| UserId::parse_hex(&user).map(Subject::User)).transpose();
        let subject = user.ok()?.or_else(|| self.api_key.map(Subject::ApiKey))?;
        Some(IdempotencyRecord {
            name: name.clone(),
            request: Fingerprint::from_stored(self.request),
            subject,
            expires_at: Timestamp::from_unix_millis(self.ttl.saturating_mul(1000)),
        })
    }
}
