//! What was attempted: written after each batch, kept for fourteen days, listed by destination.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Store, keys, users::read};
use crate::{
    aws::AwsError,
    domain::{Delivery, DestinationId, Scope, Timestamp, UserId},
};

const QUERY: &str = "dynamodb:Query";
const WRITE: &str = "dynamodb:BatchWriteItem";

/// How long attempts and dead letters are kept.
pub(super) const KEPT: time::Duration = time::Duration::days(14);

/// One attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What was to be delivered.
    pub delivery: Delivery,
    /// When it was made.
    pub at: Timestamp,
    /// Which one it was: 1 for the first.
    pub number: u32,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// How long it took until the answer, or until there was none.
    pub took: Duration,
    /// What came of it, in a word or two.
    pub result: String,
}

#[derive(Serialize, Deserialize)]
struct AttemptItem {
    pk: String,
    sk: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    user: Option<String>,
    number: u32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    status: Option<u16>,
    took_ms: u64,
    result: String,
    ttl: i64,
}

impl Store {
    /// Keeps attempts for a while.
    pub async fn keep_attempts(&self, attempts: &[Attempt]) -> Result<(), AwsError> {
        const MOST: usize = 25;
        const TRIES: usize = 3;
        // Two attempts of one delivery in one millisecond would be one item, which a batch must not name twice.
        let by_key: HashMap<_, _> =
            attempts.iter().map(|it| (keys::attempt(&it.delivery, it.at), it)).collect();
        let items: Vec<_> = by_key.into_iter().collect();
        for some in items.chunks(MOST) {
            let puts = some.iter().map(|(key, attempt)| put(key, attempt));
            let puts = puts.collect::<Result<Vec<_>, _>>()?;
            let mut pending = HashMap::from([(self.users_table.clone(), puts)]);
            for _try in 0..TRIES {
                let write = self.client.batch_write_item().set_request_items(Some(pending));
                let answer = write.send().await.map_err(|error| AwsError::of(WRITE, &error))?;
                pending = answer.unprocessed_items.unwrap_or_default();
                if pending.is_empty() {
                    break;
                }
            }
            if !pending.is_empty() {
                return Err(AwsError::transient(WRITE, "unprocessed items"));
            }
        }
        Ok(())
    }

    /// A page of the attempts for a destination, those of the newest events first, from behind the one with this event and
    /// time; and whether there are more.
    pub async fn attempts(
        &self,
        scope: &Scope,
        destination: DestinationId,
        after: Option<(Uuid, Timestamp)>,
        limit: usize,
    ) -> Result<(Vec<Attempt>, bool), AwsError> {
        let start = after.map(|(event, at)| {
            let delivery = Delivery { scope: scope.clone(), destination, event, user: None };
            keys::attempt(&delivery, at).attributes()
        });
        let prefix = keys::ATTEMPT_PREFIX.to_owned();
        let (items, more) = self.of_destination(scope, destination, prefix, start, limit).await?;
        let attempts = items.into_iter().map(|item| attempt(scope, destination, item));
        Ok((attempts.collect::<Result<_, _>>()?, more))
    }

    /// The latest attempt to deliver one event to a destination, while attempts are kept.
    pub async fn latest_attempt(
        &self,
        scope: &Scope,
        destination: DestinationId,
        event: Uuid,
    ) -> Result<Option<Attempt>, AwsError> {
        let prefix = format!("{}{event}#", keys::ATTEMPT_PREFIX);
        let (items, _more) = self.of_destination(scope, destination, prefix, None, 1).await?;
        items.into_iter().next().map(|item| attempt(scope, destination, item)).transpose()
    }

    /// A page of what lies in the partition of a destination, the greatest sort key first.
    pub(super) async fn of_destination(
        &self,
        scope: &Scope,
        destination: DestinationId,
        prefix: String,
        start: Option<HashMap<String, AttributeValue>>,
        limit: usize,
    ) -> Result<(Vec<HashMap<String, AttributeValue>>, bool), AwsError> {
        let query = self.client.query().table_name(&self.users_table).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :prefix)");
        let partition = keys::of_destination(scope, destination);
        let query = query.expression_attribute_values(":pk", AttributeValue::S(partition));
        let query = query.expression_attribute_values(":prefix", AttributeValue::S(prefix));
        let query = query.scan_index_forward(false).set_exclusive_start_key(start);
        // One more than wanted tells whether there are more.
        let query = query.limit(i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX));
        let answer = query.send().await.map_err(|error| AwsError::of(QUERY, &error))?;
        let mut items = answer.items.unwrap_or_default();
        let more = items.len() > limit;
        items.truncate(limit);
        // Time to live is late; what is over is gone all the same.
        let now = self.clock.now().unix_seconds();
        let expiry = |item: &HashMap<String, AttributeValue>| {
            item.get("ttl").and_then(|ttl| ttl.as_n().ok()).and_then(|ttl| ttl.parse::<i64>().ok())
        };
        items.retain(|item| expiry(item).is_none_or(|ttl| ttl > now));
        Ok((items, more))
    }
}

fn put(key: &keys::Key, attempt: &Attempt) -> Result<WriteRequest, AwsError> {
    let item = AttemptItem {
        pk: key.pk.clone(),
        sk: key.sk.clone(),
        user: attempt.delivery.user.map(UserId::to_hex),
        number: attempt.number,
        status: attempt.status,
        took_ms: u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX),
        result: attempt.result.clone(),
        ttl: attempt.at.plus(KEPT).unix_seconds(),
    };
    let unwritable = || AwsError::unexpected(WRITE, "an unwritable item");
    let item = serde_dynamo::to_item(item).map_err(|_| unwritable())?;
    let put = PutRequest::builder().set_item(Some(item)).build().map_err(|_| unwritable())?;
    Ok(WriteRequest::builder().put_request(put).build())
}

fn attempt(
    scope: &Scope,
    destination: DestinationId,
    item: HashMap<String, AttributeValue>,
) -> Result<Attempt, AwsError> {
    let item: AttemptItem = read(QUERY, item)?;
    let parse = || {
        let (event, at) = item.sk.strip_prefix(keys::ATTEMPT_PREFIX)?.split_once('#')?;
        let user = item.user.as_deref().map(UserId::parse_hex).transpose().ok()?;
        let delivery =
            Delivery { scope: scope.clone(), destination, event: event.parse().ok()?, user };
        Some((delivery, Timestamp::from_unix_millis(at.parse().ok()?)))
    };
    let (delivery, at) =
        parse().ok_or_else(|| AwsError::unexpected(QUERY, "an unreadable attempt"))?;
    let took = Duration::from_millis(item.took_ms);
    Ok(Attempt {
        delivery,
        at,
        number: item.number,
        status: item.status,
        took,
        result: item.result,
    })
}
