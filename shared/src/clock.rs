//! The clock: handed in, so that a test can hold it still or set it back.

use std::sync::Arc;

use crate::domain::Timestamp;

/// Tells the time of day. Between two requests Lambda freezes a sandbox: `CLOCK_MONOTONIC`, hence
/// [`std::time::Instant`] and every timer, stands still, and only the wall clock has moved on. So whatever promises an age
/// in seconds or minutes is measured with this one. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The wall clock of this machine.
    pub fn system() -> Self {
        Self::new(Timestamp::now)
    }

    /// Whatever `read` says the time is.
    pub fn new(read: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}
