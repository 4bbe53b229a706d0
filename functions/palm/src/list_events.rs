//! `GET /v1/user/{user_id}/events` (ours)

use lambda_http::http::StatusCode;
use serde::Serialize;
use serde_json::Value as Json;
use shared::{
    App, Error, Result,
    domain::{Event, Status},
    http::{self, Call, Response},
    users::list_events,
};

use crate::{read, view::ListView};

const MAX_LIMIT: usize = 100;
const DEFAULT_LIMIT: usize = 25;

/// An event: names of fields, and no value of one.
#[derive(Serialize)]
struct EventView<'a> {
    id: String,
    object: &'static str,
    r#type: &'static str,
    created_at: String,
    actor: ActorView<'a>,
    operation: &'a str,
    request_id: &'a str,
    version: Option<u64>,
    fields: &'a [String],
    ignored: &'a [String],
    previous_status: Option<&'static str>,
    new_status: Option<&'static str>,
    reason: Option<&'a str>,
    verification: Option<SessionView<'a>>,
}

#[derive(Serialize)]
struct ActorView<'a> {
    kind: &'a str,
    id: &'a str,
}

/// The session that the event is about, as it was reported then.
#[derive(Serialize)]
struct SessionView<'a> {
    id: &'a Json,
    previous_outcome: &'a Json,
    outcome: &'a Json,
    risk_level: &'a Json,
    workflow: &'a Json,
    features: &'a Json,
    executed_at: &'a Json,
}

/// Shows what happened to a user, newest first.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let id = read::user_id(&call)?;
    let limit = limit(&call)?;
    let page = list_events(app, call.scope(), id, limit, call.query_parameter("cursor")).await?;
    let data = page.events.iter().map(EventView::of).collect();
    Ok(http::json(StatusCode::OK, &ListView::of(data, page.next)))
}

fn limit(call: &Call) -> Result<usize> {
    let Some(text) = call.query_parameter("limit") else { return Ok(DEFAULT_LIMIT) };
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| {
        Error::query("limit", format!("must be a whole number from 1 to {MAX_LIMIT}"))
    })
}

/// Palm's word for a status, and one for the status that Palm shows as `active`.
const fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Flagged => "flagged",
        Status::Blocked => "suspended",
        Status::Deleted => "deleted",
    }
}

impl<'a> EventView<'a> {
    fn of(event: &'a Event) -> Self {
        let (previous_status, new_status) = event.statuses.unzip();
        Self {
            id: event.id.to_string(),
            object: "event",
            r#type: event.kind.as_str(),
            created_at: event.at.to_millis_string(),
            actor: ActorView::of(&event.origin.actor),
            operation: &event.origin.operation,
            request_id: event.origin.request_id.as_str(),
            version: event.version,
            fields: &event.fields,
            ignored: &event.ignored,
            previous_status: previous_status.map(status),
            new_status: new_status.map(status),
            reason: event.reason.as_deref(),
            verification: event.changes.get("verification").map(SessionView::of),
        }
    }
}

impl<'a> ActorView<'a> {
    /// Actors are stored as a kind and an id: `key:abc…`.
    fn of(actor: &'a str) -> Self {
        match actor.split_once(':') {
            Some(("key", id)) => Self { kind: "api_key", id },
            Some((kind, id)) => Self { kind, id },
            None => Self { kind: "unknown", id: actor },
        }
    }
}

impl<'a> SessionView<'a> {
    fn of(change: &'a Json) -> Self {
        let (previous, current) = (member(change, "previous"), member(change, "current"));
        Self {
            id: member(current, "id"),
            previous_outcome: member(previous, "outcome"),
            outcome: member(current, "outcome"),
            risk_level: member(current, "risk_level"),
            workflow: member(current, "workflow"),
            features: member(current, "features"),
            executed_at: member(current, "executed_at"),
        }
    }
}

fn member<'a>(value: &'a Json, name: &str) -> &'a Json {
    value.get(name).unwrap_or(&Json::Null)
}
