//! What a deployment decides. The environment is read here and nowhere else.

use lambda_http::http::HeaderValue;
use time::Duration;

use crate::{expiring::Lifetime, limits::RateLimits, vault::KEY_LIFETIME, webhooks::Reach};

/// The environment of every function, as `template.yaml` declares it.
#[derive(Debug, Clone)]
pub struct Config {
    /// `USERS_TABLE`: the table of users.
    pub users_table: String,
    /// `KEYS_TABLE`: the table of wrapped keys and API keys.
    pub keys_table: String,
    /// `KMS_KEY_ID`: the KMS key (id or ARN) that wraps the keys of tenants.
    pub kms_key_id: String,
    /// `PROBLEM_BASE_URL`: where the documentation of the error codes stands, without a last slash.
    pub problem_base_url: String,
    /// `PUBLIC_BASE_URL`: where clients reach the API, without a last slash; links begin with it.
    pub public_base_url: Option<String>,
    /// `CORS_ALLOW_ORIGIN`: from where scripts in a browser may read answers: an origin, or `*`. Unset: from nowhere.
    pub cors_allow_origin: Option<HeaderValue>,
    /// `RETENTION_DAYS`, default 30: how long deleted users are kept; 0 for not at all.
    pub retention: Duration,
    /// `RATE_LIMIT_READS_PER_MINUTE`, default 600, and `RATE_LIMIT_WRITES_PER_MINUTE`, default 300: what one API key may
    /// do in any 60 seconds.
    pub rate_limits: RateLimits,
    /// How long unwrapped keys are kept.
    pub key_lifetime: Lifetime,
    /// `WEBHOOK_QUEUE_URL`: where deliveries wait. Only the workers have it.
    pub webhook_queue_url: Option<String>,
    /// `STREAM_FAILURE_QUEUE_URL`: where what cannot be read of the stream is put aside. Only the fan-out has it.
    pub stream_failure_queue_url: Option<String>,
    /// `ALLOW_LOCAL_WEBHOOKS`: `true` lets webhooks go to any host and over plain HTTP. For one's own machine; anything else
    /// means no.
    pub webhook_reach: Reach,
}

/// A variable that is missing or wrong. Names it, and never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It has no value and no default.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// It must be the value of a header.
    #[error("the environment variable {0} cannot stand in a header")]
    NotAHeader(&'static str),
    /// It must be a whole number.
    #[error("the environment variable {0} is not a whole number from 0 to 4294967295")]
    NotANumber(&'static str),
}

impl Config {
    /// Reads the process's environment.
    #[expect(clippy::disallowed_methods, reason = "this is where the environment enters")]
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads any environment.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let required =
            |name| lookup(name).filter(|value| !value.is_empty()).ok_or(ConfigError::Missing(name));
        Ok(Self {
            users_table: required("USERS_TABLE")?,
            keys_table: required("KEYS_TABLE")?,
            kms_key_id: required("KMS_KEY_ID")?,
            problem_base_url: required("PROBLEM_BASE_URL")?.trim_end_matches('/').to_owned(),
            public_base_url: lookup("PUBLIC_BASE_URL")
                .map(|url| url.trim_end_matches('/').to_owned())
                .filter(|url| !url.is_empty()),
            cors_allow_origin: lookup("CORS_ALLOW_ORIGIN")
                .filter(|origin| !origin.is_empty())
                .map(HeaderValue::try_from)
                .transpose()
                .map_err(|_| ConfigError::NotAHeader("CORS_ALLOW_ORIGIN"))?,
            retention: Duration::days(i64::from(number(&lookup, "RETENTION_DAYS", 30)?)),
            rate_limits: RateLimits {
                reads_per_minute: number(&lookup, "RATE_LIMIT_READS_PER_MINUTE", 600)?,
                writes_per_minute: number(&lookup, "RATE_LIMIT_WRITES_PER_MINUTE", 300)?,
            },
            key_lifetime: KEY_LIFETIME,
            webhook_queue_url: lookup("WEBHOOK_QUEUE_URL").filter(|url| !url.is_empty()),
            stream_failure_queue_url: lookup("STREAM_FAILURE_QUEUE_URL")
                .filter(|url| !url.is_empty()),
            webhook_reach: match lookup("ALLOW_LOCAL_WEBHOOKS").as_deref() {
                Some("true") => Reach::Anywhere,
                Some(_) | None => Reach::PublicHttps,
            },
        })
    }
}

fn number(
    lookup: &impl Fn(&str) -> Option<String>,
    name: &'static str,
    default: u32,
) -> Result<u32, ConfigError> {
    let set = lookup(name).filter(|value| !value.is_empty());
    set.map_or(Ok(default), |value| value.parse().map_err(|_| ConfigError::NotANumber(name)))
}
