//! The whole `main` of a Lambda binary.

use std::convert::Infallible;

use lambda_http::{LambdaEvent, lambda_runtime, service_fn};
use serde_json::value::RawValue;
use tracing_subscriber::fmt::writer::MakeWriterExt as _;

use crate::{app::App, http::Endpoint};

/// Serves one endpoint until the platform ends the process. Fails only at the start, on a bad configuration: that
/// shows as a failed initialisation, not as a row of 500s.
pub fn run(endpoint: &'static Endpoint) -> Result<(), lambda_http::Error> {
    init_tracing();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let app = App::from_env().await.inspect_err(|error| {
            // What `main` returns is printed as its `Debug`, which is not for people.
            tracing::error!(cause = error.to_string(), "initialisation failed");
        })?;
        // The event is taken as it is: the runtime's own reader refuses, or panics at, much that clients can send.
        lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
            // Infallible: nothing of ours reaches the runtime's own error path, whose words are not ours.
            Ok::<_, Infallible>(endpoint.answer(&app, event.payload.get(), event.context).await)
        }))
        .await
    })
}

/// Starts the JSON log on standard error, one line per event at level `info` and above, and a panic hook that tells
/// where and never with what.
pub fn init_tracing() {
    init_tracing_where(|_| true);
}

/// As [`init_tracing`], with only those events that `shows` lets through.
pub fn init_tracing_where(shows: fn(&tracing::Metadata<'_>) -> bool) {
    let log = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false);
    // A second start in one process (a test) keeps the first log.
    drop(
        log.with_target(false)
            .with_writer(std::io::stderr.with_filter(shows))
            .with_max_level(tracing::Level::INFO)
            .try_init(),
    );
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}
