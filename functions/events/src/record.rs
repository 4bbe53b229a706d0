//! What a batch has done, kept and logged: one update of each destination, and an item for each attempt.

use std::collections::HashMap;

use futures_util::future::join_all;
use shared::{
    domain::{Delivery, DestinationId, Figures, Health, Scope, Timestamp},
    store::{Attempt, Tally, Verdict},
};

use crate::{post::Answer, worker::Workshop};

/// What became of one delivery, and how its destination was doing when it was looked at.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) delivery: Delivery,
    pub(crate) seen: Health,
    pub(crate) fate: Fate,
}

/// What became of a delivery.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// It was posted, or could not be.
    Attempted { at: Timestamp, number: u32, answer: Answer },
    /// It waits until its destination answers again.
    Parked,
    /// It waits for the sweep, because those before it took so long.
    Late,
    /// There is nobody to tell any more, or nothing to tell.
    Dropped(&'static str),
}

/// Keeps the figures and the attempts of a batch. What cannot be kept is said in the log: no attempt is repeated for it. Answers
/// the destinations for which something waits of which the sweep does not know.
pub(crate) async fn keep(shop: &Workshop, entries: &[Entry]) -> Vec<DestinationId> {
    for entry in entries {
        log(entry);
    }
    let mut by_destination: HashMap<(Scope, DestinationId), Vec<&Entry>> = HashMap::new();
    for entry in entries {
        let whose = (entry.delivery.scope.clone(), entry.delivery.destination);
        by_destination.entry(whose).or_default().push(entry);
    }
    let now = shop.app.clock.now();
    let figures = by_destination.iter().map(async |((scope, destination), entries)| {
        let (tally, seen) = tally(entries);
        if tally.verdict.is_none() && !tally.parked {
            return None;
        }
        let recorded = shop.app.store.record(scope, *destination, &seen, &tally, now).await;
        let error = recorded.err()?;
        warn(&error, "figures not recorded");
        tally.parked.then_some(*destination)
    });
    let attempts: Vec<_> = entries.iter().filter_map(attempt).collect();
    let attempts = async {
        if let Err(error) = shop.app.store.keep_attempts(&attempts).await {
            warn(&error, "attempts not recorded");
        }
    };
    let (unknown, ()) = futures_util::join!(join_all(figures), attempts);
    unknown.into_iter().flatten().collect()
}

fn warn(error: &shared::aws::AwsError, what: &'static str) {
    tracing::warn!(operation = "events_deliver", cause = error.to_string(), "{what}");
}

/// What a batch did with one destination, and the latest that was seen of it.
fn tally(entries: &[&Entry]) -> (Tally, Health) {
    let (mut tally, mut attempts) = (Tally::default(), Vec::new());
    for entry in entries {
        match &entry.fate {
            Fate::Attempted { at, answer, .. } => attempts.push((*at, *answer)),
            Fate::Parked => tally.parked = true,
            Fate::Late | Fate::Dropped(_) => {}
        }
    }
    attempts.sort_by_key(|(at, _)| *at);
    let failed_since = attempts.iter().rev().take_while(|(_, answer)| !answer.is_success()).count();
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    tally.verdict = match attempts.len() {
        0 => None,
        all if failed_since == all => Some(Verdict::Failing(count(all))),
        _ => Some(Verdict::Alive(count(failed_since))),
    };
    let took = |answer: &Answer| {
        let millis = u64::try_from(answer.took.as_millis()).unwrap_or(u64::MAX);
        answer.status.map(|_| millis)
    };
    let answered: Vec<_> = attempts.iter().filter_map(|(_, answer)| took(answer)).collect();
    tally.figures = Figures {
        attempts: count(attempts.len()),
        failed: count(attempts.iter().filter(|(_, answer)| !answer.is_success()).count()),
        answered: count(answered.len()),
        total_ms: answered.iter().sum(),
        min_ms: answered.iter().min().copied(),
        max_ms: answered.iter().max().copied(),
        last_at: attempts.last().map(|(at, _)| *at),
    };
    (tally, entries.last().map(|entry| entry.seen).unwrap_or_default())
}

fn attempt(entry: &Entry) -> Option<Attempt> {
    let Fate::Attempted { at, number, answer } = &entry.fate else { return None };
    Some(Attempt {
        delivery: entry.delivery.clone(),
        at: *at,
        number: *number,
        status: answer.status,
        took: answer.took,
        result: answer.result().to_owned(),
    })
}

fn log(entry: &Entry) {
    let Delivery { scope, destination, event, user: _ } = &entry.delivery;
    let (status, took, number, result) = match &entry.fate {
        Fate::Attempted { answer, number, .. } => {
            (answer.status, Some(answer.took), Some(*number), answer.result())
        }
        Fate::Parked => (None, None, None, "waits for the destination to answer again"),
        Fate::Late => (None, None, None, "waits for the next sweep"),
        Fate::Dropped(why) => (None, None, None, *why),
    };
    tracing::info!(
        operation = "events_deliver",
        event_id = event.to_string(),
        destination_id = destination.to_string(),
        tenant = scope.tenant.as_str(),
        mode = scope.mode.as_str(),
        attempt = number,
        status,
        result,
        duration_us = took.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
        "delivery"
    );
}
