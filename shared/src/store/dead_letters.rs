//! Deliveries that were given up: kept for fourteen days, to be looked at and sent again.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Store, Until, Waiting, attempts::KEPT, keys, users::read};
use crate::{
    aws::AwsError,
    domain::{Delivery, DestinationId, Scope, Timestamp, UserId},
};

const QUERY: &str = "dynamodb:Query";
const PUT: &str = "dynamodb:PutItem";

/// A delivery that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// What was to be delivered.
    pub delivery: Delivery,
    /// When it was given up.
    pub at: Timestamp,
    /// How many attempts were made.
    pub attempts: u32,
    /// The status of the last answer, if there was one.
    pub status: Option<u16>,
    /// Why it was given up, in a word or two.
    pub reason: String,
}

#[derive(Serialize, Deserialize)]
struct DeadLetterItem {
    pk: String,
    sk: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    user: Option<String>,
    at: i64,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    status: Option<u16>,
    reason: String,
    ttl: i64,
}

impl Store {
    /// Keeps a delivery as a dead letter, and then lets it wait no longer.
    pub async fn give_up(&self, letter: &DeadLetter) -> Result<(), AwsError> {
        let Delivery { scope, destination, event, user } = &letter.delivery;
        let keys::Key { pk, sk } = keys::dead_letter(scope, *destination, *event);
        let item = DeadLetterItem {
            pk,
            sk,
            user: user.map(UserId::to_hex),
            at: letter.at.unix_millis(),
            attempts: letter.attempts,
            status: letter.status,
            reason: letter.reason.clone(),
            ttl: letter.at.plus(KEPT).unix_seconds(),
        };
        let unwritable = |_| AwsError::unexpected(PUT, "an unwritable item");
        let item = serde_dynamo::to_item(item).map_err(unwritable)?;
        let put = self.client.put_item().table_name(&self.users_table).set_item(Some(item));
        put.send().await.map_err(|error| AwsError::of(PUT, &error))?;
        self.waited(&letter.delivery).await
    }

    /// A page of the dead letters of a destination, those of the newest events first, from behind the one of this event; and
    /// whether there are more.
    pub async fn dead_letters(
        &self,
        scope: &Scope,
        destination: DestinationId,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<(Vec<DeadLetter>, bool), AwsError> {
        let start = after.map(|event| keys::dead_letter(scope, destination, event).attributes());
        let prefix = keys::DEAD_LETTER_PREFIX.to_owned();
        let (items, more) = self.of_destination(scope, destination, prefix, start, limit).await?;
        let letters = items.into_iter().map(|item| letter(scope, destination, item));
        Ok((letters.collect::<Result<_, _>>()?, more))
    }

    /// The dead letter of one event.
    pub async fn dead_letter(
        &self,
        scope: &Scope,
        destination: DestinationId,
        event: Uuid,
    ) -> Result<Option<DeadLetter>, AwsError> {
        let prefix = keys::dead_letter(scope, destination, event).sk;
        let (items, _more) = self.of_destination(scope, destination, prefix, None, 1).await?;
        items.into_iter().next().map(|item| letter(scope, destination, item)).transpose()
    }

    /// Makes a dead letter due, with the whole schedule before it. It waits before it is no dead letter any more: whatever
    /// interrupts this loses nothing.
    pub async fn revive(&self, delivery: &Delivery, now: Timestamp) -> Result<(), AwsError> {
        let waiting = Waiting { attempts: 0, since: now };
        self.wait(delivery, waiting, Until::Due(now)).await?;
        let Delivery { scope, destination, event, user: _ } = delivery;
        let key = keys::dead_letter(scope, *destination, *event);
        self.delete_item(&self.users_table, &key).await
    }
}

fn letter(
    scope: &Scope,
    destination: DestinationId,
    item: HashMap<String, AttributeValue>,
) -> Result<DeadLetter, AwsError> {
    let item: DeadLetterItem = read(QUERY, item)?;
    let parse = || {
        let event = item.sk.strip_prefix(keys::DEAD_LETTER_PREFIX)?.parse().ok()?;
        let user = item.user.as_deref().map(UserId::parse_hex).transpose().ok()?;
        Some(Delivery { scope: scope.clone(), destination, event, user })
    };
    let delivery =
        parse().ok_or_else(|| AwsError::unexpected(QUERY, "an unreadable dead letter"))?;
    Ok(DeadLetter {
        delivery,
        at: Timestamp::from_unix_millis(item.at),
        attempts: item.attempts,
        status: item.status,
        reason: item.reason,
    })
}
