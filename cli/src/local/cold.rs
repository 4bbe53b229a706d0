//! Sandboxes that serve one request: what Lambda starts when many callers come at once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use shared::clock::Clock;
use time::Duration;

/// How long such a sandbox was frozen between its start and its request.
const FROZEN: Duration = Duration::minutes(30);

/// Starts something half an hour ago by the wall clock, which has moved on when it is handed over. The monotonic clock has
/// not: it stands still while a sandbox is frozen.
pub(super) fn thawed<T>(clock: &Clock, start: impl FnOnce(Clock) -> T) -> T {
    let is_thawed = Arc::new(AtomicBool::new(false));
    let (present, flag) = (clock.clone(), Arc::clone(&is_thawed));
    let clock = Clock::new(move || {
        let now = present.now();
        if flag.load(Ordering::Relaxed) { now } else { now.plus(-FROZEN) }
    });
    let started = start(clock);
    is_thawed.store(true, Ordering::Relaxed);
    started
}

#[cfg(test)]
mod tests {
    use shared::domain::Timestamp;

    use super::*;

    #[test]
    fn built_half_an_hour_ago_and_used_now() {
        let present = Clock::new(|| Timestamp::from_unix_millis(10_000_000));
        let (built_at, clock) = thawed(&present, |clock| (clock.now(), clock));
        assert_eq!(built_at, Timestamp::from_unix_millis(10_000_000 - 1_800_000));
        assert_eq!(clock.now(), present.now());
    }
}
