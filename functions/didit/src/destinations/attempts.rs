//! `GET /v3/webhook/destinations/{uuid}/attempts/`: ours.

use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::{
    App, Result,
    http::{self, Call, Response},
    store::Attempt,
    webhooks::list_attempts,
};

use super::{PageView, destination_id, limit};

#[derive(Serialize)]
struct AttemptView {
    event_id: String,
    vendor_user_id: Option<String>,
    test: bool,
    attempt: u32,
    attempted_at: String,
    status_code: Option<u16>,
    duration_ms: u64,
    result: String,
}

/// What was attempted, the newest events first, and of one event the latest attempt first.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let (id, limit) = (destination_id(&call)?, limit(&call)?);
    let page = list_attempts(app, call.scope(), id, limit, call.query_parameter("cursor")).await?;
    let results = page.rows.into_iter().map(AttemptView::of).collect();
    Ok(http::json(StatusCode::OK, &PageView { results, next_cursor: page.next }))
}

impl AttemptView {
    fn of(attempt: Attempt) -> Self {
        let user = attempt.delivery.user;
        Self {
            event_id: attempt.delivery.event.to_string(),
            vendor_user_id: user.map(|user| user.to_uuid().to_string()),
            test: user.is_none(),
            attempt: attempt.number,
            attempted_at: attempt.at.to_millis_string(),
            status_code: attempt.status,
            duration_ms: u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX),
            result: attempt.result,
        }
    }
}
