//! Issuers of access tokens: whose word is taken, and for what.

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Delete, Put, TransactWriteItem},
};
use serde::{Deserialize, Serialize};

use super::{Store, keys, users::read};
use crate::{
    aws::AwsError,
    domain::{Mode, Scope, TenantId, Timestamp},
};

/// An issuer as it is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// The `iss` of its tokens.
    pub name: String,
    /// Whose data its tokens reach.
    pub scope: Scope,
    /// What its tokens must be meant for: their `aud`, or one of it.
    pub audience: String,
    /// Where its public keys are.
    pub keys: KeySource,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// Where the public keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// At an HTTPS URL.
    Url(String),
    /// Here: the text of a JSON Web Key Set.
    Inline(String),
}

#[derive(Serialize, Deserialize)]
struct IssuerItem {
    pk: String,
    sk: String,
    tenant: String,
    mode: String,
    audience: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    jwks_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    jwks: Option<String>,
    created_at: i64,
}

impl IssuerItem {
    /// `None` where anything is not as it was written: an unreadable issuer vouches for nobody.
    fn into_issuer(self, name: &str) -> Option<Issuer> {
        Some(Issuer {
            name: name.to_owned(),
            scope: Scope {
                tenant: TenantId::parse(&self.tenant).ok()?,
                mode: Mode::parse(&self.mode).ok()?,
            },
            audience: self.audience,
            keys: match (self.jwks_url, self.jwks) {
                (Some(url), None) => KeySource::Url(url),
                (None, Some(text)) => KeySource::Inline(text),
                (Some(_), Some(_)) | (None, None) => return None,
            },
            created_at: Timestamp::from_unix_millis(self.created_at),
        })
    }
}

const TRANSACTION: &str = "dynamodb:TransactWriteItems";

impl Store {
    /// Looks an issuer up.
    pub async fn issuer(&self, name: &str) -> Result<Option<Issuer>, AwsError> {
        const CALL: &str = "dynamodb:GetItem";
        let Some(item) = self.get_item(&self.keys_table, &keys::issuer(name)).await? else {
            return Ok(None);
        };
        let issuer = read::<IssuerItem>(CALL, item)?.into_issuer(name);
        issuer.map(Some).ok_or_else(|| AwsError::unexpected(CALL, "an unreadable issuer"))
    }

    /// The issuers of a tenant and mode, by name.
    pub async fn issuers(&self, scope: &Scope) -> Result<Vec<Issuer>, AwsError> {
        const CALL: &str = "dynamodb:Query";
        let query = self.client.query().table_name(&self.keys_table).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk");
        let query = query
            .expression_attribute_values(":pk", AttributeValue::S(keys::issuer_entries(scope)));
        let mut pages = query.into_paginator().items().send();
        let mut issuers = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| AwsError::of(CALL, &error))?;
            let name = item.get("sk").and_then(|sk| sk.as_s().ok());
            let name = name.ok_or_else(|| AwsError::unexpected(CALL, "an unreadable entry"))?;
            issuers.extend(self.issuer(name).await?);
        }
        Ok(issuers)
    }

    /// Keeps an issuer, in place of one of the same name, tenant and mode. `false` where the name is another's.
    pub(crate) async fn put_issuer(&self, issuer: &Issuer) -> Result<bool, AwsError> {
        let keys::Key { pk, sk } = keys::issuer(&issuer.name);
        let (jwks_url, jwks) = match issuer.keys.clone() {
            KeySource::Url(url) => (Some(url), None),
            KeySource::Inline(text) => (None, Some(text)),
        };
        let (tenant, mode) = (issuer.scope.tenant.as_str(), issuer.scope.mode.as_str());
        let item = IssuerItem {
            pk,
            sk,
            tenant: tenant.to_owned(),
            mode: mode.to_owned(),
            audience: issuer.audience.clone(),
            jwks_url,
            jwks,
            created_at: issuer.created_at.unix_millis(),
        };
        let item = serde_dynamo::to_item(item)
            .map_err(|_| AwsError::unexpected(TRANSACTION, "an unwritable issuer"))?;
        let own = "attribute_not_exists(pk) OR (tenant = :tenant AND #mode = :mode)";
        let put = Put::builder().table_name(&self.keys_table).set_item(Some(item));
        let put = put.condition_expression(own).expression_attribute_names("#mode", "mode");
        let put = put
            .expression_attribute_values(":tenant", AttributeValue::S(tenant.to_owned()))
            .expression_attribute_values(":mode", AttributeValue::S(mode.to_owned()));
        let entry = keys::issuer_entry(&issuer.scope, &issuer.name).attributes();
        let entry = Put::builder().table_name(&self.keys_table).set_item(Some(entry));
        let parts = [put, entry]
            .map(|put| put.build().map(|put| TransactWriteItem::builder().put(put).build()));
        self.both(parts).await
    }

    /// Takes an issuer back. `false` where there is none of that name, tenant and mode. Functions that know it go on
    /// trusting it for a minute at most.
    pub async fn delete_issuer(&self, scope: &Scope, name: &str) -> Result<bool, AwsError> {
        let (tenant, mode) = (scope.tenant.as_str(), scope.mode.as_str());
        let delete = Delete::builder().table_name(&self.keys_table);
        let delete = delete.set_key(Some(keys::issuer(name).attributes()));
        let delete = delete.condition_expression("tenant = :tenant AND #mode = :mode");
        let delete = delete.expression_attribute_names("#mode", "mode");
        let delete = delete
            .expression_attribute_values(":tenant", AttributeValue::S(tenant.to_owned()))
            .expression_attribute_values(":mode", AttributeValue::S(mode.to_owned()));
        let entry = keys::issuer_entry(scope, name).attributes();
        let entry = Delete::builder().table_name(&self.keys_table).set_key(Some(entry));
        let parts = [delete, entry].map(|delete| {
            delete.build().map(|delete| TransactWriteItem::builder().delete(delete).build())
        });
        self.both(parts).await
    }

    /// An issuer and its entry in the list, together; `false` where the condition on the issuer does not hold.
    async fn both<E>(&self, parts: [Result<TransactWriteItem, E>; 2]) -> Result<bool, AwsError> {
        let parts = parts.into_iter().collect::<Result<Vec<_>, _>>();
        let parts =
            parts.map_err(|_| AwsError::unexpected(TRANSACTION, "an incomplete request"))?;
        let call = self.client.transact_write_items().set_transact_items(Some(parts));
        let Err(error) = call.send().await else { return Ok(true) };
        let refused = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled
                .cancellation_reasons()
                .iter()
                .any(|reason| reason.code() == Some("ConditionalCheckFailed")),
            Some(_) | None => false,
        };
        if refused { Ok(false) } else { Err(AwsError::of(TRANSACTION, &error)) }
    }
}
