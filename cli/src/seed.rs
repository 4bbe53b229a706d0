//! `coffer seed`: fills a local data directory with users, through the API like anybody else.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use anyhow::{Context as _, bail};
use axum::http::{Request, StatusCode, header::CONTENT_TYPE};
use clap::Args;
use coffer::local::{
    Options, Stack, TENANT,
    gateway::{Arrival, Invocation, Invoke, Router, event, make_request_id, response},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use shared::{
    auth::{NewApiKey, Role, issue_api_key},
    domain::{Mode, Scope, TenantId},
};
use time::OffsetDateTime;

use crate::run_local::{self, Where};

/// How to seed.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many users to make
    #[arg(long, default_value_t = 1_000)]
    users: u32,
    /// The number of the first one; a run that was broken off goes on from its own number
    #[arg(long, default_value_t = 1)]
    first: u32,
    #[command(flatten)]
    place: Where,
}

/// How many requests are under way at once.
const SIDE_BY_SIDE: usize = 8;

/// How often a user is tried for, and how long after a failure, when the machine is busy with something else.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);

const FIRST_NAMES: [&str; 20] = [
    "Ada", "Amélie", "Björn", "Chiara", "Dmitri", "Elif", "Fatima", "Gustav", "Hana", "Ivan",
    "Jane", "John", "José", "Kwame", "Lucía", "Maria", "Noor", "Olga", "Priya", "Wei",
];
const LAST_NAMES: [&str; 20] = [
    "Almeida", "Brown", "Chen", "Dubois", "Eriksen", "Fischer", "García", "Haddad", "Ivanova",
    "Johnson", "Kim", "López", "Müller", "Nakamura", "Okafor", "Patel", "Rossi", "Smith", "Tanaka",
    "Young",
];
const COUNTRIES: [&str; 5] = ["USA", "GBR", "DEU", "ESP", "JPN"];

/// Makes the users, side by side, with a bar that tells how far it is.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    run_local::block_on(seed(arguments))?.map_err(|error| format!("{error:#}"))
}

async fn seed(arguments: &Arguments) -> anyhow::Result<()> {
    let mut options: Options = arguments.place.options().map_err(anyhow::Error::msg)?;
    options.port = 0;
    // One key writes all of them: more than any key may by default.
    options.parameters.insert("RateLimitWritesPerMinute".to_owned(), u32::MAX.to_string());
    let stack = Stack::start(options).await.context("the stack does not start")?;
    let key = own_key(&stack).await?;
    let (router, invoke) = (Router::new(stack.template()), stack.invoker());

    let style = ProgressStyle::with_template(
        "{bar:40} {human_pos}/{human_len} users, {per_sec}, {eta} left",
    );
    let bar = ProgressBar::new(arguments.users.into()).with_style(style?);
    let end = arguments.first.saturating_add(arguments.users);
    let users =
        stream::iter(arguments.first..end).map(|number| create(&router, &invoke, &key, number));
    let made = users.buffer_unordered(SIDE_BY_SIDE).try_for_each(async |()| {
        bar.inc(1);
        Ok(())
    });
    made.await?;
    bar.finish();
    stack.shutdown().await;
    Ok(())
}

/// A key that nobody else uses: what is written here counts against no one's limits.
async fn own_key(stack: &Stack) -> anyhow::Result<String> {
    let app = stack.app("didit_create_user").context("the template has no create of Didit's")?;
    let scope = Scope { tenant: TenantId::parse(TENANT)?, mode: Mode::Test };
    let expires_at = Some(app.clock.now().plus(time::Duration::days(1)));
    let new = NewApiKey { scope, role: Role::Owner, name: "coffer seed".to_owned(), expires_at };
    // EXPOSE: the requests below are signed with it, and nobody else sees it.
    Ok(issue_api_key(app, new).await?.expose_secret().to_owned())
}

/// Makes one user, as a request that comes through the gateway does. Where the outcome is unknown it is tried again, and
/// then a duplicate is as good as a creation.
async fn create(router: &Router, invoke: &Invoke, key: &str, number: u32) -> anyhow::Result<()> {
    for attempt in 0..ATTEMPTS {
        let status = request(router, invoke, key, number).await?;
        if status.is_success() || (attempt > 0 && status == StatusCode::BAD_REQUEST) {
            return Ok(());
        }
        if !status.is_server_error() {
            bail!(
                "user {number} was answered {status}; is it there already? Then go on with --first"
            );
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("user {number} was not made in {ATTEMPTS} attempts; go on with --first {number}")
}

#[expect(clippy::disallowed_methods, reason = "a gateway stamps its events")]
async fn request(
    router: &Router,
    invoke: &Invoke,
    key: &str,
    number: u32,
) -> anyhow::Result<StatusCode> {
    let request = Request::post("/v3/users/create/")
        .header("x-api-key", key)
        .header(CONTENT_TYPE, "application/json")
        .body(())?;
    let (parts, ()) = request.into_parts();
    let matched = router.find(&parts.method, parts.uri.path());
    let matched = matched.context("the template has no route for Didit's create")?;
    let source_ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let at = OffsetDateTime::now_utc();
    let arrival = Arrival { request_id: make_request_id(), source_ip, at };
    let event = event(&parts, user(number).to_string().as_bytes(), &matched, &arrival);
    let (operation, request_id) = (matched.operation, make_request_id());
    let answer = invoke(Invocation { operation, request_id, event: event.to_string() }).await;
    let response = answer.and_then(|answer| response::from_function(answer.get()));
    Ok(response.map_or(StatusCode::BAD_GATEWAY, |response| response.status()))
}

/// The same user for the same number, whenever it is asked for: of every hundred, seven are flagged and three blocked.
fn user(number: u32) -> Value {
    let pick = |list: &[&'static str], place: u32| {
        let length = u32::try_from(list.len()).unwrap_or(1).max(1);
        usize::try_from(place.checked_rem(length).unwrap_or(0))
            .ok()
            .and_then(|place| list.get(place).copied())
    };
    let status = match number.checked_rem(100).unwrap_or(0) {
        0..=2 => "BLOCKED",
        3..=9 => "FLAGGED",
        _most => "ACTIVE",
    };
    let first = pick(&FIRST_NAMES, number).unwrap_or_default();
    let last = pick(&LAST_NAMES, number.div_euclid(20)).unwrap_or_default();
    json!({
        "vendor_data": format!("seed-{number:07}"),
        "full_name": format!("{first} {last}"),
        "date_of_birth": format!("19{:02}-{:02}-{:02}",
            number.rem_euclid(99), number.rem_euclid(12).saturating_add(1), number.rem_euclid(28).saturating_add(1)),
        "status": status,
        "metadata": {"seed": number},
        "approved_emails": [format!("seed-{number:07}@example.com")],
        "issuing_states": [pick(&COUNTRIES, number)],
    })
}
