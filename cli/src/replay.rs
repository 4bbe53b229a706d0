//! `coffer webhooks …`, of which `replay` is here.

use std::env;

use aws_config::BehaviorVersion;
use clap::{Args, Subcommand};
use coffer::{
    local::chain,
    webhooks::{replay_dead_letters, replay_given_up, replay_period},
};
use events::Queue;
use shared::{
    domain::{DestinationId, Mode, Scope, TenantId, Timestamp},
    store::Store,
};
use uuid::Uuid;

use crate::{
    deliveries::{self, Listing, Sending, Target},
    run_local::block_on,
};

/// What can be done with webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum Webhooks {
    /// Send again what was given up for a destination; or, with --since, the events of a stretch of time; or, without a
    /// tenant, the messages that an outage of AWS left in the dead-letter queue
    Replay(Arguments),
    /// List what was attempted for a destination in the last fourteen days, the newest events first
    Attempts(Listing),
    /// List what was given up for a destination in the last fourteen days, the newest events first
    DeadLetters(Listing),
    /// Send a destination one event, again or for the first time
    Send(Sending),
    /// Send a destination an event that says that it is a test
    Test(Target),
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
    /// Only these events of what was given up
    #[arg(long = "event", value_name = "UUID", requires_all = ["destination", "tenant", "mode"], conflicts_with = "since")]
    events: Vec<Uuid>,
    /// Send the events from this time on, whatever became of them
    #[arg(long, value_name = "TIME", value_parser = time, requires_all = ["destination", "tenant", "mode"])]
    since: Option<Timestamp>,
    /// Send the events before this time [default: now]
    #[arg(long, value_name = "TIME", value_parser = time, requires = "since")]
    until: Option<Timestamp>,
    /// Whose events
    #[arg(long, value_parser = tenant, requires_all = ["destination", "mode"])]
    tenant: Option<TenantId>,
    /// test or live
    #[arg(long, value_parser = mode, requires = "tenant")]
    mode: Option<Mode>,
    /// The table of users [default: that of the environment]
    #[arg(long, value_name = "NAME")]
    users_table: Option<String>,
}

pub(crate) fn destination(text: &str) -> Result<DestinationId, String> {
    DestinationId::parse(text).map_err(|error| error.to_string())
}

pub(crate) fn tenant(text: &str) -> Result<TenantId, String> {
    TenantId::parse(text).map_err(|error| error.to_string())
}

pub(crate) fn mode(text: &str) -> Result<Mode, String> {
    Mode::parse(text).map_err(|error| error.to_string())
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "must be like 2026-01-31 or 2026-01-31T12:00:00Z".into())
}

/// A value given on the command line, or else by the environment.
pub(crate) fn given(value: Option<&String>, variable: &str) -> Result<String, String> {
    #[expect(clippy::disallowed_methods, reason = "the operator's tool has its own configuration")]
    let value = value.cloned().or_else(|| env::var(variable).ok());
    value.ok_or_else(|| format!("{variable} is not set, and no option names it"))
}

/// Says what was done, or lists it. An error is one sentence.
pub(crate) fn run(command: &Webhooks) -> Result<(), String> {
    let lines = block_on(async {
        match command {
            Webhooks::Replay(arguments) => replay(arguments).await,
            Webhooks::Attempts(listing) => deliveries::attempts(listing).await,
            Webhooks::DeadLetters(listing) => deliveries::dead_letters(listing).await,
            Webhooks::Send(sending) => deliveries::send(sending).await,
            Webhooks::Test(target) => deliveries::test(target).await,
        }
    })??;
    for line in &lines {
        say(line);
    }
    Ok(())
}

async fn replay(arguments: &Arguments) -> Result<Vec<String>, String> {
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let owner = arguments.tenant.clone().zip(arguments.mode).zip(arguments.destination);
    let queue_url = || given(arguments.queue_url.as_ref(), "WEBHOOK_QUEUE_URL");
    let replayed = match owner {
        None => {
            let moved = replay_dead_letters(&sdk, &queue_url()?, arguments.destination).await;
            moved.map(|count| format!("{count} put into the queue"))
        }
        Some(((tenant, mode), destination)) => {
            let table = given(arguments.users_table.as_ref(), "USERS_TABLE")?;
            let client = aws_sdk_dynamodb::Client::new(&sdk);
            let (store, scope) = (Store::new(client, table, String::new()), Scope { tenant, mode });
            if let Some(since) = arguments.since {
                let queue = Queue::new(&sdk, queue_url()?);
                let period = (since, arguments.until.unwrap_or_else(Timestamp::now));
                let sent = replay_period(&store, &queue, &scope, destination, period).await;
                sent.map(|count| format!("{count} put into the queue"))
            } else {
                let events = &arguments.events;
                let revived = replay_given_up(&store, &scope, destination, events).await;
                revived.map(|count| format!("{count} go out with the next sweeps"))
            }
        }
    };
    let line =
        replayed.map_err(|error| format!("the replay was interrupted: {}", chain(&*error)))?;
    Ok(vec![line])
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn say(line: &str) {
    println!("{line}");
}
