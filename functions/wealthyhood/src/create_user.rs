//! `POST /users`

use lambda_http::http::StatusCode;
use shared::{
    App, Result,
    http::{Call, Response},
    users::{Disclosure, NewUser, create_user},
};

use crate::{read, view};

/// Makes a user whose e-mail address nobody else has, and shows what was sent.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let new = NewUser { fields: read::profile(&call)?, unique_email: true, ..NewUser::default() };
    let created = create_user(app, &call, &new, None).await?;
    let data_key = created.data_key.as_ref();
    view::user(StatusCode::CREATED, &created.user, data_key, Disclosure::Clear)
}
