//! `GET /v3/webhook/destinations/{uuid}/`

use lambda_http::http::StatusCode;
use shared::{
    App, Result,
    http::{self, Call, Response},
    webhooks::get_destination,
};

use super::{destination_id, view::DetailView};

/// One destination, with how deliveries went.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let stored = get_destination(app, call.scope(), destination_id(&call)?).await?;
    Ok(http::json(StatusCode::OK, &DetailView::of(&stored.destination)))
}
