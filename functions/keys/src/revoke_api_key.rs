//! `DELETE /v1/api-keys/{key_id}`

use shared::{
    App, Result,
    api_keys::{Manager, revoke_api_key},
    http::{self, Call, Response},
};

/// Withdraws a key of the caller's tenant. A key that was withdrawn before is answered the same.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let id = &call.path_parameter("key_id");
    revoke_api_key(app, &Manager::Caller(&call.caller), id).await?;
    Ok(http::no_content())
}
