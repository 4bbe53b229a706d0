//! `POST /v1/users/`

use lambda_http::http::StatusCode;
use shared::{
    App, Result,
    http::{Call, Response},
    users::{Disclosure, NewUser, create_user},
};

use crate::{
    read::{self, Body},
    view,
};

/// Makes a user, and shows what was sent: the social security number too, which the caller has just named.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let profile = read::profile(&call, Body::Whole)?;
    let new =
        NewUser { external_id: profile.external_id, fields: profile.fields, ..NewUser::default() };
    let created = create_user(app, &call, &new, None).await?;
    let data_key = created.data_key.as_ref();
    view::written(StatusCode::CREATED, &created.user, data_key, Disclosure::Clear)
}
