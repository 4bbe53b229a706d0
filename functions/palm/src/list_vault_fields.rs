//! `GET /v1/vault/fields` (ours)

use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::{
    domain::field::{CATALOGUE, Definition, FingerprintKind, custom_definition},
    http::{self, Response},
};

#[derive(Serialize)]
struct ListView {
    object: &'static str,
    data: Vec<FieldView>,
}

#[derive(Serialize)]
struct FieldView {
    id: &'static str,
    object: &'static str,
    r#type: &'static str,
    expects: String,
    encrypted: bool,
    sensitivity: &'static str,
    fingerprint: Option<&'static str>,
    mask: &'static str,
}

/// Shows the catalogue. It is the same for everybody.
pub(crate) fn handle() -> Response {
    let data = CATALOGUE.iter().chain([custom_definition()]).map(FieldView::of).collect();
    http::json(StatusCode::OK, &ListView { object: "list", data })
}

impl FieldView {
    fn of(definition: &Definition) -> Self {
        Self {
            id: definition.id,
            object: "vault_field",
            r#type: definition.kind.as_str(),
            expects: definition.kind.expected(),
            encrypted: definition.encrypted,
            sensitivity: definition.sensitivity.as_str(),
            fingerprint: definition.fingerprint.map(FingerprintKind::as_str),
            mask: definition.mask.as_str(),
        }
    }
}
