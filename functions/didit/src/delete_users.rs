//! `POST /v3/users/delete/`

use lambda_http::http::StatusCode;
use serde::Serialize;
use serde_json::Value as Json;
use shared::{
    App, Error, Result,
    domain::{ExternalId, UserId},
    http::{self, Call, Response},
    users::{Selection, delete_users},
};

use crate::read::Body;

#[derive(Serialize)]
struct DeletedView {
    deleted: usize,
}

/// Deletes users: all, or those of a list. Idempotent: who is gone already counts for nothing.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let deleted = delete_users(app, &call, &selection(&call)?).await?;
    Ok(http::json(StatusCode::OK, &DeletedView { deleted }))
}

/// `delete_all` before `vendor_data_list` before `didit_internal_id_list`.
fn selection(call: &Call) -> Result<Selection> {
    let mut body = Body::of(call)?;
    let all = match body.take("delete_all") {
        None | Some(Json::Null) => false,
        Some(Json::Bool(all)) => all,
        Some(Json::Number(_) | Json::String(_) | Json::Array(_) | Json::Object(_)) => {
            body.fault("delete_all", "Must be a valid boolean.");
            false
        }
    };
    let external_ids = texts(&mut body, "vendor_data_list");
    let ids = texts(&mut body, "didit_internal_id_list");
    let selection = match (all, external_ids, ids) {
        (true, _, _) => Selection::All,
        // What can be nobody's id is nobody's, and counts for nothing.
        (false, Some(texts), _) => Selection::ExternalIds(
            texts.iter().filter_map(|text| ExternalId::parse(text).ok()).collect(),
        ),
        (false, None, Some(texts)) => {
            Selection::Ids(texts.iter().filter_map(|text| UserId::parse_uuid(text).ok()).collect())
        }
        (false, None, None) => {
            body.faults.check()?;
            let detail = "Provide vendor_data_list or set delete_all=true.";
            return Err(Error::body("", detail));
        }
    };
    body.faults.check()?;
    Ok(selection)
}

/// A list of texts, as long as a body can be.
fn texts(body: &mut Body, name: &str) -> Option<Vec<String>> {
    let Json::Array(elements) = body.take(name).filter(|value| !value.is_null())? else {
        body.fault(name, "Expected a list of items.");
        return None;
    };
    let mut texts = Vec::new();
    for (place, element) in elements.into_iter().enumerate() {
        if let Json::String(text) = element {
            texts.push(text);
        } else {
            body.faults.body(format!("/{name}/{place}"), "Not a valid string.");
        }
    }
    Some(texts)
}
