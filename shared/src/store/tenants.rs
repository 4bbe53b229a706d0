//! The register of tenants: for operators, never on the path of a request.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;

use super::{Store, keys, users::read};
use crate::{
    aws::AwsError,
    domain::{TenantId, Timestamp},
};

#[derive(Deserialize)]
struct TenantItem {
    sk: String,
    created_at: i64,
}

impl TenantItem {
    fn into_tenant(self) -> Option<(TenantId, Timestamp)> {
        Some((TenantId::parse(&self.sk).ok()?, Timestamp::from_unix_millis(self.created_at)))
    }
}

impl Store {
    /// Enters a tenant into the register, unless it is in it.
    pub async fn register_tenant(&self, tenant: &TenantId) -> Result<(), AwsError> {
        let put = self.client.put_item().table_name(&self.keys_table);
        let put = put.set_item(Some(keys::tenant(tenant).attributes()));
        let now = AttributeValue::N(self.clock.now().unix_millis().to_string());
        let put = put.item("created_at", now);
        match put.condition_expression("attribute_not_exists(pk)").send().await {
            Ok(_) => Ok(()),
            Err(error) if AwsError::is_failed_condition(&error) => Ok(()),
            Err(error) => Err(AwsError::of("dynamodb:PutItem", &error)),
        }
    }

    /// All tenants and since when they are there, by name.
    pub async fn tenants(&self) -> Result<Vec<(TenantId, Timestamp)>, AwsError> {
        const CALL: &str = "dynamodb:Query";
        let query = self.client.query().table_name(&self.keys_table).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk");
        let partition = AttributeValue::S(keys::TENANTS.to_owned());
        let query = query.expression_attribute_values(":pk", partition);
        let mut items = query.into_paginator().items().send();
        let mut tenants = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| AwsError::of(CALL, &error))?;
            let tenant = read::<TenantItem>(CALL, item)?.into_tenant();
            tenants.push(tenant.ok_or_else(|| AwsError::unexpected(CALL, "an unreadable tenant"))?);
        }
        Ok(tenants)
    }
}
