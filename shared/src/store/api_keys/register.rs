//! The register of a tenant's API keys: how they are listed without a look at anybody else's.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::try_join;
use serde::Deserialize;

use super::{ApiKeyRecord, record};
use crate::{
    aws::AwsError,
    domain::{Scope, Timestamp},
    store::{Store, keys, users::read},
};

/// A stretch of the register, newest first.
#[derive(Debug, Default)]
pub struct ApiKeyPage {
    /// The keys, each with the time of its last use to within the ten seconds that a block of permits is good for: `None`
    /// where it was not used for 400 days. One that DynamoDB has removed is left out.
    pub keys: Vec<(ApiKeyRecord, Option<Timestamp>)>,
    /// The place where the page ended, if there are more behind it.
    pub next: Option<String>,
}

impl Store {
    /// Reads the keys of a tenant and mode behind a place in the register, at most fifty.
    pub async fn api_keys(
        &self,
        scope: &Scope,
        after: Option<&str>,
        limit: usize,
    ) -> Result<ApiKeyPage, AwsError> {
        let mut places = self.places(scope, after, limit.saturating_add(1)).await?;
        let has_more = places.len() > limit;
        places.truncate(limit);
        if places.is_empty() {
            return Ok(ApiKeyPage::default());
        }
        let ids: Vec<_> = places.iter().filter_map(|place| keys::api_key_id(place)).collect();
        let (mut found, used) = try_join!(self.api_keys_by_id(&ids), self.last_used(scope, &ids))?;
        let keys = ids.iter().filter_map(|id| Some((found.remove(*id)?, used.get(*id).copied())));
        Ok(ApiKeyPage { keys: keys.collect(), next: places.pop().filter(|_| has_more) })
    }

    async fn api_keys_by_id(
        &self,
        ids: &[&str],
    ) -> Result<HashMap<String, ApiKeyRecord>, AwsError> {
        let wanted = ids.iter().map(|id| keys::api_key(id)).collect();
        let found = self.batch_get(HashMap::from([(self.keys_table.clone(), wanted)])).await?;
        let found = found.into_values().flatten().map(|item| {
            let record = record("dynamodb:BatchGetItem", item)?;
            Ok((record.id.clone(), record))
        });
        found.collect()
    }

    async fn places(
        &self,
        scope: &Scope,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, AwsError> {
        const CALL: &str = "dynamodb:Query";
        #[derive(Deserialize)]
        struct Entry {
            sk: String,
        }
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let query = self.client.query().table_name(&self.keys_table).consistent_read(true);
        let query = query.expression_attribute_values(":pk", text(&keys::api_key_register(scope)));
        let query = match after {
            None => query.key_condition_expression("pk = :pk"),
            Some(after) => query
                .key_condition_expression("pk = :pk AND sk < :after")
                .expression_attribute_values(":after", text(after)),
        };
        let query = query.scan_index_forward(false).limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let answer = query.send().await.map_err(|error| AwsError::of(CALL, &error))?;
        let items = answer.items.unwrap_or_default().into_iter();
        items.map(|item| Ok(read::<Entry>(CALL, item)?.sk)).collect()
    }
}
