//! How many requests the gateway lets through: a bucket of tokens, as API Gateway has one for each method
//! ([throttling](https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html)).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use crate::template::{Resolver, Template};

/// What an account has where an API says nothing: 10,000 requests a second, 5,000 at once.
const ACCOUNT: Rate = Rate { per_second: 10_000.0, burst: 5_000.0 };

#[derive(Debug, Clone, Copy, PartialEq)]
struct Rate {
    per_second: f64,
    burst: f64,
}

/// The buckets of an API's methods.
#[derive(Debug)]
pub(super) struct Throttle {
    rate: Rate,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Throttle {
    /// By the settings of the template's API for all methods.
    pub(super) fn new(template: &Template) -> Self {
        let resolver = Resolver::new(template);
        let api = template.apis.first();
        let number = |expression: Option<&_>| resolver.resolve(expression?).ok()?.parse().ok();
        let rate = Rate {
            per_second: number(api.and_then(|api| api.throttling_rate.as_ref()))
                .unwrap_or(ACCOUNT.per_second),
            burst: number(api.and_then(|api| api.throttling_burst.as_ref()))
                .unwrap_or(ACCOUNT.burst),
        };
        Self { rate, buckets: Mutex::default() }
    }

    /// Whether a request of this method goes through now.
    pub(super) fn lets_through(&self, method: &str, now: Instant) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = || Bucket { tokens: self.rate.burst, at: now };
        let bucket = buckets.entry(method.to_owned()).or_insert_with(full);
        let grown = now.saturating_duration_since(bucket.at).as_secs_f64() * self.rate.per_second;
        bucket.tokens = (bucket.tokens + grown).min(self.rate.burst);
        bucket.at = now;
        let passes = bucket.tokens >= 1.0;
        if passes {
            bucket.tokens -= 1.0;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_method_has_its_burst_and_then_its_rate() {
        let throttle =
            Throttle { rate: Rate { per_second: 2.0, burst: 3.0 }, buckets: Mutex::default() };
        let began = Instant::now();
        let passed = |method, at| (0..9).filter(|_| throttle.lets_through(method, at)).count();
        assert_eq!(passed("GET /a", began), 3);
        assert_eq!(passed("GET /b", began), 3);
        assert_eq!(passed("GET /a", began + Duration::from_secs(1)), 2);
        assert_eq!(passed("GET /a", began + Duration::from_mins(1)), 3);
    }
}
