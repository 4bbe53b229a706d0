//! Branch keys and index keys, wrapped.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use serde::Deserialize;
use serde_bytes::ByteBuf;

use super::{Store, keys, users::read};
use crate::{
    aws::AwsError,
    domain::Scope,
    vault::{Purpose, WrappedKey},
};

#[derive(Deserialize)]
struct WrappedKeyItem {
    version: u32,
    ciphertext: ByteBuf,
}

impl From<WrappedKeyItem> for WrappedKey {
    fn from(item: WrappedKeyItem) -> Self {
        Self { version: item.version, ciphertext: item.ciphertext.into_vec() }
    }
}

impl Store {
    /// The newest version of a key.
    pub async fn latest_wrapped_key(
        &self,
        scope: &Scope,
        purpose: Purpose,
    ) -> Result<Option<WrappedKey>, AwsError> {
        const CALL: &str = "dynamodb:Query";
        let call =
            self.client.query().table_name(&self.keys_table).key_condition_expression("pk = :pk");
        let call = call.expression_attribute_values(
            ":pk",
            AttributeValue::S(keys::wrapped_keys(scope, purpose)),
        );
        let call = call.scan_index_forward(false).limit(1).consistent_read(true);
        let answer = call.send().await.map_err(|error| AwsError::of(CALL, &error))?;
        let item = answer.items.unwrap_or_default().pop();
        item.map(|item| read::<WrappedKeyItem>(CALL, item).map(Into::into)).transpose()
    }

    /// One version of a key.
    pub async fn wrapped_key(
        &self,
        scope: &Scope,
        purpose: Purpose,
        version: u32,
    ) -> Result<Option<WrappedKey>, AwsError> {
        let item =
            self.get_item(&self.keys_table, &keys::wrapped_key(scope, purpose, version)).await?;
        item.map(|item| read::<WrappedKeyItem>("dynamodb:GetItem", item).map(Into::into))
            .transpose()
    }

    /// Keeps a key, unless that version exists already.
    pub async fn put_wrapped_key(
        &self,
        scope: &Scope,
        purpose: Purpose,
        key: &WrappedKey,
    ) -> Result<(), AwsError> {
        let call = self.client.put_item().table_name(&self.keys_table);
        let call = call.set_item(Some(keys::wrapped_key(scope, purpose, key.version).attributes()));
        let call = call.item("version", AttributeValue::N(key.version.to_string()));
        let call = call.item("ciphertext", AttributeValue::B(Blob::new(key.ciphertext.clone())));
        match call.condition_expression("attribute_not_exists(pk)").send().await {
            Ok(_) => Ok(()),
            Err(error) if AwsError::is_failed_condition(&error) => Ok(()),
            Err(error) => Err(AwsError::of("dynamodb:PutItem", &error)),
        }
    }
}
