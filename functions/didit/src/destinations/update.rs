//! `PATCH /v3/webhook/destinations/{uuid}/`

use lambda_http::http::StatusCode;
use shared::{
    App, Result,
    domain::Destination,
    http::{self, Call, Response},
    store::DestinationChange,
    webhooks::{Reach, WebhookUrl, change_destination},
};

use super::{destination_id, view::DetailView};
use crate::read::Body;

/// Changes a destination. Its secret is another operation's.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let (change, url) = change(&call, app.config.webhook_reach)?;
    let id = destination_id(&call)?;
    let changed = change_destination(app, call.scope(), id, change, url).await?;
    let (destination, figures) = changed;
    Ok(http::json(StatusCode::OK, &DetailView::of(&destination, &figures)))
}

fn change(call: &Call, reach: Reach) -> Result<(DestinationChange, Option<(String, WebhookUrl)>)> {
    let mut body = Body::of(call)?;
    let label = if body.has("label") {
        body.required_text("label", Destination::MAX_LABEL_CHARS)
    } else {
        None
    };
    let url = if body.has("url") { body.webhook_url(reach) } else { None };
    let change = DestinationChange {
        label,
        url: None,
        enabled: body.enabled(),
        version: body.webhook_version(),
        subscribed: body.subscribed_events(),
    };
    body.faults.check()?;
    Ok((change, url))
}
