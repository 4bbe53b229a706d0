//! `POST /v3/users/create/`

use lambda_http::http::StatusCode;
use shared::{
    App, Error, Result,
    domain::{ExternalId, User, field::FieldId},
    http::{Call, Response},
    users::{Contacts, FieldChanges, NewUser, create_user},
};

use crate::{
    read::{self, Body},
    view,
};

/// Makes a user. Not idempotent: a repeated request is a duplicate.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let new = new_user(&call)?;
    let created = create_user(app, &call, &new, None).await?;
    view::detail(StatusCode::CREATED, &created.user, created.data_key.as_ref(), &[])
}

fn new_user(call: &Call) -> Result<NewUser> {
    let mut body = Body::of(call)?;
    let external_id = body.required_text("vendor_data", ExternalId::MAX_CHARS);
    let full_name = body.nullable_text("full_name", 512).flatten();
    let display_name = body.nullable_text("display_name", User::MAX_DISPLAY_NAME_CHARS).flatten();
    let date_of_birth = body.date_of_birth().flatten();
    let status = body.status(|_| read::INVALID_STATUS.to_owned());
    let metadata = body.metadata().unwrap_or_default();
    let contacts = Contacts { emails: body.approved_emails(), phones: body.approved_phones() };
    let issuing_states = body.issuing_states().unwrap_or_default();
    body.faults.check()?;

    let mut fields = FieldChanges::new();
    if let Some(name) = full_name.and_then(|name| FieldId::FULL_NAME.value(&name).ok()) {
        fields.insert(FieldId::FULL_NAME, Some(name));
    }
    if let Some(date) = date_of_birth {
        fields.insert(FieldId::DATE_OF_BIRTH, Some(date));
    }
    let external_id = external_id.as_deref().map(ExternalId::parse).transpose();
    let external_id =
        external_id.map_err(|_| Error::body("/vendor_data", "Not a valid string."))?;
    Ok(NewUser {
        display_name,
        metadata,
        external_id,
        fields,
        status,
        issuing_states,
        contacts,
        unique_email: false,
    })
}
