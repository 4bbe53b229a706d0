//! `GET /v3/webhook/destinations/`

use lambda_http::http::StatusCode;
use shared::{
    App, Result,
    http::{self, Call, Response},
};

use super::view::RowView;

/// All destinations, oldest first, without pages: there are few.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let destinations = app.store.destinations(call.scope()).await?;
    let ids: Vec<_> = destinations.iter().map(|stored| stored.destination.id).collect();
    let healths = app.store.healths(call.scope(), &ids).await?;
    let rows = destinations.iter().map(|stored| {
        let health = healths.get(&stored.destination.id).copied().unwrap_or_default();
        RowView::of(&stored.destination, &health.figures)
    });
    Ok(http::json(StatusCode::OK, &rows.collect::<Vec<_>>()))
}
