//! What one sandbox knows of one window, and the permits that it has of it.
//!
//! Whoever holds permits that others cannot use makes the limit seem lower than it is, and whoever uses them late makes it
//! seem higher. So all sandboxes together hold at most a [`SPARE`]th of the limit unused: each of it as much as it has of the
//! traffic, and nobody more than its own traffic of the last ten seconds. Near the limit that is one by one.

use std::{collections::BTreeMap, time::Duration};

use super::window::{BlockName, COUNTS_MS, Change, Window, slice_of};
use crate::{
    domain::Timestamp,
    error::Throttled,
    expiring::{Expiring, Lifetime},
};

/// How long a block may be used, in milliseconds.
const BLOCK_MS: i64 = 10_000;
/// How long what a window said is good enough to plan by, in milliseconds.
const KNOWN_MS: i64 = 20_000;
/// How long after a block was taken its unused permits may be given back, in milliseconds. Whoever takes the block for past
/// has looked later than that: so the past is nobody's to change.
const RETURN_MS: i64 = COUNTS_MS - KNOWN_MS - 1_000;
/// Which part of the limit may be unused in blocks: 4 %.
const SPARE: i64 = 25;
/// How long a refusal is believed without another look, at most.
const REFUSAL: Duration = Duration::from_secs(1);

/// One window as one sandbox knows it.
#[derive(Debug, Default)]
pub(super) struct Held {
    known: Option<(Window, i64)>,
    block: Option<HeldBlock>,
    /// What this sandbox took, by slice.
    own: BTreeMap<i64, i64>,
    refused: Option<Expiring<Throttled>>,
}

/// The permits that a sandbox took last.
#[derive(Debug, Clone, Copy)]
struct HeldBlock {
    name: BlockName,
    /// How many were taken: one, which counts in its slice, or a block in the item.
    permits: i64,
    used: i64,
    /// How many may be used: all, unless others took some at the same moment.
    usable: i64,
}

impl HeldBlock {
    const fn age(&self, now: i64) -> i64 {
        now.saturating_sub(self.name.at)
    }
}

impl Held {
    /// A permit of the block at hand, or a refusal that still holds; `None` where the table has to be asked.
    pub(super) fn at_hand(&mut self, now: Timestamp) -> Option<Result<(), Throttled>> {
        if let Some(refused) = self.refused.as_ref().and_then(|refused| refused.get(now)) {
            return Some(Err(*refused));
        }
        let now = now.unix_millis();
        let block = self.block.as_mut().filter(|block| (0..BLOCK_MS).contains(&block.age(now)))?;
        if block.used >= block.usable {
            return None;
        }
        block.used = block.used.saturating_add(1);
        Some(Ok(()))
    }

    /// Whether the item has to be read first: nothing is known of it, or nothing recent, or that it is full.
    pub(super) fn must_look(&self, limit: u32, now: Timestamp) -> bool {
        let now = now.unix_millis();
        limit > 0
            && self.known.as_ref().is_none_or(|(window, at)| {
                let age = now.saturating_sub(*at);
                !(0..KNOWN_MS).contains(&age) || window.counting(now) >= i64::from(limit)
            })
    }

    /// Takes note of what was read at `now`.
    pub(super) fn look(&mut self, window: Window, now: Timestamp) {
        self.known = Some((window, now.unix_millis()));
    }

