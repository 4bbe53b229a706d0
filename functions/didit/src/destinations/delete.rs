//! `DELETE /v3/webhook/destinations/{uuid}/`

use lambda_http::http::StatusCode;
use shared::{
    App, Result,
    http::{Call, Response},
    webhooks::delete_destination,
};

use super::destination_id;

/// Removes a destination. The second time there is none.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    delete_destination(app, call.scope(), destination_id(&call)?).await?;
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
