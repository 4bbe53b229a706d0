//! The wiring: built once, lent to every request.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};

use crate::{
    auth::Authenticator,
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
        let sdk = bounded(sdk);
        let dynamodb = aws_sdk_dynamodb::Client::new(&sdk);
        let store = Store::new(dynamodb, config.users_table.clone(), config.keys_table.clone());
        let store = store.with_clock(clock.clone());
        let kms = aws_sdk_kms::Client::new(&sdk);
        let keyring =
            Keyring::new(kms, config.kms_key_id.clone(), store.clone(), config.key_lifetime);
        let rate_limiter = RateLimiter::new(store.clone(), config.rate_limits, clock.clone());
        Self {
            authenticator: Authenticator::new(store.clone()),
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

/// Three quick attempts within what a function's ten seconds allow: a service that stays away becomes a 503 of ours
/// and not a time-out of Lambda's. Whoever hands in a configuration with a time limit of its own has reasons.
pub fn bounded(sdk: &SdkConfig) -> SdkConfig {
    let chosen = sdk.timeout_config().filter(|timeouts| timeouts.operation_timeout().is_some());
    let timeouts = chosen.cloned().unwrap_or_else(|| {
        TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(Duration::from_millis(1_500))
            .operation_timeout(Duration::from_secs(4))
            .build()
    });
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50));
    sdk.to_builder().timeout_config(timeouts).retry_config(retries).build()
}
