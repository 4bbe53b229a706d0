//! `POST /v3/webhook/destinations/`

use lambda_http::http::StatusCode;
use shared::{
    App, Result,
    domain::{Destination, Figures, WebhookVersion},
    http::{self, Call, Response},
    webhooks::{NewDestination, Reach, create_destination},
};

use super::view::DetailView;
use crate::read::Body;

/// Makes a destination, and shows its secret this one time.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let new = new_destination(&call, app.config.webhook_reach)?;
    let issued = create_destination(app, call.scope(), new).await?;
    let mut view = DetailView::of(&issued.destination, &Figures::default());
    // EXPOSE: to its owner, once.
    view.secret_shared_key = Some(issued.secret.expose_secret());
    Ok(http::json(StatusCode::CREATED, &view))
}

fn new_destination(call: &Call, reach: Reach) -> Result<NewDestination> {
    let mut body = Body::of(call)?;
    let label = body.required_text("label", Destination::MAX_LABEL_CHARS);
    let url = body.webhook_url(reach);
    let enabled = body.enabled().unwrap_or(true);
    let version = body.webhook_version().unwrap_or(WebhookVersion::V3);
    let subscribed = body.subscribed_events().unwrap_or_default();
    let complete = label.zip(url);
    body.faults.check()?;
    // Whatever is missing was a fault.
    let (label, url) = complete.ok_or(shared::Error::Panicked)?;
    Ok(NewDestination { label, url, enabled, version, subscribed })
}
