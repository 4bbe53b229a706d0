//! `POST /v1/user`

use lambda_http::http::StatusCode;
use shared::{
    App, Result,
    domain::Metadata,
    error::Faults,
    http::{Call, Object, Response},
    users::{NewUser, create_user},
};

use crate::{read, view};

/// Makes a user.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let new = new_user(&call)?;
    let created = create_user(app, &call, &new, call.once()?.as_ref()).await?;
    Ok(view::replayed(view::single(StatusCode::CREATED, &created.user), created.replayed))
}

fn new_user(call: &Call) -> Result<NewUser> {
    let mut faults = Faults::default();
    let mut body = Object::body(call.json()?, &mut faults);
    let display_name = read::display_name(&mut body, &mut faults).flatten();
    // A null removes a key, and here there is none to remove.
    let metadata = read::metadata(&mut body, &mut faults).unwrap_or_default();
    let metadata = Metadata::default().merged(&metadata);
    let mut fields = body
        .object("vault", &mut faults)
        .map(|fields| read::vault(fields, &mut faults))
        .unwrap_or_default();
    fields.retain(|_, value| value.is_some());
    body.finish(&["display_name", "metadata", "vault"], &mut faults);
    faults.check()?;
    read::check_size(&metadata)?;
    Ok(NewUser { display_name, metadata, fields, ..NewUser::default() })
}
