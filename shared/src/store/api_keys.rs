//! API keys: who may come in.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

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
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was withdrawn.
    pub revoked_at: Option<Timestamp>,
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
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    revoked_at: Option<i64>,
}

impl ApiKeyItem {
    /// `None` where anything is not as it was written: an unreadable key opens nothing.
    fn into_record(self, id: &str) -> Option<ApiKeyRecord> {
        Some(ApiKeyRecord {
            id: id.to_owned(),
            secret_sha256: self.secret_sha256.into_vec().try_into().ok()?,
            scope: Scope {
                tenant: TenantId::parse(&self.tenant).ok()?,
                mode: Mode::parse(&self.mode).ok()?,
            },
            role: Role::parse(&self.role)?,
            name: self.name,
            created_at: Timestamp::from_unix_millis(self.created_at),
            expires_at: self.expires_at.map(Timestamp::from_unix_millis),
            revoked_at: self.revoked_at.map(Timestamp::from_unix_millis),
        })
    }
}

impl Store {
    /// Looks a key up.
    pub async fn api_key(&self, id: &str) -> Result<Option<ApiKeyRecord>, AwsError> {
        const CALL: &str = "dynamodb:GetItem";
        let Some(item) = self.get_item(&self.keys_table, &keys::api_key(id)).await? else {
            return Ok(None);
        };
        let record = read::<ApiKeyItem>(CALL, item)?.into_record(id);
        record.map(Some).ok_or_else(|| AwsError::unexpected(CALL, "an unreadable API key"))
    }

    /// Keeps a new key.
    pub async fn put_api_key(&self, record: &ApiKeyRecord) -> Result<(), AwsError> {
        const CALL: &str = "dynamodb:PutItem";
        let keys::Key { pk, sk } = keys::api_key(&record.id);
        let item = ApiKeyItem {
            pk,
            sk,
            secret_sha256: record.secret_sha256.to_vec().into(),
            tenant: record.scope.tenant.as_str().to_owned(),
            mode: record.scope.mode.as_str().to_owned(),
            role: record.role.as_str().to_owned(),
            name: record.name.clone(),
            created_at: record.created_at.unix_millis(),
            expires_at: record.expires_at.map(Timestamp::unix_millis),
            revoked_at: record.revoked_at.map(Timestamp::unix_millis),
        };
        let item = serde_dynamo::to_item(item)
            .map_err(|_| AwsError::unexpected(CALL, "an unwritable API key"))?;
        let call = self.client.put_item().table_name(&self.keys_table).set_item(Some(item));
        let call = call.condition_expression("attribute_not_exists(pk)");
        call.send().await.map(|_| ()).map_err(|error| AwsError::of(CALL, &error))
    }

    /// Withdraws a key. Withdrawing one that is not there changes nothing and answers `false`.
    pub async fn revoke_api_key(&self, id: &str, at: Timestamp) -> Result<bool, AwsError> {
        let call = self.client.update_item().table_name(&self.keys_table);
        let call = call.set_key(Some(keys::api_key(id).attributes()));
        let call = call.update_expression("SET revoked_at = if_not_exists(revoked_at, :at)");
        let call = call
            .expression_attribute_values(":at", AttributeValue::N(at.unix_millis().to_string()));
        match call.condition_expression("attribute_exists(pk)").send().await {
            Ok(_) => Ok(true),
            Err(error) if AwsError::is_failed_condition(&error) => Ok(false),
            Err(error) => Err(AwsError::of("dynamodb:UpdateItem", &error)),
        }
    }
}
