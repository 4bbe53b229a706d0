//! How deliveries to a destination went.

use std::time::Duration;

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};

use super::{
    Store,
    destinations::{number, stored},
    keys,
};
use crate::{
    aws::AwsError,
    domain::{Destination, DestinationId, Scope, Timestamp},
};

const UPDATE: &str = "dynamodb:UpdateItem";

/// How one attempt to deliver went.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// When it was made.
    pub at: Timestamp,
    /// Whether it was answered with 2xx.
    pub succeeded: bool,
    /// How long the answer took, if there was one.
    pub took: Option<Duration>,
    /// Whether the answer was that nobody is there any more (410): the destination is disabled.
    pub gone: bool,
}

impl Store {
    /// Adds an attempt to the figures of a destination that was read; one that is gone is left alone. As a rule one call. A
    /// shortest or longest time holds only if no other attempt has set a shorter or longer one meanwhile; then it is
    /// compared anew.
    pub async fn record_attempt(
        &self,
        scope: &Scope,
        known: &Destination,
        attempt: Attempt,
    ) -> Result<(), AwsError> {
        const TRIES: usize = 4;
        let mut bounds = (known.figures.min_ms, known.figures.max_ms);
        for _try in 0..TRIES {
            match self.try_record_attempt(scope, known.id, attempt, bounds).await? {
                None => return Ok(()),
                Some(newer) => bounds = newer,
            }
        }
        Err(AwsError::transient(UPDATE, "contended"))
    }

    /// Answers the bounds that stand there, where the ones given no longer hold.
    async fn try_record_attempt(
        &self,
        scope: &Scope,
        id: DestinationId,
        attempt: Attempt,
        (shortest, longest): (Option<u64>, Option<u64>),
    ) -> Result<Option<(Option<u64>, Option<u64>)>, AwsError> {
        let took = attempt.took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        let mut set = vec!["last_at = :at"];
        let mut condition = vec!["attribute_exists(pk)"];
        let update = self.client.update_item().table_name(&self.users_table);
        let mut update = update.set_key(Some(keys::destination(scope, id).attributes()));
        if let Some(took) = took {
            if shortest.is_none_or(|shortest| took < shortest) {
                set.push("min_ms = :took");
                condition.push("(attribute_not_exists(min_ms) OR min_ms > :took)");
            }
            if longest.is_none_or(|longest| took > longest) {
                set.push("max_ms = :took");
                condition.push("(attribute_not_exists(max_ms) OR max_ms < :took)");
            }
        }
        if attempt.gone {
            set.push("enabled = :no");
            set.push("updated_at = :at");
            update = update.expression_attribute_values(":no", AttributeValue::Bool(false));
        }
        let add = "attempts :one, failed :failed, answered :answered, total_ms :took";
        let update = update.update_expression(format!("ADD {add} SET {}", set.join(", ")));
        let update = update.condition_expression(condition.join(" AND "));
        let update = update.expression_attribute_values(":one", number(1));
        let update =
            update.expression_attribute_values(":failed", number(u8::from(!attempt.succeeded)));
        let update =
            update.expression_attribute_values(":answered", number(u8::from(took.is_some())));
        let update = update.expression_attribute_values(":took", number(took.unwrap_or(0)));
        let update = update.expression_attribute_values(":at", number(attempt.at.unix_millis()));
        let all_old = ReturnValuesOnConditionCheckFailure::AllOld;
        let update = update.return_values_on_condition_check_failure(all_old).send().await;
        let Err(error) = update else { return Ok(None) };
        if !AwsError::is_failed_condition(&error) {
            return Err(AwsError::of(UPDATE, &error));
        }
        let standing = if let UpdateItemError::ConditionalCheckFailedException(refused) =
            error.into_service_error()
        {
            refused.item
        } else {
            None
        };
        // None: it was deleted meanwhile.
        let Some(standing) = standing else { return Ok(None) };
        let figures = stored(standing)?.destination.figures;
        Ok(Some((figures.min_ms, figures.max_ms)))
    }
}
