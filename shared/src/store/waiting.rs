//! Deliveries that wait outside the queue: until a time, or in the line of a destination whose breaker is open.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use serde::Deserialize;

use super::{
    Store,
    destinations::{number, text},
    health::condition_met,
    keys,
    users::read,
};
use crate::{
    aws::AwsError,
    domain::{Delivery, DestinationId, Scope, Timestamp},
};

const QUERY: &str = "dynamodb:Query";
const INDEX: &str = "by_due";

/// How long a delivery that waits is kept behind the time at which it is given up, should nobody have come for it.
const GRACE: time::Duration = time::Duration::days(2);

/// How far a delivery is that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// How many attempts were made.
    pub attempts: u32,
    /// When its first turn was.
    pub since: Timestamp,
}

/// Where a delivery waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Until this time.
    Due(Timestamp),
    /// Until its destination answers again.
    Alive,
}

/// What the index of what is due shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// A delivery.
    Delivery(Spot),
    /// A destination for which something may wait.
    Destination(Scope, DestinationId),
}

/// A delivery, and where it was seen waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The delivery.
    pub delivery: Delivery,
    /// When it is due; in a line, when it is given up.
    pub due: Timestamp,
    place: String,
}

#[derive(Deserialize)]
struct Row {
    pk: String,
    sk: String,
    due_in: String,
    due: i64,
}

impl Delivery {
    /// Reads the key of a delivery that waits, as the table's stream shows it.
    pub fn waiting_at(pk: &str, sk: &str) -> Option<Self> {
        keys::waiting_delivery(pk, sk)
    }
}

impl Store {
    /// The partitions of what is due, to be asked one after the other.
    pub fn due_partitions() -> impl Iterator<Item = u8> {
        0..keys::DUE_SHARDS
    }

    /// Lets a delivery wait. It is kept when this returns.
    pub async fn wait(
        &self,
        delivery: &Delivery,
        waiting: Waiting,
        until: Until,
    ) -> Result<(), AwsError> {
        let given_up = waiting.since.plus(Delivery::PATIENCE);
        let (place, due) = match until {
            Until::Due(at) => (keys::due_shard(delivery.destination), at),
            Until::Alive => (keys::line_of(delivery), given_up),
        };
        let put = self.client.put_item().table_name(&self.users_table);
        let put = put.set_item(Some(keys::waiting(delivery).attributes()));
        let put = put.item("due_in", text(&place)).item("due", number(due.unix_millis()));
        let put = put.item("attempts", number(waiting.attempts));
        let put = put.item("since", number(waiting.since.unix_millis()));
        let put = put.item("ttl", number(given_up.max(due).plus(GRACE).unix_seconds()));
        let answer = put.send().await;
        answer.map(drop).map_err(|error| AwsError::of("dynamodb:PutItem", &error))
    }

    /// How far a delivery is that waits.
    pub async fn waiting(&self, delivery: &Delivery) -> Result<Option<Waiting>, AwsError> {
        let item = self.get_item(&self.users_table, &keys::waiting(delivery)).await?;
        item.map(waiting).transpose()
    }

    /// Lets go of a delivery that need not wait any longer.
    pub async fn waited(&self, delivery: &Delivery) -> Result<(), AwsError> {
        self.delete_item(&self.users_table, &keys::waiting(delivery)).await
    }

    /// What of one partition is due at `now`, the longest overdue first.
    pub async fn due(
        &self,
        partition: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Due>, AwsError> {
        let rows = self.rows(&keys::due_partition(partition), Some(now), limit).await?;
        rows.into_iter()
            .map(|row| match spot(&row) {
                Some(spot) => Ok(Due::Delivery(spot)),
                None => match keys::destination_of(&row.pk).filter(|_| row.sk == keys::HEALTH) {
                    Some((scope, id)) => Ok(Due::Destination(scope, id)),
                    None => Err(AwsError::unexpected(QUERY, "an unreadable key")),
                },
            })
            .collect()
    }

    /// The head of the line that waits for a destination: those first that are given up first.
    pub async fn line(
        &self,
        scope: &Scope,
        id: DestinationId,
        limit: usize,
    ) -> Result<Vec<Spot>, AwsError> {
        let shards: Vec<_> = (0..keys::LINE_SHARDS).map(|it| keys::line(scope, id, it)).collect();
        let rows = try_join_all(shards.iter().map(|shard| self.rows(shard, None, limit))).await?;
        let mut line: Vec<_> = rows.iter().flatten().filter_map(spot).collect();
        line.sort_by_key(|spot| spot.due);
        line.truncate(limit);
        Ok(line)
    }

    async fn rows(
        &self,
        partition: &str,
        until: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Row>, AwsError> {
        let query = self.client.query().table_name(&self.users_table).index_name(INDEX);
        let query = query.expression_attribute_values(":partition", text(partition));
        let query = match until {
            None => query.key_condition_expression("due_in = :partition"),
            Some(at) => query
                .key_condition_expression("due_in = :partition AND due <= :at")
                .expression_attribute_values(":at", number(at.unix_millis())),
        };
        let answer = query.limit(i32::try_from(limit).unwrap_or(i32::MAX)).send().await;
        let items = answer.map_err(|error| AwsError::of(QUERY, &error))?.items;
        items.unwrap_or_default().into_iter().map(|item| read(QUERY, item)).collect()
    }

    /// Notes that a delivery is in the queue: should it not come out of it until then, it is due again. `false` where it was
    /// not waiting any more as it was seen, because somebody was quicker.
    pub async fn lend(&self, spot: &Spot, until: Timestamp) -> Result<bool, AwsError> {
        let update = self.client.update_item().table_name(&self.users_table);
        let update = update.set_key(Some(keys::waiting(&spot.delivery).attributes()));
        let update = update.update_expression("SET due_in = :due_in, due = :until");
        let update = update.condition_expression("due_in = :seen_in AND due = :seen");
        let shard = keys::due_shard(spot.delivery.destination);
        let update = update.expression_attribute_values(":due_in", text(&shard));
        let update = update.expression_attribute_values(":until", number(until.unix_millis()));
        let update = update.expression_attribute_values(":seen_in", text(&spot.place));
        let update = update.expression_attribute_values(":seen", number(spot.due.unix_millis()));
        condition_met(update).await
    }
}

/// `None` where it is no delivery.
fn spot(row: &Row) -> Option<Spot> {
    let delivery = keys::waiting_delivery(&row.pk, &row.sk)?;
    let due = Timestamp::from_unix_millis(row.due);
    Some(Spot { delivery, due, place: row.due_in.clone() })
}

pub(super) fn waiting(item: HashMap<String, AttributeValue>) -> Result<Waiting, AwsError> {
    #[derive(Deserialize)]
    struct WaitingItem {
        attempts: u32,
        since: i64,
    }
    let WaitingItem { attempts, since } = read("dynamodb:GetItem", item)?;
    Ok(Waiting { attempts, since: Timestamp::from_unix_millis(since) })
}
