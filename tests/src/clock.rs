//! A clock that a test moves. It starts at the present, so that what is stored by the machine's own clock is of its time.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use shared::{clock::Clock, domain::Timestamp};

/// The wall clock of a sandbox that may be frozen: it moves when it is told to, while the monotonic clock goes on as ever,
/// so that what is measured with that one shows.
#[derive(Debug, Clone)]
pub struct HandClock(Arc<AtomicI64>);

impl HandClock {
    /// A clock that stands at the present.
    #[expect(clippy::new_without_default, reason = "the present is no default")]
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(Timestamp::now().unix_millis())))
    }

    /// What it reads, in milliseconds since the epoch.
    pub fn millis(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Moves it on, or back.
    pub fn pass(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }

    /// Sets it.
    pub fn set(&self, millis: i64) {
        self.0.store(millis, Ordering::Relaxed);
    }

    /// For whoever reads it.
    pub fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Clock::new(move || Timestamp::from_unix_millis(now.load(Ordering::Relaxed)))
    }

    /// For whoever is so many milliseconds ahead of it.
    pub fn ahead(&self, by: i64) -> Clock {
        let now = Arc::clone(&self.0);
        Clock::new(move || Timestamp::from_unix_millis(now.load(Ordering::Relaxed) + by))
    }
}
