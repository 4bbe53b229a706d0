//! `coffer webhooks attempts`, `dead-letters`, `send` and `test`

use aws_config::BehaviorVersion;
use clap::Args;
use coffer::{local::chain, webhooks};
use shared::{
    domain::{DestinationId, Mode, Scope, TenantId, UserId},
    store::{Attempt, DeadLetter, Store},
};
use uuid::Uuid;

use crate::replay::{destination, given, mode, tenant};

/// One destination.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The destination
    #[arg(long, value_name = "UUID", value_parser = destination)]
    destination: DestinationId,
    /// Whose it is
    #[arg(long, value_parser = tenant)]
    tenant: TenantId,
    /// test or live
    #[arg(long, value_parser = mode)]
    mode: Mode,
    /// The table of users [default: that of the environment]
    #[arg(long, value_name = "NAME")]
    users_table: Option<String>,
}

/// A list of one destination.
#[derive(Debug, Args)]
pub(crate) struct Listing {
    #[command(flatten)]
    target: Target,
    /// How many lines at most
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

/// One event.
#[derive(Debug, Args)]
pub(crate) struct Sending {
    #[command(flatten)]
    target: Target,
    /// The event, as `event_id` names it
    #[arg(long, value_name = "UUID")]
    event: Uuid,
    /// Whose event it is, as `vendor_user_id` names them
    #[arg(long, value_name = "UUID", value_parser = user)]
    user: UserId,
}

fn user(text: &str) -> Result<UserId, String> {
    UserId::parse_uuid(text).map_err(|error| error.to_string())
}

impl Target {
    pub(crate) fn scope(&self) -> Scope {
        Scope { tenant: self.tenant.clone(), mode: self.mode }
    }

    async fn store(&self) -> Result<Store, String> {
        let table = given(self.users_table.as_ref(), "USERS_TABLE")?;
        let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
        Ok(Store::new(aws_sdk_dynamodb::Client::new(&sdk), table, String::new()))
    }
}

/// Lists what was attempted: time, event, which attempt, status, milliseconds, result.
pub(crate) async fn attempts(listing: &Listing) -> Result<Vec<String>, String> {
    let Listing { target, limit } = listing;
    let store = target.store().await?;
    let attempts = store.attempts(&target.scope(), target.destination, None, *limit).await;
    let (attempts, _more) = attempts.map_err(|error| chain(&error))?;
    Ok(attempts.iter().map(attempt).collect())
}

fn attempt(attempt: &Attempt) -> String {
    let status = attempt.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let (at, took) = (attempt.at.to_millis_string(), attempt.took.as_millis());
    let (event, number) = (attempt.delivery.event, attempt.number);
    format!("{at} {event} {number} {status} {took} {}", attempt.result)
}

/// Lists what was given up: time, event, attempts, status, reason.
pub(crate) async fn dead_letters(listing: &Listing) -> Result<Vec<String>, String> {
    let Listing { target, limit } = listing;
    let store = target.store().await?;
    let letters = store.dead_letters(&target.scope(), target.destination, None, *limit).await;
    let (letters, _more) = letters.map_err(|error| chain(&error))?;
    Ok(letters.iter().map(letter).collect())
}

fn letter(letter: &DeadLetter) -> String {
    let status = letter.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let (at, event) = (letter.at.to_millis_string(), letter.delivery.event);
    format!("{at} {event} {} {status} {}", letter.attempts, letter.reason)
}

/// Sends one event, again or for the first time.
pub(crate) async fn send(sending: &Sending) -> Result<Vec<String>, String> {
    let Sending { target, event, user } = sending;
    let store = target.store().await?;
    let (scope, id) = (target.scope(), target.destination);
    let sent = webhooks::send(&store, &scope, id, *event, Some(*user)).await;
    sent.map_err(|error| chain(&*error))?;
    Ok(vec![format!("{event} goes out with the next sweep, within a minute or so")])
}

/// Sends a test event.
pub(crate) async fn test(target: &Target) -> Result<Vec<String>, String> {
    let store = target.store().await?;
    let event = shared::domain::Delivery::test_event();
    let sent = webhooks::send(&store, &target.scope(), target.destination, event, None).await;
    sent.map_err(|error| chain(&*error))?;
    Ok(vec![format!("{event} is on its way")])
}
