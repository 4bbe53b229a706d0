//! How Truv shows a user: nine members, and beside them what belongs to its account links, of which there are none here.

use lambda_http::http::{StatusCode, header::ETAG};
use serde::Serialize;
use shared::{
    Result,
    domain::{ExternalId, User, field::FieldId},
    http::{self, Response},
    users::{Disclosure, disclosed_field},
    vault::DataKey,
};

/// The secret fields of the shape.
pub(crate) static SECRETS: [FieldId; 1] = [FieldId::SSN];

/// The user object. It has no `Debug`: it holds opened fields.
#[derive(Serialize)]
struct UserView {
    id: String,
    external_user_id: Option<String>,
    created_at: String,
    updated_at: String,
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    ssn: Option<String>,
}

/// A row of a list.
#[derive(Serialize)]
pub(crate) struct RowView {
    #[serde(flatten)]
    user: UserView,
    links: [(); 0],
}

/// One user, read by itself.
#[derive(Serialize)]
struct DetailView {
    #[serde(flatten)]
    row: RowView,
    voie_report_id: Option<String>,
    voa_report_id: Option<String>,
    income_insights_report_id: Option<String>,
    aim_check_report_id: Option<String>,
}

impl UserView {
    fn of(user: &User, data_key: Option<&DataKey>, disclosure: Disclosure) -> Result<Self> {
        let clear = |field| disclosed_field(user, data_key, field, Disclosure::Clear);
        Ok(Self {
            id: user.id.to_simple(),
            external_user_id: user.external_id.as_ref().map(|id| ExternalId::as_str(id).to_owned()),
            created_at: user.created_at.to_millis_string(),
            updated_at: user.updated_at.to_millis_string(),
            first_name: clear(&FieldId::FIRST_NAME)?,
            last_name: clear(&FieldId::LAST_NAME)?,
            email: clear(&FieldId::EMAIL)?,
            phone: clear(&FieldId::PHONE_NUMBER)?,
            ssn: disclosed_field(user, data_key, &FieldId::SSN, disclosure)?,
        })
    }
}

/// A user as a row of a list.
pub(crate) fn row(
    user: &User,
    data_key: Option<&DataKey>,
    disclosure: Disclosure,
) -> Result<RowView> {
    Ok(RowView { user: UserView::of(user, data_key, disclosure)?, links: [] })
}

/// A user as the answer to a read.
pub(crate) fn detail(
    user: &User,
    data_key: Option<&DataKey>,
    disclosure: Disclosure,
) -> Result<Response> {
    let view = DetailView {
        row: row(user, data_key, disclosure)?,
        voie_report_id: None,
        voa_report_id: None,
        income_insights_report_id: None,
        aim_check_report_id: None,
    };
    Ok(tagged(http::json(StatusCode::OK, &view), user))
}

/// A user as the answer to a creation or a change.
pub(crate) fn written(
    status: StatusCode,
    user: &User,
    data_key: Option<&DataKey>,
    disclosure: Disclosure,
) -> Result<Response> {
    let view = UserView::of(user, data_key, disclosure)?;
    Ok(tagged(http::json(status, &view), user))
}

/// Adds the entity tag of the user's version.
fn tagged(mut response: Response, user: &User) -> Response {
    response.headers_mut().extend(http::etag(user.version).map(|tag| (ETAG, tag)));
    response
}
