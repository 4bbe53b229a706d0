//! When a delivery that failed is tried again.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The pauses after the first attempt, the second, and so on: Didit's two, then ours. About 27 and a half hours in all. The
/// queue moves a message to the dead-letter queue when it would be received once more than there are attempts.
pub const PAUSES: [Duration; 7] = [
    Duration::from_secs(MINUTE),
    Duration::from_secs(4 * MINUTE),
    Duration::from_secs(30 * MINUTE),
    Duration::from_secs(2 * HOUR),
    Duration::from_secs(5 * HOUR),
    Duration::from_secs(10 * HOUR),
    Duration::from_secs(10 * HOUR),
];

/// How many attempts there are.
pub const ATTEMPTS: u32 = 8;

/// The pause after so many attempts, a tenth longer or shorter by `chance`, so that those that failed together do not
/// come back together. None after the last one.
pub fn pause(attempts: u32, chance: u8) -> Option<Duration> {
    let index = usize::try_from(attempts.saturating_sub(1)).ok()?;
    let pause = PAUSES.get(index)?;
    let permille = 900_u32.saturating_add(u32::from(chance).saturating_mul(200) / 255);
    pause.saturating_mul(permille).checked_div(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_never_pass_what_a_queue_can_hide() {
        let twelve_hours = Duration::from_secs(12 * HOUR);
        for attempts in 1..ATTEMPTS {
            let (short, long) = (pause(attempts, 0).unwrap(), pause(attempts, 255).unwrap());
            let exact = PAUSES[usize::try_from(attempts).unwrap() - 1];
            assert_eq!((short, long), (exact * 9 / 10, exact * 11 / 10));
            assert!(long < twelve_hours);
        }
        assert_eq!(pause(ATTEMPTS, 128), None);
        assert_eq!(pause(u32::MAX, 128), None);
    }
}
