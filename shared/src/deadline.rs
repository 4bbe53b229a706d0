//! When a request has to be answered, known to everything that is called for it.
//!
//! Lambda ends a function in the middle of whatever it does, and its caller then reads an error that is not ours. So a
//! request has one deadline, a little before Lambda's: every call to AWS gets what is left until then
//! ([`crate::aws::Patience`]), and what is not done by then is given up and answered with a 503.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::Timestamp;

tokio::task_local! {
    static CURRENT: Deadline;
}

/// A moment by which an answer has to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

/// The work was not done in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the deadline has passed")]
pub struct Passed;

/// What writing the answer and handing it to Lambda may take.
const MARGIN: Duration = Duration::from_millis(500);

/// What is left for a request of which nobody says when it ends: the template's ten seconds without the margin.
const DEFAULT: Duration = Duration::from_millis(9_500);

/// Lambda's own limit. A date beyond that is none of Lambda's.
const LONGEST: Duration = Duration::from_mins(15);

/// How long before the deadline the last call to AWS ends, so that the answer can name the call.
const AFTER_CALLS: Duration = Duration::from_millis(250);

impl Deadline {
    /// The deadline of an invocation that Lambda ends at a time, in milliseconds since the Unix epoch; 0 is no time.
    pub fn of_invocation(ends_at: u64) -> Self {
        if ends_at == 0 {
            return Self::after(DEFAULT);
        }
        // The platform's own clock on both sides. While a request is answered nothing is frozen, so that from here on the
        // monotonic clock does.
        let now = u64::try_from(Timestamp::now().unix_millis()).unwrap_or_default();
        let left = Duration::from_millis(ends_at.saturating_sub(now)).min(LONGEST);
        Self::after(left.saturating_sub(MARGIN))
    }

    /// So long from now on.
    pub fn after(left: Duration) -> Self {
        let now = Instant::now();
        Self(now.checked_add(left).unwrap_or(now))
    }

    /// This deadline, but for so much that something is still to be done before it.
    #[must_use]
    pub fn earlier(self, by: Duration) -> Self {
        Self(self.0.checked_sub(by).unwrap_or(self.0))
    }

    /// The deadline of the request that is being answered; `None` outside of any.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|deadline| *deadline).ok()
    }

    /// What is left.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// What is left for a call to AWS.
    pub fn left_for_a_call(self) -> Duration {
        self.left().saturating_sub(AFTER_CALLS)
    }

    /// Does some work under this deadline: everything in it knows it, and it is given up when the deadline passes.
    pub async fn bound<F: Future>(self, work: F) -> Result<F::Output, Passed> {
        let work = CURRENT.scope(self, work);
        tokio::time::timeout_at(self.0, work).await.map_err(|_elapsed| Passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_ends_at_its_deadline_and_knows_it() {
        assert_eq!(Deadline::current(), None);
        let deadline = Deadline::after(Duration::from_mins(1));
        assert_eq!(deadline.bound(async { Deadline::current() }).await, Ok(Some(deadline)));
        let nearer = deadline.earlier(Duration::from_millis(59_990));
        let both = deadline.bound(nearer.bound(std::future::pending::<()>())).await;
        assert_eq!(both, Ok(Err(Passed)));
        assert_eq!(nearer.left(), Duration::ZERO);
        assert_eq!(nearer.left_for_a_call(), Duration::ZERO);
    }

    #[test]
    fn an_answer_is_due_before_lambda_ends_the_function() {
        let now = u64::try_from(Timestamp::now().unix_millis()).unwrap();
        let left = |ends_at| Deadline::of_invocation(ends_at).left();
        let minutes = left(now + 600_000);
        let most = Duration::from_mins(10).saturating_sub(MARGIN);
        assert!(minutes <= most && minutes > most / 2, "{minutes:?}");
        assert!(left(0) <= DEFAULT && left(0) > DEFAULT / 2);
        assert_eq!(left(1), Duration::ZERO);
        assert!(left(u64::MAX) <= LONGEST);
    }
}
