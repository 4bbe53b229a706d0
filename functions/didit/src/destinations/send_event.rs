//! `POST /v3/webhook/destinations/{uuid}/events/{event_id}/send/`: ours.

use lambda_http::http::StatusCode;
use serde::Serialize;
use serde_json::Value as Json;
use shared::{
    App, Error, Result,
    domain::UserId,
    http::{self, Call, Response},
    webhooks::send_event,
};
use uuid::Uuid;

use super::destination_id;
use crate::read::Body;

#[derive(Serialize)]
struct SentView {
    event_id: String,
}

/// Lets one event wait for the next sweep.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let id = destination_id(&call)?;
    let event = call.path_parameter("event_id").parse::<Uuid>().map_err(|_| Error::NotFound)?;
    let user = user(&call)?;
    send_event(app, call.scope(), id, event, user).await?;
    Ok(http::json(StatusCode::ACCEPTED, &SentView { event_id: event.to_string() }))
}

/// Whose event it is, where that is said.
fn user(call: &Call) -> Result<Option<UserId>> {
    const NAME: &str = "vendor_user_id";
    if call.body().is_empty() {
        return Ok(None);
    }
    let mut body = Body::of(call)?;
    let user = match body.take(NAME) {
        None | Some(Json::Null) => None,
        Some(value) => {
            let user = value.as_str().and_then(|text| UserId::parse_uuid(text).ok());
            if user.is_none() {
                body.fault(NAME, "Must be a valid UUID.");
            }
            user
        }
    };
    body.faults.check()?;
    Ok(user)
}
