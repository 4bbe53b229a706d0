//! Reading what happened to a user.

use std::collections::HashMap;

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::AttributeValue};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Store,
    item::EventItem,
    keys::{self, EVENT_PREFIX, SESSION_PREFIX},
    users::read,
};
use crate::{
    aws::AwsError,
    domain::{Event, Scope, Timestamp, UserId},
};

const CALL: &str = "dynamodb:Query";

/// Where an event or a verification session of a user lies: a sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryKey(String);

impl HistoryKey {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The event's id, where it is an event.
    pub fn event(&self) -> Option<Uuid> {
        self.0.strip_prefix(EVENT_PREFIX)?.parse().ok()
    }
}

/// An event as the table's stream shows it.
#[derive(Debug, Clone)]
pub struct StreamedEvent {
    /// Whose data.
    pub scope: Scope,
    /// The user.
    pub user: UserId,
    /// What happened.
    pub event: Event,
}

impl StreamedEvent {
    /// Reads the new image of a record of the stream. `None` where it is no event of ours.
    pub fn read(image: serde_dynamo::Item) -> Option<Self> {
        let item: EventItem = serde_dynamo::from_item(image).ok()?;
        let (scope, user) = keys::scope_and_user(item.partition())?;
        Some(Self { scope, user, event: item.into_event().ok()? })
    }
}

/// The key of an item as the table's stream shows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StreamedKey {
    /// Its partition key.
    pub pk: String,
    /// Its sort key.
    pub sk: String,
}

impl StreamedKey {
    /// Reads the keys of a record of the stream.
    pub fn read(keys: serde_dynamo::Item) -> Option<Self> {
        serde_dynamo::from_item(keys).ok()
    }
}

impl Store {
    /// The latest events of a user, newest first.
    pub async fn events(
        &self,
        scope: &Scope,
        user: UserId,
        limit: usize,
    ) -> Result<Vec<Event>, AwsError> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let answer = self.event_query(scope, user).limit(limit).send().await;
        let items = answer.map_err(|error| AwsError::of(CALL, &error))?.items.unwrap_or_default();
        items.into_iter().map(|item| read::<EventItem>(CALL, item)?.into_event()).collect()
    }

    /// A page of the events of a user, newest first, from behind the event `after`; and whether there are more. DynamoDB
    /// ends a page at one megabyte, so it may hold fewer than `limit` although there are more.
    pub async fn event_page(
        &self,
        scope: &Scope,
        user: UserId,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<(Vec<Event>, bool), AwsError> {
        let start = after.map(|event| keys::event(scope, user, event).attributes());
        // One more than wanted tells whether there are more.
        let query = self.event_query(scope, user).set_exclusive_start_key(start);
        let query = query.limit(i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX));
        let answer = query.send().await.map_err(|error| AwsError::of(CALL, &error))?;
        let mut items = answer.items.unwrap_or_default();
        let cut_off = answer.last_evaluated_key.is_some() && items.len() <= limit;
        let has_more = items.len() > limit || cut_off;
        items.truncate(limit);
        let events = items.into_iter().map(|item| read::<EventItem>(CALL, item)?.into_event());
        Ok((events.collect::<Result<_, _>>()?, has_more))
    }

    /// Whether a user has an event, still.
    pub async fn has_event(
        &self,
        scope: &Scope,
        user: UserId,
        event: Uuid,
    ) -> Result<bool, AwsError> {
        let found = self.get_item(&self.users_table, &keys::event(scope, user, event)).await?;
        Ok(found.is_some())
    }

    /// Where all events and verification sessions of a user lie, the newest events first.
    pub async fn history_keys(
        &self,
        scope: &Scope,
        user: UserId,
    ) -> Result<Vec<HistoryKey>, AwsError> {
        self.keys_of_history(self.user_query(scope, user, "")).await
    }

    /// The same for those that have no date on which they go.
    pub(super) async fn undated_history_keys(
        &self,
        scope: &Scope,
        user: UserId,
    ) -> Result<Vec<HistoryKey>, AwsError> {
        let query = self.user_query(scope, user, "").expression_attribute_names("#ttl", "ttl");
        self.keys_of_history(query.filter_expression("attribute_not_exists(#ttl)")).await
    }

    /// A page of DynamoDB's ends at one megabyte, which few large events fill.
    async fn keys_of_history(
        &self,
        query: QueryFluentBuilder,
    ) -> Result<Vec<HistoryKey>, AwsError> {
        let key = |item: &HashMap<String, AttributeValue>| {
            let sort_key = item.get("sk").and_then(|sk| sk.as_s().ok()).cloned();
            sort_key.ok_or_else(|| AwsError::unexpected(CALL, "an unreadable event"))
        };
        let query = query.projection_expression("sk");
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let answer = query.clone().set_exclusive_start_key(start).send().await;
            let answer = answer.map_err(|error| AwsError::of(CALL, &error))?;
            for item in answer.items.iter().flatten() {
                found.push(key(item)?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                found
                    .retain(|key| key.starts_with(EVENT_PREFIX) || key.starts_with(SESSION_PREFIX));
                return Ok(found.into_iter().map(HistoryKey).collect());
            }
        }
    }

    fn event_query(&self, scope: &Scope, user: UserId) -> QueryFluentBuilder {
        self.user_query(scope, user, EVENT_PREFIX)
    }

    /// What lies in the partition of a user under sort keys that begin with `prefix`, the greatest first.
    pub(super) fn user_query(
        &self,
        scope: &Scope,
        user: UserId,
        prefix: &str,
    ) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&self.users_table).consistent_read(true);
        let partition = AttributeValue::S(keys::user(scope, user).pk);
        let query = query.expression_attribute_values(":pk", partition).scan_index_forward(false);
        if prefix.is_empty() {
            return query.key_condition_expression("pk = :pk");
        }
        let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :prefix)");
        query.expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
    }

    /// Lets a part of a user's history go at a time to come.
    pub async fn expire_history(
        &self,
        scope: &Scope,
        user: UserId,
        part: &HistoryKey,
        at: Timestamp,
    ) -> Result<(), AwsError> {
        let update = self.client.update_item().table_name(&self.users_table);
        let update = update.set_key(Some(keys::of_user(scope, user, part.as_str()).attributes()));
        let update = update.update_expression("SET #ttl = :at");
        let update = update.expression_attribute_names("#ttl", "ttl");
        let at = AttributeValue::N(at.unix_seconds().to_string());
        let update = update.expression_attribute_values(":at", at);
        let update = update.condition_expression("attribute_exists(pk)").send().await;
        update.map(|_| ()).map_err(|error| AwsError::of("dynamodb:UpdateItem", &error))
    }
}
