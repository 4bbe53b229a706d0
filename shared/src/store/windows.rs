//! The windows of the rate limiter.

use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use serde::{Deserialize, Serialize};

use super::{Store, keys, users::read};
use crate::{
    aws::AwsError,
    domain::{Scope, Timestamp},
    limits::Traffic,
};

/// Permits that an instance took together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Random.
    pub id: u64,
    /// How many.
    pub permits: u32,
    /// The last moment at which one can have been used, in milliseconds since the epoch.
    pub until: i64,
}

/// The blocks of one key that may still count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WindowRecord {
    /// Counts the writes.
    pub version: u64,
    /// The blocks.
    pub blocks: Vec<Block>,
}

#[derive(Serialize, Deserialize)]
struct WindowItem {
    pk: String,
    sk: String,
    version: u64,
    blocks: Vec<Block>,
    ttl: i64,
}

/// How long an idle window is kept, in seconds: longer than any block counts.
const KEPT_SECONDS: i64 = 300;

impl Store {
    /// Writes `next` in place of `known`, or answers what stands there instead.
    pub async fn put_window(
        &self,
        scope: &Scope,
        actor: &str,
        traffic: Traffic,
        known: &WindowRecord,
        next: &WindowRecord,
    ) -> Result<Result<(), WindowRecord>, AwsError> {
        const CALL: &str = "dynamodb:PutItem";
        let keys::Key { pk, sk } = keys::window(scope, actor, traffic);
        let ttl = Timestamp::now().unix_seconds().saturating_add(KEPT_SECONDS);
        let item = WindowItem { pk, sk, version: next.version, blocks: next.blocks.clone(), ttl };
        let item = serde_dynamo::to_item(item);
        let item = item.map_err(|_| AwsError::unexpected(CALL, "an unwritable window"))?;
        let put = self.client.put_item().table_name(&self.users_table).set_item(Some(item));
        let put = if known.version == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            let version = AttributeValue::N(known.version.to_string());
            let put = put.condition_expression("#version = :version");
            let put = put.expression_attribute_names("#version", "version");
            put.expression_attribute_values(":version", version)
        };
        let all_old = ReturnValuesOnConditionCheckFailure::AllOld;
        let put = put.return_values_on_condition_check_failure(all_old).send().await;
        let Err(error) = put else { return Ok(Ok(())) };
        if !AwsError::is_failed_condition(&error) {
            return Err(AwsError::of(CALL, &error));
        }
        let newer = if let PutItemError::ConditionalCheckFailedException(refused) =
            error.into_service_error()
        {
            refused.item
        } else {
            None
        };
        // None: it was there when it was read, and TTL has taken it since.
        let Some(newer) = newer else { return Ok(Err(WindowRecord::default())) };
        let WindowItem { version, blocks, .. } = read(CALL, newer)?;
        Ok(Err(WindowRecord { version, blocks }))
    }
}
