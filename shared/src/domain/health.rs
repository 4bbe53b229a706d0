//! How a destination is doing, and the breaker that follows from it.

use time::Duration;

use super::{Figures, Timestamp};

/// How a destination is doing. The breaker is open when the last [`Health::THRESHOLD`] attempts failed: then deliveries wait,
/// and one at a time is let through as a probe. It closes with the first success.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// How deliveries went so far.
    pub figures: Figures,
    /// How many attempts have failed since the last success.
    pub streak: u64,
    /// How many probes have failed since the breaker opened.
    pub probes: u64,
    /// When the next probe may be made, if it is open.
    pub probe_at: Option<Timestamp>,
    /// When the sweep looks at it again, if there may be something that waits for it.
    pub due: Option<Timestamp>,
    /// When something was last put into its waiting line.
    pub parked_at: Option<Timestamp>,
    /// How many deliveries were last let out of the waiting line at once.
    pub released: u64,
}

/// What a delivery may do when its turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is attempted.
    Attempt,
    /// It is attempted if it is the first to claim the probe.
    Probe,
    /// It waits.
    Wait,
}

impl Health {
    /// How many attempts in a row must fail.
    pub const THRESHOLD: u64 = 5;
    /// The longest time between two probes.
    pub const LONGEST_PROBE_PAUSE: Duration = Duration::minutes(30);
    /// For how long a claimed probe keeps others from probing, should its worker die.
    pub const CLAIM: Duration = Duration::minutes(1);

    /// Whether deliveries wait.
    pub const fn is_open(&self) -> bool {
        self.streak >= Self::THRESHOLD
    }

    /// What a delivery may do now.
    pub fn turn(&self, now: Timestamp) -> Turn {
        match self.probe_at {
            _ if !self.is_open() => Turn::Attempt,
            Some(at) if now < at => Turn::Wait,
            Some(_) | None => Turn::Probe,
        }
    }

    /// When the next probe may be made after so many that failed: a minute later, then two, four, and at last every half
    /// hour.
    pub fn next_probe(now: Timestamp, failed: u64) -> Timestamp {
        let doubled = 1_i32.checked_shl(u32::try_from(failed).unwrap_or(u32::MAX).min(10));
        let pause = Duration::minutes(1).checked_mul(doubled.unwrap_or(i32::MAX));
        now.plus(pause.unwrap_or(Self::LONGEST_PROBE_PAUSE).min(Self::LONGEST_PROBE_PAUSE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_in_a_row_open_it_and_then_one_may_probe_at_a_time() {
        let at = Timestamp::from_unix_millis;
        let mut health = Health { streak: Health::THRESHOLD - 1, ..Health::default() };
        assert_eq!(health.turn(at(0)), Turn::Attempt);
        health.streak = Health::THRESHOLD;
        assert_eq!(health.turn(at(0)), Turn::Probe);
        health.probe_at = Some(at(1_000));
        assert_eq!(health.turn(at(999)), Turn::Wait);
        assert_eq!(health.turn(at(1_000)), Turn::Probe);
    }

    #[test]
    fn probes_are_made_ever_more_rarely_and_every_half_hour_at_least() {
        let minutes = |failed| {
            let next = Health::next_probe(Timestamp::from_unix_millis(0), failed);
            next.unix_seconds() / 60
        };
        let pauses: Vec<_> = [0, 1, 2, 3, 4, 5, 6, 100, u64::MAX].map(minutes).into();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30, 30]);
    }
}
