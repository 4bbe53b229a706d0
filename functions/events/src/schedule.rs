//! When a delivery that failed is tried again.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The pauses after the first attempt, the second, and so on: Didit's two, then ours. About 27 and a half hours in all.
/// What has not arrived then is a dead letter.
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
    fn pauses_grow_and_end_before_a_delivery_is_given_up() {
        let mut all = Duration::ZERO;
        for attempts in 1..ATTEMPTS {
            let (short, long) = (pause(attempts, 0).unwrap(), pause(attempts, 255).unwrap());
            let exact = PAUSES[usize::try_from(attempts).unwrap() - 1];
            assert_eq!((short, long), (exact * 9 / 10, exact * 11 / 10));
            all += long;
        }
        assert!(all < shared::domain::Delivery::PATIENCE);
        assert_eq!(pause(ATTEMPTS, 128), None);
        assert_eq!(pause(u32::MAX, 128), None);
    }
}
