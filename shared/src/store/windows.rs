//! The windows of the rate limiter: one item for each caller and kind of traffic.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use serde::Deserialize;

use super::{
    Store,
    api_keys::{KEY_ACTOR, key_actor},
    keys,
    users::read,
};
use crate::{
    aws::AwsError,
    domain::{Scope, Timestamp},
    limits::{BlockName, Change, Traffic, Window},
};

type Item = HashMap<String, AttributeValue>;

/// How long an idle window is kept, in seconds: longer than any permit counts.
const KEPT_SECONDS: i64 = 300;

/// The same for the window of an API key, which also tells when the key was last used: 400 days.
const KEY_KEPT_SECONDS: i64 = 400 * 86_400;

impl Store {
    /// What the item of a window says now. One that is not there is empty.
    pub async fn window(
        &self,
        scope: &Scope,
        actor: &str,
        traffic: Traffic,
    ) -> Result<Window, AwsError> {
        let key = keys::window(scope, actor, traffic);
        let item = self.get_item(&self.users_table, &key).await?;
        Ok(item.map(|item| window(&item)).unwrap_or_default())
    }

    /// Adds to a window, in one step that others cannot come between, and answers what it says then; or answers what it says
    /// where its bound was reached already. There is no version to be the first with, so nobody tries again.
    pub async fn change_window(
        &self,
        scope: &Scope,
        actor: &str,
        traffic: Traffic,
        change: &Change,
    ) -> Result<Result<Window, Window>, AwsError> {
        const CALL: &str = "dynamodb:UpdateItem";
        let kept = if actor.starts_with(KEY_ACTOR) { KEY_KEPT_SECONDS } else { KEPT_SECONDS };
        let update = self
            .client
            .update_item()
            .table_name(&self.users_table)
            .set_key(Some(keys::window(scope, actor, traffic).attributes()))
            .condition_expression("attribute_not_exists(#taken) OR #taken < :bound")
            .update_expression(expression(change))
            .expression_attribute_names("#taken", TAKEN)
            .expression_attribute_names("#used_at", "used_at")
            .expression_attribute_names("#ttl", "ttl")
            .set_expression_attribute_values(Some(values(change, kept)))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let error = match update.send().await {
            Ok(answer) => return Ok(Ok(window(&answer.attributes.unwrap_or_default()))),
            Err(error) => error,
        };
        if !AwsError::is_failed_condition(&error) {
            return Err(AwsError::of(CALL, &error));
        }
        let service_error = error.into_service_error();
        let item = if let UpdateItemError::ConditionalCheckFailedException(full) = service_error {
            full.item
        } else {
            None
        };
        Ok(Err(window(&item.unwrap_or_default())))
    }

    /// When each of some API keys, at most fifty, was last used: what the window was last written for. A window is written
    /// once for a few permits, so that this costs no call of its own.
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

/// The attribute that counts all permits.
const TAKEN: &str = "taken";

/// The attribute of a slice. Digits, so that no reserved word needs a placeholder.
fn slice_name(slice: i64) -> String {
    format!("s{slice}")
}

/// The attribute of a block.
fn block_name(BlockName { at, id }: BlockName) -> String {
    format!("b{at}_{id}")
}

/// What a change does to the item.
fn expression(change: &Change) -> String {
    let mut sets = vec![
        "#taken = if_not_exists(#taken, :zero) + :taken".to_owned(),
        "#used_at = :used_at".to_owned(),
        "#ttl = :ttl".to_owned(),
    ];
    sets.extend(change.block.map(|(block, _)| format!("{} = :block", block_name(block))));
    let slices = change.slices.keys().enumerate();
    let added = slices.map(|(place, slice)| format!("{} :slice{place}", slice_name(*slice)));
    let old_slices = change.old_slices.iter().map(|slice| slice_name(*slice));
    let old_blocks = change.old_blocks.iter().map(|block| block_name(*block));
    let clauses: [(&str, Vec<String>); 3] = [
        ("SET", sets),
        ("ADD", added.collect()),
        ("REMOVE", old_slices.chain(old_blocks).collect()),
    ];
    let clauses = clauses.into_iter().filter(|(_, parts)| !parts.is_empty());
    let clauses: Vec<_> =
        clauses.map(|(verb, parts)| format!("{verb} {}", parts.join(", "))).collect();
    clauses.join(" ")
}

/// The values of [`expression`] and of its condition.
fn values(change: &Change, kept_seconds: i64) -> Item {
    let slices = change.slices.values().enumerate();
    let slices = slices.map(|(place, permits)| (format!(":slice{place}"), *permits));
    let block = change.block.map(|(_, permits)| (":block".to_owned(), permits));
    let fixed = [
        (":zero", 0),
        (":taken", change.taken),
        (":bound", change.bound),
        (":used_at", change.at.unix_millis()),
        (":ttl", change.at.unix_seconds().saturating_add(kept_seconds)),
    ];
    let fixed = fixed.map(|(name, value)| (name.to_owned(), value)).into_iter();
    let all = fixed.chain(slices).chain(block);
    all.map(|(name, value)| (name, AttributeValue::N(value.to_string()))).collect()
}

fn window(item: &Item) -> Window {
    let mut window = Window::default();
    for (name, value) in item {
        let Some(count) = value.as_n().ok().and_then(|number| number.parse().ok()) else {
            continue;
        };
        if name == TAKEN {
            window.taken = count;
        } else if let Some(slice) = name.strip_prefix('s').and_then(|slice| slice.parse().ok()) {
            window.slices.insert(slice, count);
        } else if let Some((at, id)) = name.strip_prefix('b').and_then(|name| name.split_once('_'))
            && let (Ok(at), Ok(id)) = (at.parse(), id.parse())
        {
            window.blocks.insert(BlockName { at, id }, count);
        }
    }
    window
}
