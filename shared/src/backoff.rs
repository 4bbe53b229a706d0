//! Pauses between attempts: longer each time, and never the same for two callers.

use std::time::Duration;

use crate::vault;

/// The longest pause after the first attempt.
const FIRST: Duration = Duration::from_millis(25);

/// The longest pause at all.
const LONGEST: Duration = Duration::from_millis(800);

/// Pauses before the next attempt, with full jitter: any time up to a limit that doubles with each attempt, counted from 1
/// ([Exponential Backoff and Jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)).
pub(crate) async fn pause(attempt: usize) {
    // Where there is no randomness there is no key either, and nothing to be attempted.
    let chance = vault::random().map_or(u16::MAX, u16::from_be_bytes);
    tokio::time::sleep(jittered(attempt, chance)).await;
}

fn limit(attempt: usize) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST)
}

fn jittered(attempt: usize, chance: u16) -> Duration {
    let micros = limit(attempt).as_micros().saturating_mul(u128::from(chance));
    Duration::from_micros(u64::try_from(micros.div_euclid(u128::from(u16::MAX))).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_spread_over_all_of_it() {
        let limits: Vec<_> = (1..=8).map(|attempt| limit(attempt).as_millis()).collect();
        assert_eq!(limits, [25, 50, 100, 200, 400, 800, 800, 800]);
        assert_eq!(limit(usize::MAX), LONGEST);
        for attempt in 1..=8 {
            assert_eq!(jittered(attempt, 0), Duration::ZERO);
            assert_eq!(jittered(attempt, u16::MAX), limit(attempt));
            let half = jittered(attempt, u16::MAX / 2);
            assert!(half < limit(attempt) / 2 && half > limit(attempt) / 3, "{half:?}");
        }
    }
}
