//! `GET /v1/user/{user_id}`

use lambda_http::http::StatusCode;
use shared::{
    App, Result,
    http::{Call, Response},
    users::get_user,
};

use crate::{read, view};

/// Shows a user.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let user = get_user(app, call.scope(), read::user_id(&call)?).await?;
    Ok(view::single(StatusCode::OK, &user))
}
