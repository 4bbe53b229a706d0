//! `POST /v3/webhook/destinations/{uuid}/rotate-secret/`: ours.

use lambda_http::http::StatusCode;
use serde_json::Value as Json;
use shared::{
    App, Result,
    http::{self, Call, Response},
    webhooks::rotate_secret,
};
use time::Duration;

use super::{destination_id, view::DetailView};
use crate::read::Body;

/// How long both secrets hold where nothing is said: a day.
const DEFAULT_OVERLAP_SECONDS: i64 = 86_400;
/// How long they may: a week.
const MAX_OVERLAP_SECONDS: i64 = 7 * 86_400;

/// Gives a destination a new secret, and shows it this one time.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let overlap = overlap(&call)?;
    let id = destination_id(&call)?;
    let (issued, until) = rotate_secret(app, call.scope(), id, overlap).await?;
    let health = app.store.health(call.scope(), id).await?.unwrap_or_default();
    let mut view = DetailView::of(&issued.destination, &health.figures);
    // EXPOSE: to its owner, once.
    view.secret_shared_key = Some(issued.secret.expose_secret());
    view.previous_secret_expires_at = Some(until.to_seconds_string());
    Ok(http::json(StatusCode::OK, &view))
}

/// How long the secret before is to hold. A request without a body says nothing.
fn overlap(call: &Call) -> Result<Duration> {
    const NAME: &str = "overlap_seconds";
    if call.body().is_empty() {
        return Ok(Duration::seconds(DEFAULT_OVERLAP_SECONDS));
    }
    let mut body = Body::of(call)?;
    let seconds = match body.take(NAME) {
        None => DEFAULT_OVERLAP_SECONDS,
        Some(value) => {
            let seconds = Json::as_i64(&value);
            let seconds = seconds.filter(|it| (0..=MAX_OVERLAP_SECONDS).contains(it));
            if seconds.is_none() {
                body.fault(NAME, format!("Enter a whole number from 0 to {MAX_OVERLAP_SECONDS}."));
            }
            seconds.unwrap_or_default()
        }
    };
    body.faults.check()?;
    Ok(Duration::seconds(seconds))
}
