//! Webhook destinations.

use std::{collections::HashMap, fmt::Display};

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Delete, Put, TransactWriteItem, Update, builders::UpdateBuilder},
};

use super::{
    Store, StoredDestination,
    item::{DestinationItem, EventItem},
    keys,
    users::read,
};
use crate::{
    aws::AwsError,
    domain::{Destination, DestinationId, Event, Scope, UserId},
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

    /// One destination and one event of a user, read together.
    pub async fn destination_and_event(
        &self,
        scope: &Scope,
        id: DestinationId,
        user: UserId,
        event: uuid::Uuid,
    ) -> Result<(Option<StoredDestination>, Option<Event>), AwsError> {
        let wanted = vec![keys::destination(scope, id), keys::event(scope, user, event)];
        let found = self.batch_get(HashMap::from([(self.users_table.clone(), wanted)])).await?;
        let (mut destination, mut event) = (None, None);
        for item in found.into_values().flatten() {
            let sk = item.get("sk").and_then(|sk| sk.as_s().ok());
            if sk.is_some_and(|sk| sk.starts_with(keys::EVENT_PREFIX)) {
                event = Some(read::<EventItem>("dynamodb:BatchGetItem", item)?.into_event()?);
            } else {
                destination = Some(stored(item)?);
            }
        }
        Ok((destination, event))
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
        ];
        let meaning = [NotWritten::Stale, NotWritten::UrlTaken, NotWritten::TooMany];
        self.transact(parts.into(), meaning.into()).await
    }

    /// Removes a destination that was read, and lets its URL go.
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
        let count = self.count_destinations(scope).update_expression("SET #count = #count - :one");
        let parts = [
            TransactWriteItem::builder().delete(delete.build().map_err(incomplete)?).build(),
            self.release_url(scope, &known.url_name)?,
            TransactWriteItem::builder().update(count.build().map_err(incomplete)?).build(),
        ];
        let meaning = [NotWritten::Stale, NotWritten::Stale, NotWritten::Stale];
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
