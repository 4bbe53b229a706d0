//! Rate limits: so many reads and so many writes of one API key in any 60 seconds, however many instances serve it.
//!
//! Counting every request in a table would cost a write per request. So an instance takes permits in **blocks**: one
//! conditional write for a tenth of what is left, good for a few seconds. A block counts against the limit until 60
//! seconds after the last moment at which one of its permits can have been used; when the instance comes back for the
//! next block, it reports how many it used of the last one and until when. So there are never more requests than allowed
//! in any 60 seconds, near the limit permits go one by one, and what an idle instance holds comes back by itself.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use tokio::sync::Mutex;

use crate::{
    clock::Clock,
    domain::{Scope, Timestamp},
    error::{Error, Result, Throttled},
    store::{Block, Store, WindowRecord},
    vault,
};

/// What is allowed in any 60 seconds. 0 allows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests that read.
    pub reads_per_minute: u32,
    /// Requests that write.
    pub writes_per_minute: u32,
}

/// Which of the two limits a request falls under: GET reads, everything else writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Traffic {
    /// Reads.
    Read,
    /// Writes.
    Write,
}

impl Traffic {
    /// The name in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// The window that a limit is for, in milliseconds.
pub(crate) const WINDOW_MS: i64 = 60_000;
/// How long a block may be used, in milliseconds.
const BLOCK_MS: i64 = 10_000;
/// How long a refusal is believed without another look, in milliseconds.
const REFUSAL_MS: i64 = 1_000;
/// Which part of what is left one block takes.
const SHARE: u32 = 10;
/// How often a block is tried for when other instances are at the same window.
const ATTEMPTS: usize = 50;

/// What an instance knows of one window.
#[derive(Debug, Default)]
struct Held {
    window: WindowRecord,
    block: Option<HeldBlock>,
    refused: Option<(Timestamp, Throttled)>,
}

/// The block that an instance is using up.
#[derive(Debug)]
struct HeldBlock {
    id: u64,
    left: u32,
    used: u32,
    ends_at: i64,
    last_used_at: i64,
}

type WindowKey = (Scope, String, Traffic);

/// The limiter of one instance.
pub struct RateLimiter {
    store: Store,
    limits: RateLimits,
    clock: Clock,
    held: Cache<WindowKey, Arc<Mutex<Held>>>,
}

impl std::fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RateLimiter({:?})", self.limits)
    }
}

impl RateLimiter {
    const CAPACITY: u64 = 10_000;

    /// A limiter over the Users table.
    pub fn new(store: Store, limits: RateLimits, clock: Clock) -> Self {
        let idle = Duration::from_mins(5);
        let held = Cache::builder().max_capacity(Self::CAPACITY).time_to_idle(idle).build();
        Self { store, limits, clock, held }
    }

    /// Takes a permit for one request of `actor`, or says when there will be one.
    pub async fn take(&self, scope: &Scope, actor: &str, traffic: Traffic) -> Result<()> {
        let limit = match traffic {
            Traffic::Read => self.limits.reads_per_minute,
            Traffic::Write => self.limits.writes_per_minute,
        };
        let key = (scope.clone(), actor.to_owned(), traffic);
        let held = self.held.get_with(key, async { Arc::default() }).await;
        let mut held = held.lock().await;
        let now = self.clock.now();
        if held.spend(now) {
            return Ok(());
        }
        if let Some((until, throttled)) = held.refused
            && now < until
        {
            return Err(Error::Throttled(throttled));
        }
        for attempt in 1..=ATTEMPTS {
            let (next, outcome) = held.renewed(limit, now)?;
            match self.store.put_window(scope, actor, traffic, &held.window, &next).await? {
                Ok(()) => {
                    held.window = next;
                    return held.settle(outcome, now);
                }
                Err(newer) => held.window = newer,
            }
            if attempt.is_multiple_of(8) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        Err(Error::Contended)
    }
}

/// What a renewal of the window comes to.
#[derive(Clone, Copy)]
enum Outcome {
    Granted { id: u64, permits: u32 },
    Refused(Throttled),
}

impl Held {
    /// Uses a permit of the block at hand.
    fn spend(&mut self, now: Timestamp) -> bool {
        let now = now.unix_millis();
        let Some(block) = self.block.as_mut().filter(|block| block.left > 0 && now < block.ends_at)
        else {
            return false;
        };
        block.left = block.left.saturating_sub(1);
        block.used = block.used.saturating_add(1);
        block.last_used_at = block.last_used_at.max(now);
        true
    }

    /// The window with the last block settled, old blocks dropped and, where there is room, a new block.
    fn renewed(&self, limit: u32, now: Timestamp) -> Result<(WindowRecord, Outcome)> {
        let now_ms = now.unix_millis();
        let mut blocks = self.window.blocks.clone();
        if let Some(own) = &self.block {
            for block in blocks.iter_mut().filter(|block| block.id == own.id) {
                block.permits = own.used;
                block.until = own.last_used_at;
            }
        }
        blocks.retain(|block| block.permits > 0 && block.until.saturating_add(WINDOW_MS) > now_ms);
        let taken = blocks.iter().fold(0_u32, |sum, block| sum.saturating_add(block.permits));
        let left = limit.saturating_sub(taken);
        let outcome = if left == 0 {
            Outcome::Refused(throttled(limit, &blocks, now))
        } else {
            let id = u64::from_be_bytes(vault::random()?);
            let permits = left.div_euclid(SHARE).max(1);
            blocks.push(Block { id, permits, until: now_ms.saturating_add(BLOCK_MS) });
            Outcome::Granted { id, permits }
        };
        // A window that is begun anew has a number that none had before it: an instance that knows an older one is not to
        // take this one for its own.
        let version = match self.window.version {
            0 => u64::try_from(now_ms).unwrap_or(1).max(1),
            known => known.saturating_add(1),
        };
        Ok((WindowRecord { version, blocks }, outcome))
    }

    /// Takes note of a renewal that was written.
    fn settle(&mut self, outcome: Outcome, now: Timestamp) -> Result<()> {
        let now_ms = now.unix_millis();
        match outcome {
            Outcome::Granted { id, permits } => {
                let ends_at = now_ms.saturating_add(BLOCK_MS);
                let left = permits.saturating_sub(1);
                self.block = Some(HeldBlock { id, left, used: 1, ends_at, last_used_at: now_ms });
                self.refused = None;
                Ok(())
            }
            Outcome::Refused(throttled) => {
                self.block = None;
                let until = Timestamp::from_unix_millis(now_ms.saturating_add(REFUSAL_MS));
                self.refused = Some((until.min(throttled.reset_at), throttled));
                Err(Error::Throttled(throttled))
            }
        }
    }
}

/// The next permit comes free when the oldest block leaves the window.
fn throttled(limit: u32, blocks: &[Block], now: Timestamp) -> Throttled {
    let now_ms = now.unix_millis();
    let oldest = blocks.iter().map(|block| block.until).min().unwrap_or(now_ms);
    let wait_ms = oldest.saturating_add(WINDOW_MS).saturating_sub(now_ms).max(1);
    let seconds = u64::try_from(wait_ms).unwrap_or(1).div_ceil(1000);
    let retry_after = Duration::from_secs(seconds);
    let reset_at = Timestamp::from_unix_millis(now_ms.saturating_add(wait_ms));
    Throttled { limit, reset_at, retry_after }
}
