//! How Wealthyhood shows a user: in camel case, and without what is not there.

use lambda_http::http::{StatusCode, header::ETAG};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use shared::{
    Error, Result,
    domain::{User, field::FieldId},
    http::{self, Response},
    users::{Disclosure, disclosed_field},
    vault::{DataKey, VaultError},
};

use crate::profile::{ADDRESS, Member, TAX_RESIDENCY};

/// The secret fields of the shape.
pub(crate) static SECRETS: [FieldId; 1] = [FieldId::Known("identity.tax_residency.value")];

/// The user object. It has no `Debug`: it holds opened fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserView {
    id: String,
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_of_birth: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    residency_country: Option<String>,
    /// A list, though it is sent as a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    nationality: Option<[String; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    address: Map<String, Json>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    tax_residency: Map<String, Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    employment: Option<Json>,
    email_verified: bool,
    kyc_status: &'static str,
    created_at: String,
    updated_at: String,
}

/// A user as an answer.
pub(crate) fn user(
    status: StatusCode,
    user: &User,
    data_key: Option<&DataKey>,
    disclosure: Disclosure,
) -> Result<Response> {
    let clear = |field: &FieldId| disclosed_field(user, data_key, field, Disclosure::Clear);
    let known = |id| clear(&FieldId::Known(id));
    let part = |members: &[Member]| -> Result<Map<String, Json>> {
        let mut object = Map::new();
        for Member { name, field, .. } in members {
            let how = if SECRETS.contains(field) { disclosure } else { Disclosure::Clear };
            if let Some(value) = disclosed_field(user, data_key, field, how)? {
                object.insert((*name).to_owned(), value.into());
            }
        }
        Ok(object)
    };
    let employment = clear(&FieldId::EMPLOYMENT)?.map(|text| serde_json::from_str(&text));
    let view = UserView {
        id: user.id.to_hex(),
        email: clear(&FieldId::EMAIL)?,
        first_name: clear(&FieldId::FIRST_NAME)?,
        last_name: clear(&FieldId::LAST_NAME)?,
        date_of_birth: clear(&FieldId::DATE_OF_BIRTH)?,
        residency_country: known("identity.country_of_residence")?,
        nationality: known("identity.nationality")?.map(|country| [country]),
        language: clear(&FieldId::LANGUAGE)?,
        address: part(&ADDRESS)?,
        tax_residency: part(&TAX_RESIDENCY)?,
        employment: employment.transpose().map_err(|_| Error::Vault(VaultError::Integrity))?,
        email_verified: user.has_approved_email(),
        kyc_status: kyc_status(user),
        created_at: user.created_at.to_seconds_string(),
        updated_at: user.updated_at.to_seconds_string(),
    };
    let mut response = http::json(status, &view);
    response.headers_mut().extend(http::etag(user.version).map(|tag| (ETAG, tag)));
    Ok(response)
}

/// What the recorded verifications come to: one that was approved is enough.
fn kyc_status(user: &User) -> &'static str {
    match (user.sessions.approved, user.sessions.declined) {
        (1.., _) => "passed",
        (0, 1..) => "failed",
        (0, 0) => "pending",
    }
}
