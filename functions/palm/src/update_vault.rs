//! `PATCH /v1/user/{user_id}/vault` (ours)

use lambda_http::http::StatusCode;
use shared::{
    App, Result,
    error::Faults,
    http::{Call, Object, Response},
    users::{FieldChanges, change_fields},
};

use crate::{read, view};

/// Sets vault fields, and erases those that are null. The body is fields by id.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let id = read::user_id(&call)?;
    let changes = changes(&call)?;
    let user = change_fields(app, &call, id, &changes).await?;
    Ok(view::single(StatusCode::OK, &user))
}

fn changes(call: &Call) -> Result<FieldChanges> {
    let mut faults = Faults::default();
    let body = Object::body(call.json()?, &mut faults);
    let changes = read::vault(body, &mut faults);
    faults.check()?;
    Ok(changes)
}
