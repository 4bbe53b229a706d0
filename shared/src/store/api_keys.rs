//! API keys: who may come in.

mod register;
mod transaction;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use time::Duration;

pub use register::ApiKeyPage;
pub use transaction::{ApiKeyTransaction, Refused};

use super::{Store, keys, users::read};
use crate::{
    auth::Role,
    aws::AwsError,
    domain::{Mode, Scope, TenantId, Timestamp},
    vault::Digest,
};

/// An API key as it is stored: everything but the secret, of which only the SHA-256 is kept. The secret has 256 random
/// bits, so there is nothing to guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// The public part of the key.
    pub id: String,
    /// SHA-256 of the secret part.
    pub secret_sha256: Digest,
    /// Whose data it opens.
    pub scope: Scope,
    /// What it may do.
    pub role: Role,
    /// What its owner calls it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was withdrawn.
    pub revoked_at: Option<Timestamp>,
    /// Who withdrew it.
    pub revoked_by: Option<String>,
    /// The key that it was made in place of.
    pub replaces: Option<String>,
    /// The key that was made in its place.
    pub replaced_by: Option<String>,
}

/// What the actors begin with that are API keys.
pub(super) const KEY_ACTOR: &str = "key:";

pub(super) fn key_actor(id: &str) -> String {
    format!("{KEY_ACTOR}{id}")
}

impl ApiKeyRecord {
    /// How long a key that has ended is still shown: long enough to say whose an actor in the log was.
    pub const KEPT: Duration = Duration::days(90);

    /// How events and logs name whoever holds it: `key:` and its id.
    pub fn actor(&self) -> String {
        key_actor(&self.id)
    }

    /// When it ends, as far as is known.
    pub fn ends_at(&self) -> Option<Timestamp> {
        [self.expires_at, self.revoked_at].into_iter().flatten().min()
    }

    /// Whether it opens anything at `now`.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.ends_at().is_none_or(|end| now < end)
    }

    /// Whether it has ended so long before `now` that nobody is told of it any more.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.ends_at().is_some_and(|end| end.plus(Self::KEPT) <= now)
    }

    /// Whether it lets an owner in for as long as nobody withdraws it. One that ends by itself does not.
    pub fn is_lasting_owner(&self) -> bool {
        self.role == Role::Owner && self.ends_at().is_none()
    }

    /// When DynamoDB may remove it.
    fn ttl(&self) -> Option<i64> {
        self.ends_at().map(|end| end.plus(Self::KEPT).unix_seconds())
    }
}

#[derive(Serialize, Deserialize)]
struct ApiKeyItem {
    pk: String,
    sk: String,
    secret_sha256: ByteBuf,
    tenant: String,
    mode: String,
    role: String,
    name: String,
    created_at: i64,
    #[serde(default)]
    created_by: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    revoked_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    revoked_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    replaces: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    replaced_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ttl: Option<i64>,
}

impl ApiKeyItem {
    fn of(record: &ApiKeyRecord) -> Self {
        let keys::Key { pk, sk } = keys::api_key(&record.id);
        Self {
            pk,
            sk,
            secret_sha256: record.secret_sha256.to_vec().into(),
            tenant: record.scope.tenant.as_str().to_owned(),
            mode: record.scope.mode.as_str().to_owned(),
            role: record.role.as_str().to_owned(),
            name: record.name.clone(),
            created_at: record.created_at.unix_millis(),
            created_by: record.created_by.clone(),
            expires_at: record.expires_at.map(Timestamp::unix_millis),
            revoked_at: record.revoked_at.map(Timestamp::unix_millis),
            revoked_by: record.revoked_by.clone(),
            replaces: record.replaces.clone(),
            replaced_by: record.replaced_by.clone(),
            ttl: record.ttl(),
        }
    }

    /// `None` where anything is not as it was written: an unreadable key opens nothing.
    fn into_record(self) -> Option<ApiKeyRecord> {
        Some(ApiKeyRecord {
            id: keys::api_key_id(&self.pk)?.to_owned(),
            secret_sha256: self.secret_sha256.into_vec().try_into().ok()?,
            scope: Scope {
                tenant: TenantId::parse(&self.tenant).ok()?,
                mode: Mode::parse(&self.mode).ok()?,
            },
            role: Role::parse(&self.role)?,
            name: self.name,
            created_at: Timestamp::from_unix_millis(self.created_at),
            created_by: self.created_by,
            expires_at: self.expires_at.map(Timestamp::from_unix_millis),
            revoked_at: self.revoked_at.map(Timestamp::from_unix_millis),
            revoked_by: self.revoked_by,
            replaces: self.replaces,
            replaced_by: self.replaced_by,
        })
    }
}

type Item = std::collections::HashMap<String, AttributeValue>;

fn record(call: &'static str, item: Item) -> Result<ApiKeyRecord, AwsError> {
    let record = read::<ApiKeyItem>(call, item)?.into_record();
    record.ok_or_else(|| AwsError::unexpected(call, "an unreadable API key"))
}

impl Store {
    /// Looks a key up.
    pub async fn api_key(&self, id: &str) -> Result<Option<ApiKeyRecord>, AwsError> {
        let item = self.get_item(&self.keys_table, &keys::api_key(id)).await?;
        item.map(|item| record("dynamodb:GetItem", item)).transpose()
    }
}
