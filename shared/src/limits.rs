//! Rate limits: so many reads and so many writes of one API key in any minute, however many sandboxes serve it.
//!
//! One item per key and kind of traffic counts the permits that were taken (see [`Window`]). To take one is **one
//! unconditional addition** but for its bound: `taken` may not pass what is allowed, and DynamoDB checks and adds in one step,
//! so that however many sandboxes ask at once nobody has to try twice. A sandbox that meets a key for the first time reads the
//! item and takes exactly one permit; one that goes on being asked takes a few at once, and gives back what it did not use
//! (see `limits/held.rs`). The arithmetic is in `docs/adr/0034-rate-limits-by-a-bounded-counter.md`.

mod held;
mod window;

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use tokio::sync::Mutex;

use self::held::Held;
pub use self::window::{BlockName, Change, Window};
use crate::{
    clock::Clock,
    domain::Scope,
    error::{Error, Result},
    store::Store,
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

type WindowKey = (Scope, String, Traffic);

/// The limiter of one sandbox.
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
        // The cache's own timer promises nothing: it frees the memory of callers who are gone.
        let idle = Duration::from_mins(5);
        let held = Cache::builder().max_capacity(Self::CAPACITY).time_to_idle(idle).build();
        Self { store, limits, clock, held }
    }

    /// Takes a permit for one request of `actor`, or says when there will be one. At most one read and one write of the table,
    /// and neither while there are permits at hand, or while there is known to be none.
    pub async fn take(&self, scope: &Scope, actor: &str, traffic: Traffic) -> Result<()> {
        let limit = match traffic {
            Traffic::Read => self.limits.reads_per_minute,
            Traffic::Write => self.limits.writes_per_minute,
        };
        let key = (scope.clone(), actor.to_owned(), traffic);
        let held = self.held.get_with(key, async { Arc::default() }).await;
        let mut held = held.lock().await;
        let now = self.clock.now();
        if let Some(known) = held.at_hand(now) {
            return known.map_err(Error::Throttled);
        }
        if held.must_look(limit, now) {
            let window = self.store.window(scope, actor, traffic).await?;
            held.look(window, now);
        }
        let id = u32::from_be_bytes(vault::random()?);
        let change = held.plan(limit, now, id).map_err(Error::Throttled)?;
        match self.store.change_window(scope, actor, traffic, &change).await? {
            Ok(window) => held.took(limit, &change, window),
            Err(window) => return Err(Error::Throttled(held.refused(limit, window, now))),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
