//! Reading what happened to a user.

use std::collections::HashMap;

use aws_sdk_dynamodb::{operation::query::builders::QueryFluentBuilder, types::AttributeValue};
use uuid::Uuid;

use super::{
    Store,
    item::EventItem,
    keys::{self, EVENT_PREFIX},
    users::read,
};
use crate::{
    aws::AwsError,
    domain::{Event, Scope, Timestamp, UserId},
};

const CALL: &str = "dynamodb:Query";

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
    /// Reads the new image of a record of the stream, in DynamoDB's JSON. `None` where it is no event of ours.
    pub fn read(image: &serde_json::Value) -> Option<Self> {
        let item: serde_dynamo::Item = serde_json::from_value(image.clone()).ok()?;
        let item: EventItem = serde_dynamo::from_item(item).ok()?;
        let (scope, user) = keys::scope_and_user(item.partition())?;
        Some(Self { scope, user, event: item.into_event().ok()? })
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

    /// The ids of all events of a user, newest first. A page of DynamoDB's ends at one megabyte, which few large events
    /// fill.
    pub async fn event_ids(&self, scope: &Scope, user: UserId) -> Result<Vec<Uuid>, AwsError> {
        self.ids(self.event_query(scope, user).projection_expression("sk")).await
    }

    /// The ids of those events of a user that have no date on which they go.
    pub(super) async fn undated_event_ids(
        &self,
        scope: &Scope,
        user: UserId,
    ) -> Result<Vec<Uuid>, AwsError> {
        let query = self.event_query(scope, user).projection_expression("sk");
        let query = query.filter_expression("attribute_not_exists(#ttl)");
        self.ids(query.expression_attribute_names("#ttl", "ttl")).await
    }

    async fn ids(&self, query: QueryFluentBuilder) -> Result<Vec<Uuid>, AwsError> {
        let id = |item: &HashMap<String, AttributeValue>| {
            let sort_key = item.get("sk").and_then(|sk| sk.as_s().ok());
            let id = sort_key.and_then(|sk| sk.strip_prefix(EVENT_PREFIX)?.parse().ok());
            id.ok_or_else(|| AwsError::unexpected(CALL, "an unreadable event"))
        };
        let mut ids = Vec::new();
        let mut start = None;
        loop {
            let answer = query.clone().set_exclusive_start_key(start).send().await;
            let answer = answer.map_err(|error| AwsError::of(CALL, &error))?;
            for item in answer.items.iter().flatten() {
                ids.push(id(item)?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(ids);
            }
        }
    }

    fn event_query(&self, scope: &Scope, user: UserId) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&self.users_table).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :prefix)");
        let partition = keys::user(scope, user).pk;
        let query = query.expression_attribute_values(":pk", AttributeValue::S(partition));
        let prefix = AttributeValue::S(EVENT_PREFIX.to_owned());
        query.expression_attribute_values(":prefix", prefix).scan_index_forward(false)
    }

    /// Lets an event go at a time to come.
    pub async fn expire_event(
        &self,
        scope: &Scope,
        user: UserId,
        event: Uuid,
        at: Timestamp,
    ) -> Result<(), AwsError> {
        let update = self.client.update_item().table_name(&self.users_table);
        let update = update.set_key(Some(keys::event(scope, user, event).attributes()));
        let update = update.update_expression("SET #ttl = :at");
        let update = update.expression_attribute_names("#ttl", "ttl");
        let at = AttributeValue::N(at.unix_seconds().to_string());
        let update = update.expression_attribute_values(":at", at);
        let update = update.condition_expression("attribute_exists(pk)").send().await;
        update.map(|_| ()).map_err(|error| AwsError::of("dynamodb:UpdateItem", &error))
    }
}
