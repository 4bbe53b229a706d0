//! `GET /v3/webhook/destinations/{uuid}/dead-letters/`: ours.

use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::{
    App, Result,
    http::{self, Call, Response},
    store::DeadLetter,
    webhooks::list_dead_letters,
};

use super::{PageView, destination_id, limit};

#[derive(Serialize)]
struct DeadLetterView {
    event_id: String,
    vendor_user_id: Option<String>,
    test: bool,
    attempts: u32,
    given_up_at: String,
    status_code: Option<u16>,
    reason: String,
}

/// What was given up, the newest events first.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let (id, limit) = (destination_id(&call)?, limit(&call)?);
    let cursor = call.query_parameter("cursor");
    let page = list_dead_letters(app, call.scope(), id, limit, cursor).await?;
    let results = page.rows.into_iter().map(DeadLetterView::of).collect();
    Ok(http::json(StatusCode::OK, &PageView { results, next_cursor: page.next }))
}

impl DeadLetterView {
    fn of(letter: DeadLetter) -> Self {
        let user = letter.delivery.user;
        Self {
            event_id: letter.delivery.event.to_string(),
            vendor_user_id: user.map(|user| user.to_uuid().to_string()),
            test: user.is_none(),
            attempts: letter.attempts,
            given_up_at: letter.at.to_millis_string(),
            status_code: letter.status,
            reason: letter.reason,
        }
    }
}
