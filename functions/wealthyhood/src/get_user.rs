//! `GET /users/{id}` (ours)

use lambda_http::http::StatusCode;
use shared::{
    App, Error, Result,
    domain::UserId,
    http::{Call, Response},
    users::{disclose, get_user_with_data_key},
};

use crate::view;

/// Shows a user. A tax number in clear is shown once an event says so.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    // What is no user id is nobody's.
    let id = UserId::parse_hex(&call.path_parameter("id")).map_err(|_| Error::NotFound)?;
    let (user, data_key) = get_user_with_data_key(app, call.scope(), id).await?;
    let disclosure = disclose(app, &call, &[&user], &view::SECRETS).await?;
    view::user(StatusCode::OK, &user, data_key.as_ref(), disclosure)
}
