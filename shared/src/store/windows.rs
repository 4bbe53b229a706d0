//! The windows of the rate limiter.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use serde::{Deserialize, Serialize};

use super::{
    Store,
    api_keys::{KEY_ACTOR, key_actor},
    keys,
    users::read,
};
use crate::{
    aws::AwsError,
    domain::{Scope, Timestamp},
    limits::{Traffic, WINDOW_MS},
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
    /// When the last block of it stops counting, in milliseconds since the epoch.
    #[serde(default)]
    counts_until: i64,
    /// When it was written, in milliseconds since the epoch: when the caller was last here.
    #[serde(default)]
    used_at: i64,
    ttl: i64,
}

/// How long an idle window is kept, in seconds: longer than any block counts.
const KEPT_SECONDS: i64 = 300;

/// The same for the window of an API key, which also tells when the key was last used: 400 days.
const KEY_KEPT_SECONDS: i64 = 400 * 86_400;

impl Store {
    /// Writes `next` in place of `known`, or answers what stands there instead. A window that no longer counts is as good
    /// as none.
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
        let now = self.clock.now();
        let kept = if actor.starts_with(KEY_ACTOR) { KEY_KEPT_SECONDS } else { KEPT_SECONDS };
        let ends = next.blocks.iter().map(|block| block.until.saturating_add(WINDOW_MS));
        let item = WindowItem {
            pk,
            sk,
            version: next.version,
            blocks: next.blocks.clone(),
            counts_until: ends.max().unwrap_or_default(),
            used_at: now.unix_millis(),
            ttl: now.unix_seconds().saturating_add(kept),
        };
        let item = serde_dynamo::to_item(item);
        let item = item.map_err(|_| AwsError::unexpected(CALL, "an unwritable window"))?;
        let put = self.client.put_item().table_name(&self.users_table).set_item(Some(item));
        let put = if known.version == 0 {
            let now = AttributeValue::N(now.unix_millis().to_string());
            put.condition_expression("attribute_not_exists(pk) OR counts_until <= :now")
                .expression_attribute_values(":now", now)
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

    /// When each of some API keys, at most fifty, was last used: what the window was last written for. A window is written
    /// once for a block of permits, so that this costs no call of its own.
    pub(super) async fn last_used(
        &self,
        scope: &Scope,
        ids: &[&str],
    ) -> Result<HashMap<String, Timestamp>, AwsError> {
        #[derive(Deserialize)]
        struct Used {
            pk: String,
            used_at: i64,
        }
        let windows = ids.iter().flat_map(|id| {
            let actor = key_actor(id);
            let of = |traffic| (keys::window(scope, &actor, traffic), (*id).to_owned());
            [of(Traffic::Read), of(Traffic::Write)]
        });
        let (wanted, owners): (Vec<_>, Vec<_>) = windows.unzip();
        let owners: HashMap<_, _> = wanted.iter().map(|key| key.pk.clone()).zip(owners).collect();
        let found = self.batch_get(HashMap::from([(self.users_table.clone(), wanted)])).await?;
        let mut used = HashMap::new();
        for item in found.into_values().flatten() {
            let Used { pk, used_at } = read("dynamodb:BatchGetItem", item)?;
            if let Some(id) = owners.get(&pk) {
                let at = Timestamp::from_unix_millis(used_at);
                let last = used.entry(id.clone()).or_insert(at);
                *last = at.max(*last);
            }
        }
        Ok(used)
    }
}
