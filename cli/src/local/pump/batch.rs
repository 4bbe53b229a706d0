//! One batch of a shard, until the worker has taken all of it or what is left was given up.

use std::time::Duration;

use serde_json::Value;
use shared::domain::Timestamp;

use super::{
    INTERVAL, Running,
    failure::{Condition, GivenUp},
    record,
    stream::Source,
};
use crate::local::error::chain;

/// The longest pause before a batch is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Records that are handed over together.
#[derive(Debug)]
struct Batch {
    records: Vec<Value>,
    retries: usize,
}

/// Whether the stack goes on after a batch.
pub(super) type Goes = std::ops::ControlFlow<()>;

impl Source {
    /// Hands records of a shard over in their order. On a failure it comes back from the first that failed, where the
    /// function says which; else in halves, where the mapping says so; else with all of them. What was tried too often, or
    /// is too old, is told to the mapping's destination: the whole rest of the batch, as Lambda does. `done` hears of each
    /// number up to which everything is settled.
    pub(super) async fn hand_over(
        &self,
        shard: &str,
        records: Vec<Value>,
        running: &mut Running,
        mut done: impl FnMut(&str),
    ) -> Goes {
        let mut pending = vec![Batch { records, retries: 0 }];
        while let Some(mut batch) = pending.pop() {
            let fresh = batch.records.split_off(self.too_old(&batch.records));
            if !batch.records.is_empty() {
                self.give_up(shard, &batch, (Condition::TooOld, false), running).await?;
                done(last_number(&batch.records));
            }
            batch.records = fresh;
            if batch.records.is_empty() {
                continue;
            }
            let Some(failed) = self.first_failed(&batch.records).await else {
                done(last_number(&batch.records));
                continue;
            };
            let function_failed = failed.is_none();
            let rest = batch.records.split_off(failed.unwrap_or(0));
            if let Some(taken) = batch.records.last() {
                done(record::sequence_number(taken));
            }
            batch.records = rest;
            if function_failed && self.mapping.bisects && batch.records.len() > 1 {
                let second = batch.records.split_off(batch.records.len().div_ceil(2));
                pending.push(Batch { records: second, retries: batch.retries });
            } else if self.mapping.max_retries.is_some_and(|most| batch.retries >= most) {
                let why = (Condition::RetriesExhausted, function_failed);
                self.give_up(shard, &batch, why, running).await?;
                done(last_number(&batch.records));
                continue;
            } else {
                batch.retries = batch.retries.saturating_add(1);
            }
            running.rest(pause(batch.retries)).await;
            if running.is_over() {
                return Goes::Break(());
            }
            pending.push(batch);
        }
        Goes::Continue(())
    }

    /// `None` where nothing failed; `Some(None)` where all of it did; else the place of the first that did.
    async fn first_failed(&self, records: &[Value]) -> Option<Option<usize>> {
        let Some(failed) = self.sink.take(records).await else { return Some(None) };
        if failed.is_empty() || !self.mapping.reports_failures {
            return None;
        }
        let places = failed
            .iter()
            .map(|id| records.iter().position(|record| record::sequence_number(record) == id));
        // An id of no record of the batch means that all of it failed.
        Some(places.collect::<Option<Vec<_>>>().and_then(|places| places.into_iter().min()))
    }

    /// How many records at the front are older than the mapping allows.
    fn too_old(&self, records: &[Value]) -> usize {
        let Some(most) = self.mapping.max_age_seconds.and_then(|it| i64::try_from(it).ok()) else {
            return 0;
        };
        let oldest = Timestamp::now().unix_seconds().saturating_sub(most);
        let old = |it: &&Value| record::created_at(it).is_some_and(|at| at < oldest);
        records.iter().take_while(old).count()
    }

    /// Tells the destination, however long that takes: nothing is passed over in silence.
    async fn give_up(
        &self,
        shard: &str,
        batch: &Batch,
        (condition, function_failed): (Condition, bool),
        running: &mut Running,
    ) -> Goes {
        let invocations = match condition {
            Condition::RetriesExhausted => batch.retries.saturating_add(1),
            Condition::TooOld => batch.retries,
        };
        tracing::error!(
            operation = self.sink.operation(),
            sequence_number = batch.records.first().map(record::sequence_number),
            records = batch.records.len(),
            condition = condition.as_str(),
            "records were given up"
        );
        let Some(destination) = &self.failures else { return Goes::Continue(()) };
        let given_up = GivenUp {
            operation: self.sink.operation(),
            stream: &self.arn,
            shard,
            records: &batch.records,
            condition,
            invocations,
            function_failed,
        };
        let mut failures = 0_usize;
        while let Err(error) = destination.tell(&given_up).await {
            failures = failures.saturating_add(1);
            tracing::warn!(error = chain(&*error), "the failure destination was not reached");
            running.rest(pause(failures)).await;
            if running.is_over() {
                return Goes::Break(());
            }
        }
        Goes::Continue(())
    }
}

fn last_number(records: &[Value]) -> &str {
    records.last().map(record::sequence_number).unwrap_or_default()
}

/// Twice as long each time.
fn pause(failures: usize) -> Duration {
    let doublings = u32::try_from(failures).unwrap_or(u32::MAX).saturating_sub(1).min(16);
    INTERVAL.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_PAUSE)
}
