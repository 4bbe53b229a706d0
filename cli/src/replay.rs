//! `coffer webhooks replay`

use std::env;

use aws_config::BehaviorVersion;
use clap::{Args, Subcommand};
use coffer::{
    local::chain,
    webhooks::{replay_dead_letters, replay_period},
};
use events::Queue;
use shared::{
    domain::{DestinationId, Mode, Scope, TenantId, Timestamp},
    store::Store,
};

use crate::run_local::block_on;

/// What can be done with webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum Webhooks {
    /// Send again what was given up; or, with --since, the events of a stretch of time
    Replay(Arguments),
}

/// What to send again.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The queue of deliveries [default: that of the environment]
    #[arg(long, value_name = "URL")]
    queue_url: Option<String>,
    /// Only what is for this destination
    #[arg(long, value_name = "UUID", value_parser = destination)]
    destination: Option<DestinationId>,
    /// Send the events from this time on, from the table instead of the dead-letter queue
    #[arg(long, value_name = "TIME", value_parser = time, requires_all = ["destination", "tenant", "mode"])]
    since: Option<Timestamp>,
    /// Send the events before this time [default: now]
    #[arg(long, value_name = "TIME", value_parser = time, requires = "since")]
    until: Option<Timestamp>,
    /// Whose events
    #[arg(long, value_parser = tenant)]
    tenant: Option<TenantId>,
    /// test or live
    #[arg(long, value_parser = mode)]
    mode: Option<Mode>,
    /// The table of users [default: that of the environment]
    #[arg(long, value_name = "NAME")]
    users_table: Option<String>,
}

fn destination(text: &str) -> Result<DestinationId, String> {
    DestinationId::parse(text).map_err(|error| error.to_string())
}

fn tenant(text: &str) -> Result<TenantId, String> {
    TenantId::parse(text).map_err(|error| error.to_string())
}

fn mode(text: &str) -> Result<Mode, String> {
    Mode::parse(text).map_err(|error| error.to_string())
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "must be like 2026-01-31 or 2026-01-31T12:00:00Z".into())
}

/// A value given on the command line, or else by the environment.
fn given(value: Option<&String>, variable: &str) -> Result<String, String> {
    #[expect(clippy::disallowed_methods, reason = "the operator's tool has its own configuration")]
    let value = value.cloned().or_else(|| env::var(variable).ok());
    value.ok_or_else(|| format!("{variable} is not set, and no option names it"))
}

/// Says how many there were. An error is one sentence.
pub(crate) fn run(Webhooks::Replay(arguments): &Webhooks) -> Result<(), String> {
    let count = block_on(replay(arguments))??;
    say(count);
    Ok(())
}

async fn replay(arguments: &Arguments) -> Result<usize, String> {
    let queue_url = given(arguments.queue_url.as_ref(), "WEBHOOK_QUEUE_URL")?;
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let period = arguments.since.zip(arguments.destination);
    let owner = arguments.tenant.clone().zip(arguments.mode);
    let replayed = match (period, owner) {
        (Some((since, destination)), Some((tenant, mode))) => {
            let table = given(arguments.users_table.as_ref(), "USERS_TABLE")?;
            let client = aws_sdk_dynamodb::Client::new(&sdk);
            let store = Store::new(client, table, String::new());
            let queue = Queue::new(&sdk, queue_url);
            let period = (since, arguments.until.unwrap_or_else(Timestamp::now));
            replay_period(&store, &queue, &Scope { tenant, mode }, destination, period).await
        }
        _ => replay_dead_letters(&sdk, &queue_url, arguments.destination).await,
    };
    replayed.map_err(|error| format!("the replay was interrupted: {}", chain(&*error)))
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn say(count: usize) {
    println!("{count} put into the queue");
}
