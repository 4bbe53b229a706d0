//! `GET /v1/users/{user_id}/`

use shared::{
    App, Result,
    http::{Call, Response},
    users::{disclose, get_user_with_data_key},
};

use crate::{read, view};

/// Shows a user. A social security number in clear is shown once an event says so.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let id = read::user_id(&call)?;
    let (user, data_key) = get_user_with_data_key(app, call.scope(), id).await?;
    let disclosure = disclose(app, &call, &[&user], &view::SECRETS).await?;
    view::detail(&user, data_key.as_ref(), disclosure)
}
