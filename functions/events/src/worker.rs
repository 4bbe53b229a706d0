//! What a worker is, and its whole `main`.

use std::panic::AssertUnwindSafe;

use aws_config::{BehaviorVersion, SdkConfig};
use futures_util::{FutureExt as _, future::BoxFuture};
use lambda_http::{LambdaEvent, service_fn};
use serde_json::{Value, json};
use shared::{
    App,
    app::bounded,
    clock::Clock,
    config::{Config, ConfigError},
    deadline::Deadline,
    runtime::init_tracing,
};

use crate::{post::Poster, queue::Queue};

/// Why a worker did not do its work. The batch fails as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// The event is one that no service of AWS sends.
    #[error("the event has no records")]
    Malformed,
    /// AWS was away, or the worker panicked: the log says more.
    #[error("the work was interrupted")]
    Interrupted,
}

/// The body of a worker: from an event of Lambda's to the ids of the records that failed.
pub type Handler = for<'a> fn(&'a Workshop, Value) -> BoxFuture<'a, Result<Vec<String>, Failed>>;

/// A queue that a worker sends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueOf {
    /// Of deliveries.
    Deliveries,
    /// Of what cannot be read.
    Failures,
}

impl QueueOf {
    fn check(self, config: &Config) -> Result<(), ConfigError> {
        let (url, name) = match self {
            Self::Deliveries => (&config.webhook_queue_url, "WEBHOOK_QUEUE_URL"),
            Self::Failures => (&config.stream_failure_queue_url, "STREAM_FAILURE_QUEUE_URL"),
        };
        url.as_ref().map(drop).ok_or(ConfigError::Missing(name))
    }
}

/// One worker: one Lambda binary, one policy, no route.
#[derive(Debug)]
pub struct Worker {
    /// Its one spelling everywhere, as in `events_fan_out`.
    pub operation: &'static str,
    /// The queues that it cannot do without.
    pub queues: &'static [QueueOf],
    /// What it does.
    pub handler: Handler,
}

/// Everything a worker needs.
#[derive(Debug)]
pub struct Workshop {
    /// What the endpoints have too.
    pub app: App,
    /// Where deliveries wait.
    pub queue: Queue,
    pub(crate) failures: Queue,
    pub(crate) poster: Poster,
}

impl Workshop {
    /// Builds the clients. Calls nobody.
    pub fn new(config: Config, sdk: &SdkConfig) -> Self {
        Self::with_clock(config, sdk, Clock::system())
    }

    /// The same by another clock.
    pub fn with_clock(config: Config, sdk: &SdkConfig, clock: Clock) -> Self {
        let bounded = bounded(sdk);
        let queue = |url: &Option<String>| Queue::new(&bounded, url.clone().unwrap_or_default());
        let failures = queue(&config.stream_failure_queue_url);
        let queue = queue(&config.webhook_queue_url);
        let poster = Poster::new(config.webhook_reach);
        Self { app: App::with_clock(config, sdk, clock), queue, failures, poster }
    }
}

impl Worker {
    fn config(&self) -> Result<Config, ConfigError> {
        let config = Config::from_env()?;
        self.queues.iter().try_for_each(|queue| queue.check(&config))?;
        Ok(config)
    }

    /// Handles one batch: the answer that event source mappings with `ReportBatchItemFailures` expect. What a panic left
    /// unsaid is everything: the batch fails as a whole.
    pub async fn answer(&self, shop: &Workshop, event: Value) -> Result<Value, Failed> {
        let work = AssertUnwindSafe((self.handler)(shop, event)).catch_unwind().await;
        let failed = work.unwrap_or(Err(Failed::Interrupted)).inspect_err(|error| {
            tracing::error!(operation = self.operation, cause = error.to_string(), "batch failed");
        })?;
        let failed = failed.into_iter().map(|id| json!({"itemIdentifier": id}));
        Ok(json!({"batchItemFailures": failed.collect::<Vec<_>>()}))
    }
}

/// Serves one worker until the platform ends the process. Fails only at the start, on a bad configuration.
pub fn run(worker: &'static Worker) -> Result<(), lambda_http::Error> {
    init_tracing();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let config = worker.config().inspect_err(bad_configuration)?;
        let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let shop = Workshop::new(config, &sdk);
        lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
            // A batch that has not ended by then fails as a whole, as it would if Lambda ended it.
            let deadline = Deadline::of_invocation(event.context.deadline);
            let answer = deadline.bound(worker.answer(&shop, event.payload));
            async { Ok::<_, lambda_http::Error>(answer.await??) }
        }))
        .await
    })
}

fn bad_configuration(error: &ConfigError) {
    // What `main` returns is printed as its `Debug`, which is not for people.
    tracing::error!(cause = error.to_string(), "initialisation failed");
}

/// The records of an event.
pub(crate) fn records(event: Value) -> Result<Vec<Value>, Failed> {
    let Value::Object(mut members) = event else { return Err(Failed::Malformed) };
    match members.remove("Records") {
        Some(Value::Array(records)) => Ok(records),
        Some(_) | None => Err(Failed::Malformed),
    }
}
