//! The wiring: built once, lent to every request.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_runtime_api::shared::IntoShared as _;

use crate::{
    auth::Authenticator,
    aws::{BusyItems, FreshConnections, LEAST_OF_AN_ATTEMPT, Patience},
    clock::Clock,
    config::{Config, ConfigError},
    limits::RateLimiter,
    store::Store,
    vault::Keyring,
};

/// Everything a handler needs. One for all functions: what each may really call is IAM's to say.
#[derive(Debug)]
pub struct App {
    /// What the deployment decided.
    pub config: Config,
    /// The tables.
    pub store: Store,
    /// The keys of tenants.
    pub keyring: Keyring,
    /// The door.
    pub authenticator: Authenticator,
    /// How often callers may come through it.
    pub rate_limiter: RateLimiter,
    /// What time it is.
    pub clock: Clock,
}

impl App {
    /// Builds the clients. Calls nobody: the first request pays for the first connection.
    pub fn new(config: Config, sdk: &SdkConfig) -> Self {
        Self::with_clock(config, sdk, Clock::system())
    }

    /// The same by another clock.
    pub fn with_clock(config: Config, sdk: &SdkConfig, clock: Clock) -> Self {
        let sdk = bounded_by(sdk, &clock);
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&sdk)
            .interceptor(Patience)
            .retry_classifier(BusyItems);
        let dynamodb = aws_sdk_dynamodb::Client::from_conf(dynamodb.build());
        let store = Store::new(dynamodb, config.users_table.clone(), config.keys_table.clone());
        let store = store.with_clock(clock.clone());
        let kms = aws_sdk_kms::config::Builder::from(&sdk).interceptor(Patience);
        let kms = aws_sdk_kms::Client::from_conf(kms.build());
        let (key_id, lifetime) = (config.kms_key_id.clone(), config.key_lifetime);
        let keyring = Keyring::new(kms, key_id, store.clone(), lifetime, &clock);
        let rate_limiter = RateLimiter::new(store.clone(), config.rate_limits, clock.clone());
        Self {
            authenticator: Authenticator::new(store.clone(), clock.clone()),
            rate_limiter,
            keyring,
            store,
            config,
            clock,
        }
    }

    /// Builds it from the process's environment.
    pub async fn from_env() -> Result<Self, ConfigError> {
        let config = Config::from_env()?;
        Ok(Self::new(config, &aws_config::load_defaults(BehaviorVersion::latest()).await))
    }
}

/// Quick attempts, of which three fit into a call even where each hangs; more where a service says at once that it is busy.
/// What the request has left may allow less: see [`Patience`]. Whoever hands in a configuration with a time limit of its own
/// has reasons.
pub fn bounded(sdk: &SdkConfig) -> SdkConfig {
    bounded_by(sdk, &Clock::system())
}

fn bounded_by(sdk: &SdkConfig, clock: &Clock) -> SdkConfig {
    let chosen = sdk.timeout_config().filter(|timeouts| timeouts.operation_timeout().is_some());
    let timeouts = chosen.cloned().unwrap_or_else(|| {
        TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(LEAST_OF_AN_ATTEMPT)
            .operation_timeout(Duration::from_secs(5))
            .build()
    });
    let retries = RetryConfig::standard()
        .with_max_attempts(5)
        .with_initial_backoff(Duration::from_millis(50));
    let http =
        sdk.http_client().unwrap_or_else(|| FreshConnections::new(clock.clone()).into_shared());
    let sdk = sdk.to_builder().http_client(http);
    sdk.timeout_config(timeouts).retry_config(retries).build()
}
