//! `GET /v3/webhook/destinations/{uuid}/`

use lambda_http::http::StatusCode;
use shared::{
    App, Result,
    http::{self, Call, Response},
    webhooks::destination_and_figures,
};

use super::{destination_id, view::DetailView};

/// One destination, with how deliveries went.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let id = destination_id(&call)?;
    let (destination, figures) = destination_and_figures(app, call.scope(), id).await?;
    Ok(http::json(StatusCode::OK, &DetailView::of(&destination, &figures)))
}
