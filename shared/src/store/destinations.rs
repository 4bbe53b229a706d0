//! Webhook destinations.

use std::{collections::HashMap, fmt::Display};

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Delete, Put, TransactWriteItem, Update, builders::UpdateBuilder},
};

use super::{
    Store, StoredDestination, Waiting,
    health::{condition_met, health},
    item::{DestinationItem, EventItem},
    keys,
    users::read,
    waiting::waiting,
};
use crate::{
    aws::AwsError,
    domain::{Delivery, Destination, DestinationId, Event, Health, Scope, Timestamp},
    vault::Fingerprint,
};

const TRANSACTION: &str = "dynamodb:TransactWriteItems";

/// Why nothing was written.
#[derive(Debug)]
pub enum NotWritten {
    /// Another destination of the tenant and mode has the URL.
    UrlTaken,
    /// There are as many destinations as there may be.
    TooMany,
    /// There is no such destination, or not as it was read.
    Stale,
    /// Another transaction was at the same items; the same may go through at once.
    Contended,
    /// The call failed.
    Aws(AwsError),
}

impl From<AwsError> for NotWritten {
    fn from(error: AwsError) -> Self {
        Self::Aws(error)
    }
}

type Item = HashMap<String, AttributeValue>;

/// What a delivery needs: each part where it is there.
#[derive(Debug, Default)]
pub struct Needed {
    /// Where it goes.
    pub destination: Option<StoredDestination>,
    /// How that is doing.
    pub health: Option<Health>,
    /// What it tells of; a test event has none.
    pub event: Option<Event>,
    /// How far it is, if it waited before.
    pub waiting: Option<Waiting>,
}

impl Needed {
    fn of(found: HashMap<String, Vec<Item>>) -> Result<Self, AwsError> {
        const CALL: &str = "dynamodb:BatchGetItem";
        let mut needed = Self::default();
        for item in found.into_values().flatten() {
            let sk = item.get("sk").and_then(|sk| sk.as_s().ok()).map_or("", String::as_str);
            if sk.starts_with(keys::EVENT_PREFIX) {
                needed.event = Some(read::<EventItem>(CALL, item)?.into_event()?);
            } else if sk == keys::HEALTH {
                needed.health = Some(health(item)?);
            } else if sk.starts_with(keys::DESTINATION_PREFIX) {
                needed.destination = Some(stored(item)?);
            } else {
                needed.waiting = Some(waiting(item)?);
            }
        }
        Ok(needed)
    }
}

