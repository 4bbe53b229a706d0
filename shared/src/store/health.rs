//! How destinations are doing: read, and written after each batch by one update.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    operation::update_item::builders::UpdateItemFluentBuilder, types::AttributeValue,
};

use super::{
    Store,
    destinations::{number, text},
    item::HealthItem,
    keys,
    users::read,
};
use crate::{
    aws::AwsError,
    domain::{DestinationId, Figures, Health, Scope, Timestamp},
};

const UPDATE: &str = "dynamodb:UpdateItem";

/// What the attempts of one batch mean for their destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// One succeeded, and so many failed after it.
    Alive(u64),
    /// All failed, so many.
    Failing(u64),
}

/// What one batch did with one destination.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// The figures of its attempts alone.
    pub figures: Figures,
    /// What they mean; `None` where there was none.
    pub verdict: Option<Verdict>,
    /// Whether something was put into the waiting line.
    pub parked: bool,
}

impl Store {
    /// How a destination is doing; `None` once it is deleted.
    pub async fn health(
        &self,
        scope: &Scope,
        id: DestinationId,
    ) -> Result<Option<Health>, AwsError> {
        let item = self.get_item(&self.users_table, &keys::health(scope, id)).await?;
        item.map(health).transpose()
    }

    /// How many destinations are doing, by their ids: at most 100.
    pub async fn healths(
        &self,
        scope: &Scope,
        ids: &[DestinationId],
    ) -> Result<HashMap<DestinationId, Health>, AwsError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let wanted = ids.iter().map(|id| keys::health(scope, *id)).collect();
        let found = self.batch_get(HashMap::from([(self.users_table.clone(), wanted)])).await?;
        let owned = |item: HashMap<String, AttributeValue>| {
            let pk = item.get("pk").and_then(|pk| pk.as_s().ok());
            let id = pk.and_then(|pk| keys::destination_of(pk)).map(|(_, id)| id);
            let id = id.ok_or_else(|| AwsError::unexpected("dynamodb:BatchGetItem", "whose"))?;
            Ok((id, health(item)?))
        };
        found.into_values().flatten().map(owned).collect()
    }

    /// Claims the probe of a destination whose breaker was seen open. Whoever gets it makes the one attempt.
    pub async fn claim_probe(
        &self,
        scope: &Scope,
        id: DestinationId,
        seen: &Health,
        now: Timestamp,
    ) -> Result<bool, AwsError> {
        let unclaimed = match seen.probe_at {
            Some(_) => "probe_at = :seen",
            None => "attribute_not_exists(probe_at)",
        };
        let update = self.update_health(scope, id);
        let update =
            update.update_expression("SET probe_at = :until, due_in = :due_in, due = :until");
        let update = update.condition_expression(format!("streak >= :open AND {unclaimed}"));
        let until = now.plus(Health::CLAIM);
        let update = update.expression_attribute_values(":until", number(until.unix_millis()));
        let update = update.expression_attribute_values(":due_in", text(&keys::due_shard(id)));
        let update = update.expression_attribute_values(":open", number(Health::THRESHOLD));
        let seen = seen.probe_at.map(|at| number(at.unix_millis()));
        condition_met(with(update, ":seen", seen)).await
    }

    /// Adds what a batch did to a destination that was seen. As a rule one call. A shortest or longest time holds only if no
    /// other batch has set a shorter or longer one meanwhile; then it is compared anew. A destination that is gone is left
    /// alone.
    pub async fn record(
        &self,
        scope: &Scope,
        id: DestinationId,
        seen: &Health,
        tally: &Tally,
        now: Timestamp,
    ) -> Result<(), AwsError> {
        const TRIES: usize = 4;
        let mut seen = *seen;
        for _try in 0..TRIES {
            if condition_met(self.tallied(scope, id, &seen, tally, now)).await? {
                return Ok(());
            }
            let Some(newer) = self.health(scope, id).await? else { return Ok(()) };
            seen = newer;
        }
        Err(AwsError::transient(UPDATE, "contended"))
    }

    fn tallied(
        &self,
        scope: &Scope,
        id: DestinationId,
        seen: &Health,
        tally: &Tally,
        now: Timestamp,
    ) -> UpdateItemFluentBuilder {
        let Tally { figures, verdict, parked } = tally;
        let (mut add, mut set, mut remove) = (Vec::new(), Vec::new(), Vec::new());
        let mut condition = vec!["attribute_exists(pk)".to_owned()];
        let mut update = self.update_health(scope, id);
        let mut value = |name: &str, value: AttributeValue| {
            update = update.clone().expression_attribute_values(name, value);
        };
        if figures.attempts > 0 {
            for (name, count) in [
                ("attempts", figures.attempts),
                ("failed", figures.failed),
                ("answered", figures.answered),
                ("total_ms", figures.total_ms),
            ] {
                add.push(format!("{name} :{name}"));
                value(&format!(":{name}"), number(count));
            }
            let last = figures.last_at.unwrap_or(now);
            set.push("last_at = :last_at".to_owned());
            value(":last_at", number(last.unix_millis()));
        }
        for (name, found, standing, order) in [
            ("min_ms", figures.min_ms, seen.figures.min_ms, '>'),
            ("max_ms", figures.max_ms, seen.figures.max_ms, '<'),
        ] {
            let Some(found) = found else { continue };
            let beaten =
                standing.is_none_or(|it| if order == '>' { found < it } else { found > it });
            if beaten {
                set.push(format!("{name} = :{name}"));
                condition.push(format!("(attribute_not_exists({name}) OR {name} {order} :{name})"));
                value(&format!(":{name}"), number(found));
            }
        }
        // When the sweep is to look at the destination next, and whether that is for the breaker to say.
        let mut due = None;
        match *verdict {
            Some(Verdict::Alive(failed_since)) => {
                set.push("streak = :streak".to_owned());
                value(":streak", number(failed_since));
                if seen.is_open() || seen.probe_at.is_some() {
                    // The line is let go, and a little at first.
                    due = Some(now);
                    remove.extend(["probe_at", "probes", "released"]);
                }
            }
            Some(Verdict::Failing(failed)) => {
                add.push("streak :streak".to_owned());
                value(":streak", number(failed));
                if seen.streak.saturating_add(failed) >= Health::THRESHOLD {
                    let probes = if seen.is_open() { seen.probes.saturating_add(1) } else { 0 };
                    let next = Health::next_probe(now, probes);
                    due = Some(next);
                    set.extend(["probe_at = :probe_at", "probes = :probes"].map(str::to_owned));
                    value(":probe_at", number(next.unix_millis()));
                    value(":probes", number(probes));
                }
            }
            None => {}
        }
        if *parked {
            set.push("parked_at = :now".to_owned());
            value(":now", number(now.unix_millis()));
        }
        let when = match due {
            Some(at) => Some(("due = :due", at)),
            None if *parked => Some(("due = if_not_exists(due, :due)", now)),
            None => None,
        };
        if let Some((expression, at)) = when {
            set.extend([expression.to_owned(), "due_in = :due_in".to_owned()]);
            value(":due", number(at.unix_millis()));
            value(":due_in", text(&keys::due_shard(id)));
        }
        let remove = remove.into_iter().map(str::to_owned).collect();
        let clauses = [("ADD", add), ("SET", set), ("REMOVE", remove)];
        let clauses = clauses.into_iter().filter(|(_, parts): &(_, Vec<String>)| !parts.is_empty());
        let clauses = clauses.map(|(clause, parts)| format!("{clause} {}", parts.join(", ")));
        let expression = clauses.collect::<Vec<_>>().join(" ");
        update.update_expression(expression).condition_expression(condition.join(" AND "))
    }

    /// Says when the sweep is to look at a destination again, `None` for not before something waits for it again; unless
    /// something was put into its line since it was seen, or somebody has said so meanwhile.
    pub async fn look_again(
        &self,
        scope: &Scope,
        id: DestinationId,
        seen: &Health,
        at: Option<Timestamp>,
        released: u64,
    ) -> Result<bool, AwsError> {
        let update = self.update_health(scope, id);
        let update = match at {
            Some(at) => update
                .update_expression("SET due = :due, released = :released")
                .expression_attribute_values(":due", number(at.unix_millis()))
                .expression_attribute_values(":released", number(released)),
            None => update.update_expression("REMOVE due, due_in, released"),
        };
        let same = |name: &str, value: Option<Timestamp>| match value {
            Some(_) => format!("{name} = :seen_{name}"),
            None => format!("attribute_not_exists({name})"),
        };
        let mut condition = vec!["attribute_exists(pk)".to_owned(), same("due", seen.due)];
        let seen_due = seen.due.map(|at| number(at.unix_millis()));
        let mut update = with(update, ":seen_due", seen_due);
        if at.is_none() {
            condition.push(same("parked_at", seen.parked_at));
            let parked = seen.parked_at.map(|at| number(at.unix_millis()));
            update = with(update, ":seen_parked_at", parked);
        }
        condition_met(update.condition_expression(condition.join(" AND "))).await
    }

    /// Closes the breaker of a destination that its owner has just mended, or enabled again; what waits is let go.
    pub async fn close_breaker(
        &self,
        scope: &Scope,
        id: DestinationId,
        now: Timestamp,
    ) -> Result<(), AwsError> {
        let update = self.update_health(scope, id);
        let update = update.update_expression(
            "SET streak = :none, due = :now, due_in = :due_in REMOVE probe_at, probes, released",
        );
        let update = update.expression_attribute_values(":none", number(0));
        let update = update.expression_attribute_values(":now", number(now.unix_millis()));
        let update = update.expression_attribute_values(":due_in", text(&keys::due_shard(id)));
        condition_met(update.condition_expression("attribute_exists(pk)")).await.map(drop)
    }

    fn update_health(&self, scope: &Scope, id: DestinationId) -> UpdateItemFluentBuilder {
        let update = self.client.update_item().table_name(&self.users_table);
        update.set_key(Some(keys::health(scope, id).attributes()))
    }
}

pub(super) fn health(item: HashMap<String, AttributeValue>) -> Result<Health, AwsError> {
    Ok(read::<HealthItem>("dynamodb:GetItem", item)?.into_health())
}

fn with(
    update: UpdateItemFluentBuilder,
    name: &str,
    value: Option<AttributeValue>,
) -> UpdateItemFluentBuilder {
    match value {
        Some(value) => update.expression_attribute_values(name, value),
        None => update,
    }
}

/// Whether the update went through; `false` where its condition was not met.
pub(super) async fn condition_met(update: UpdateItemFluentBuilder) -> Result<bool, AwsError> {
    match update.send().await {
        Ok(_) => Ok(true),
        Err(error) if AwsError::is_failed_condition(&error) => Ok(false),
        Err(error) => Err(AwsError::of(UPDATE, &error)),
    }
}
