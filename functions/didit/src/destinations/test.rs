//! `POST /v3/webhook/destinations/{uuid}/test/`: ours.

use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::{
    App, Result,
    http::{self, Call, Response},
    webhooks::send_test,
};

use super::destination_id;

#[derive(Serialize)]
struct TestView {
    event_id: String,
    test: bool,
}

/// Sends an event that says that it is a test, whatever the destination subscribes to.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let event = send_test(app, call.scope(), destination_id(&call)?).await?;
    let view = TestView { event_id: event.to_string(), test: true };
    Ok(http::json(StatusCode::ACCEPTED, &view))
}