impl Store {
    /// All destinations, oldest first. There are few: see [`Destination::MAX_PER_SCOPE`].
    pub async fn destinations(&self, scope: &Scope) -> Result<Vec<StoredDestination>, AwsError> {
        const CALL: &str = "dynamodb:Query";
        let query = self.client.query().table_name(&self.users_table).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :prefix)");
        let query = query.expression_attribute_values(":pk", text(&keys::destinations(scope)));
        let query = query.expression_attribute_values(":prefix", text(keys::DESTINATION_PREFIX));
        let answer = query.send().await.map_err(|error| AwsError::of(CALL, &error))?;
        let items = answer.items.unwrap_or_default().into_iter();
        items.map(|item| read::<DestinationItem>(CALL, item)?.into_stored()).collect()
    }

    /// One destination.
    pub async fn destination(
        &self,
        scope: &Scope,
        id: DestinationId,
    ) -> Result<Option<StoredDestination>, AwsError> {
        let item = self.get_item(&self.users_table, &keys::destination(scope, id)).await?;
        item.map(stored).transpose()
    }

    /// One destination and how it is doing, read together.
    pub async fn destination_and_health(
        &self,
        scope: &Scope,
        id: DestinationId,
    ) -> Result<Option<(StoredDestination, Health)>, AwsError> {
        let wanted = vec![keys::destination(scope, id), keys::health(scope, id)];
        let found = self.batch_get(HashMap::from([(self.users_table.clone(), wanted)])).await?;
        let needed = Needed::of(found)?;
        Ok(needed.destination.map(|stored| (stored, needed.health.unwrap_or_default())))
    }

    /// All that a delivery needs, read together.
    pub async fn needed(&self, delivery: &Delivery) -> Result<Needed, AwsError> {
        let Delivery { scope, destination, event, user } = delivery;
        let mut wanted = vec![
            keys::destination(scope, *destination),
            keys::health(scope, *destination),
            keys::waiting(delivery),
        ];
        wanted.extend(user.map(|user| keys::event(scope, user, *event)));
        Needed::of(self.batch_get(HashMap::from([(self.users_table.clone(), wanted)])).await?)
    }

    /// Sends nothing to a destination any more, until its owner enables it again.
    pub async fn disable_destination(
        &self,
        scope: &Scope,
        id: DestinationId,
        now: Timestamp,
    ) -> Result<(), AwsError> {
        let update = self.client.update_item().table_name(&self.users_table);
        let update = update.set_key(Some(keys::destination(scope, id).attributes()));
        let update = update.update_expression("SET enabled = :no, updated_at = :now");
        let update = update.expression_attribute_values(":no", AttributeValue::Bool(false));
        let update = update.expression_attribute_values(":now", number(now.unix_millis()));
        condition_met(update.condition_expression("attribute_exists(pk)")).await.map(drop)
    }

    /// Keeps a new destination and claims its URL, unless there are too many.
    pub async fn insert_destination(
        &self,
        scope: &Scope,
        new: &StoredDestination,
    ) -> Result<(), NotWritten> {
        let item = serde_dynamo::to_item(DestinationItem::of(scope, new));
        let item = item.map_err(|_| AwsError::unexpected(TRANSACTION, "an unwritable item"))?;
        let put = Put::builder().table_name(&self.users_table).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(pk)").build();
        let health = Put::builder().table_name(&self.users_table);
        let health = health.set_item(Some(keys::health(scope, new.destination.id).attributes()));
        let count = self
            .count_destinations(scope)
            .update_expression("SET #count = if_not_exists(#count, :zero) + :one");
        let count = count.condition_expression("attribute_not_exists(#count) OR #count < :max");
        let count = count.expression_attribute_values(":zero", number(0));
        let count = count.expression_attribute_values(":max", number(Destination::MAX_PER_SCOPE));
        let parts = [
            TransactWriteItem::builder().put(put.map_err(incomplete)?).build(),
            self.claim_url(scope, &new.url_name, new.destination.id)?,
            TransactWriteItem::builder().update(count.build().map_err(incomplete)?).build(),
            TransactWriteItem::builder().put(health.build().map_err(incomplete)?).build(),
        ];
        let meaning =
            [NotWritten::Stale, NotWritten::UrlTaken, NotWritten::TooMany, NotWritten::Stale];
        self.transact(parts.into(), meaning.into()).await
    }

    /// Removes a destination that was read, and lets its URL go. What waits for it is dropped at its turn, or by its time to
    /// live.
    pub async fn delete_destination(
        &self,
        scope: &Scope,
        known: &StoredDestination,
    ) -> Result<(), NotWritten> {
        let delete = Delete::builder().table_name(&self.users_table);
        let key = keys::destination(scope, known.destination.id);
        let delete = delete.set_key(Some(key.attributes()));
        let delete = delete.condition_expression("url_name = :known");
        let delete = delete.expression_attribute_values(":known", text(known.url_name.as_str()));
        let health = Delete::builder().table_name(&self.users_table);
        let key = keys::health(scope, known.destination.id);
        let health = health.set_key(Some(key.attributes()));
        let count = self.count_destinations(scope).update_expression("SET #count = #count - :one");
        let parts = [
            TransactWriteItem::builder().delete(delete.build().map_err(incomplete)?).build(),
            self.release_url(scope, &known.url_name)?,
            TransactWriteItem::builder().update(count.build().map_err(incomplete)?).build(),
            TransactWriteItem::builder().delete(health.build().map_err(incomplete)?).build(),
        ];
        let meaning = [NotWritten::Stale, NotWritten::Stale, NotWritten::Stale, NotWritten::Stale];
        self.transact(parts.into(), meaning.into()).await
    }

    fn count_destinations(&self, scope: &Scope) -> UpdateBuilder {
        let update = Update::builder().table_name(&self.users_table);
        let update = update.set_key(Some(keys::destination_count(scope).attributes()));
        let update = update.expression_attribute_names("#count", "count");
        update.expression_attribute_values(":one", number(1))
    }

    pub(super) fn claim_url(
        &self,
        scope: &Scope,
        name: &Fingerprint,
        owner: DestinationId,
    ) -> Result<TransactWriteItem, AwsError> {
        let put = Put::builder().table_name(&self.users_table);
        let put = put.set_item(Some(keys::webhook_url_claim(scope, name).attributes()));
        let put = put.item("destination", text(&owner.to_string()));
        let put = put.condition_expression("attribute_not_exists(pk)").build();
        Ok(TransactWriteItem::builder().put(put.map_err(incomplete)?).build())
    }

    pub(super) fn release_url(
        &self,
        scope: &Scope,
        name: &Fingerprint,
    ) -> Result<TransactWriteItem, AwsError> {
        let delete = Delete::builder().table_name(&self.users_table);
        let key = keys::webhook_url_claim(scope, name).attributes();
        let delete = delete.set_key(Some(key)).build().map_err(incomplete)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// All or nothing. `meaning` says what the failed condition of each part means.
    pub(super) async fn transact(
        &self,
        parts: Vec<TransactWriteItem>,
        meaning: Vec<NotWritten>,
    ) -> Result<(), NotWritten> {
        let call = self.client.transact_write_items().set_transact_items(Some(parts));
        let Err(error) = call.send().await else { return Ok(()) };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
            error.as_service_error()
        else {
            return Err(AwsError::of(TRANSACTION, &error).into());
        };
        let codes = cancelled.cancellation_reasons().iter();
        let codes: Vec<_> = codes.map(|reason| reason.code().unwrap_or("None")).collect();
        let refused =
            codes.iter().zip(meaning).find(|(code, _)| **code == "ConditionalCheckFailed");
        match refused {
            Some((_, meaning)) => Err(meaning),
            None if codes.contains(&"TransactionConflict") => Err(NotWritten::Contended),
            None => Err(AwsError::transient(TRANSACTION, "cancelled").into()),
        }
    }
}

pub(super) fn stored(item: Item) -> Result<StoredDestination, AwsError> {
    read::<DestinationItem>("dynamodb:GetItem", item)?.into_stored()
}

pub(super) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(super) fn number(number: impl Display) -> AttributeValue {
    AttributeValue::N(format!("{number}"))
}

pub(super) fn incomplete(_error: aws_sdk_dynamodb::error::BuildError) -> AwsError {
    AwsError::unexpected(TRANSACTION, "an incomplete request")
}
