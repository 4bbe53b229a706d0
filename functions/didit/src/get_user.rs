//! `GET /v3/users/{vendor_data}/`

use lambda_http::http::StatusCode;
use shared::{
    App, Result,
    http::{Call, Response},
    users::get_user_with_history,
};

use crate::{read, view};

/// How many events the activity log of a user is made of.
pub(crate) const HISTORY: usize = 100;

/// Shows a user.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let id = read::user_id(app, &call).await?;
    let (user, data_key, events) = get_user_with_history(app, call.scope(), id, HISTORY).await?;
    view::detail(StatusCode::OK, &user, data_key.as_ref(), &events)
}