    /// What is to be written for the next permits; where there are none, when there will be.
    pub(super) fn plan(
        &mut self,
        limit: u32,
        now: Timestamp,
        id: u32,
    ) -> Result<Change, Throttled> {
        let (at, most) = (now.unix_millis(), i64::from(limit));
        let window = self.known.as_ref().map(|(window, _)| window.clone()).unwrap_or_default();
        if window.counting(at) >= most {
            return Err(self.refuse(limit, &window, now));
        }
        let mut slices = BTreeMap::new();
        let (old_slices, mut old_blocks) = window.outdated(at);
        let mut returned = 0;
        let last = self.block.filter(|block| block.permits > 1);
        if let Some(last) = last.filter(|block| (0..RETURN_MS).contains(&block.age(at))) {
            returned = last.permits.saturating_sub(last.used);
            old_blocks.retain(|name| *name != last.name);
            old_blocks.push(last.name);
            slices.insert(slice_of(last.name.at), last.used);
        }
        let permits = self.next_size(most, &window, at, returned);
        let name = BlockName { at, id };
        let block = (permits > 1).then_some((name, permits));
        if block.is_none() {
            let count: &mut i64 = slices.entry(slice_of(at)).or_default();
            *count = count.saturating_add(permits);
        }
        slices.retain(|_, n| *n != 0);
        Ok(Change {
            at: now,
            bound: most.saturating_add(window.past(at)).saturating_add(returned),
            taken: permits.saturating_sub(returned),
            slices,
            block,
            old_slices,
            old_blocks,
        })
    }

    /// How many permits to take: one, where this sandbox has not been asked lately.
    fn next_size(&mut self, most: i64, window: &Window, at: i64, returned: i64) -> i64 {
        self.own.retain(|slice, _| slice_of(at.saturating_sub(COUNTS_MS)) < *slice);
        let (counting, own) = (window.counting(at), self.own.values().sum::<i64>());
        let own_block = self.block.map(|block| block.name);
        let own_unsettled = own_block.and_then(|name| window.blocks.get(&name)).copied();
        let unsettled =
            window.unsettled(at).saturating_sub(own_unsettled.unwrap_or(1).saturating_sub(1));
        let spare = most.div_euclid(SPARE);
        let ours = spare.saturating_mul(own).checked_div(counting).unwrap_or(0);
        let spare = ours.min(spare.saturating_sub(unsettled)).max(0);
        let wanted = match self.block {
            // All of it was of use, and soon: twice as many will be.
            Some(block) if (0..BLOCK_MS).contains(&block.age(at)) => {
                block.permits.saturating_mul(2)
            }
            // Some of it was not: as many as were.
            Some(block) if (0..RETURN_MS).contains(&block.age(at)) => block.used,
            Some(_) | None => 1,
        };
        let room = most.saturating_sub(counting).saturating_add(returned);
        wanted.min(spare.saturating_add(1)).min(room).max(1)
    }

    /// Takes note of a change that was written, and of what the item says since. One of its permits is used.
    pub(super) fn took(&mut self, limit: u32, change: &Change, window: Window) {
        let at = change.at.unix_millis();
        let (name, permits) = change.block.unwrap_or((BlockName { at, id: 0 }, 1));
        // Whoever passes the bound with the last of a block leaves what is beyond.
        let beyond = window.counting(at).saturating_sub(i64::from(limit)).max(0);
        let usable = permits.saturating_sub(beyond).max(1);
        self.block = Some(HeldBlock { name, permits, used: 1, usable });
        let own = self.own.entry(slice_of(at)).or_default();
        *own = own.saturating_add(permits);
        self.refused = None;
        self.known = Some((window, at));
    }

    /// Takes note that others took the last permits.
    pub(super) fn refused(&mut self, limit: u32, window: Window, now: Timestamp) -> Throttled {
        let throttled = self.refuse(limit, &window, now);
        self.known = Some((window, now.unix_millis()));
        throttled
    }

    fn refuse(&mut self, limit: u32, window: &Window, now: Timestamp) -> Throttled {
        let at = now.unix_millis();
        let free_at = window.free_at(i64::from(limit), at);
        let wait = u64::try_from(free_at.saturating_sub(at)).unwrap_or(1).max(1);
        let throttled = Throttled {
            limit,
            reset_at: Timestamp::from_unix_millis(free_at),
            retry_after: Duration::from_secs(wait.div_ceil(1_000)),
        };
        let believed = Lifetime::of(REFUSAL.min(Duration::from_millis(wait)));
        self.refused = Some(Expiring::new(throttled, now, believed));
        throttled
    }
}
