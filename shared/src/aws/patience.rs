//! How long a call may take: what the request that it is made for has left.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    ConfigBag, Intercept, interceptors::BeforeSerializationInterceptorContextRef,
};
use aws_sdk_dynamodb::error::BoxError;

use crate::deadline::Deadline;

/// How many attempts are to fit into what is left.
const ATTEMPTS: u32 = 2;

/// The least that an attempt is given, whatever is left: a service may be slow and answer all the same.
pub(crate) const LEAST: Duration = Duration::from_millis(1_500);

/// Gives each call of a client what is left until the deadline of the request, where that is less than what the client
/// allows anyway; and each attempt a share of it, so that one that hangs leaves time for the next.
#[derive(Debug, Clone, Copy)]
pub struct Patience;

impl Intercept for Patience {
    fn name(&self) -> &'static str {
        "Patience"
    }

    /// Before anything else: the SDK reads the limits right after this.
    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        settings: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(deadline) = Deadline::current() {
            let allowed = settings.load::<TimeoutConfig>().cloned();
            let allowed = allowed.unwrap_or_else(TimeoutConfig::disabled);
            settings.interceptor_state().store_put(limited(&allowed, deadline.left_for_a_call()));
        }
        Ok(())
    }
}

fn limited(allowed: &TimeoutConfig, left: Duration) -> TimeoutConfig {
    let share = left.checked_div(ATTEMPTS).unwrap_or(left).max(LEAST);
    let least = |limit: Option<Duration>, other| limit.map_or(other, |limit| limit.min(other));
    allowed
        .to_builder()
        .operation_timeout(least(allowed.operation_timeout(), left))
        .operation_attempt_timeout(least(allowed.operation_attempt_timeout(), share))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_what_is_left_and_an_attempt_its_share() {
        let seconds = Duration::from_secs_f64;
        let allowed = TimeoutConfig::builder()
            .connect_timeout(seconds(1.0))
            .operation_attempt_timeout(seconds(1.5))
            .operation_timeout(seconds(5.0))
            .build();
        for (left, call, attempt) in
            [(9.0, 5.0, 1.5), (3.0, 3.0, 1.5), (0.3, 0.3, 1.5), (0.0, 0.0, 1.5)]
        {
            let limits = limited(&allowed, seconds(left));
            assert_eq!(limits.operation_timeout(), Some(seconds(call)));
            assert_eq!(limits.operation_attempt_timeout(), Some(seconds(attempt)));
            assert_eq!(limits.connect_timeout(), Some(seconds(1.0)));
        }
        let limits = limited(&TimeoutConfig::disabled(), seconds(9.0));
        assert_eq!(limits.operation_timeout(), Some(seconds(9.0)));
        assert_eq!(limits.operation_attempt_timeout(), Some(seconds(4.5)));
    }
}
