//! `POST /v3/webhook/destinations/{uuid}/dead-letters/replay/`: ours.

use lambda_http::http::StatusCode;
use serde::Serialize;
use serde_json::Value as Json;
use shared::{
    App, Result,
    http::{self, Call, Response},
    webhooks::{MAX_REPLAYED, replay_dead_letters},
};
use uuid::Uuid;

use super::destination_id;
use crate::read::Body;

#[derive(Serialize)]
struct ReplayView {
    replayed: usize,
    has_more: bool,
}

/// Lets what was given up wait for the next sweep.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let (id, events) = (destination_id(&call)?, events(&call)?);
    let (replayed, has_more) = replay_dead_letters(app, call.scope(), id, &events).await?;
    Ok(http::json(StatusCode::ACCEPTED, &ReplayView { replayed, has_more }))
}

/// The events that are named; none, without a body or without the member, stands for all.
fn events(call: &Call) -> Result<Vec<Uuid>> {
    const NAME: &str = "event_ids";
    if call.body().is_empty() {
        return Ok(Vec::new());
    }
    let mut body = Body::of(call)?;
    let named = match body.take(NAME) {
        None => Some(Vec::new()),
        Some(Json::Array(elements)) if (1..=MAX_REPLAYED).contains(&elements.len()) => {
            let parsed = elements.iter().map(|it| it.as_str()?.parse().ok());
            parsed.collect::<Option<Vec<Uuid>>>()
        }
        Some(_) => None,
    };
    if named.is_none() {
        body.fault(NAME, format!("Enter a list of 1 to {MAX_REPLAYED} event ids."));
    }
    body.faults.check()?;
    let mut named = named.unwrap_or_default();
    named.sort_unstable();
    named.dedup();
    Ok(named)
}
