//! How Palm shows a user.

use std::collections::BTreeMap;

use lambda_http::http::{HeaderName, HeaderValue, StatusCode, header::ETAG};
use serde::Serialize;
use shared::{
    domain::{Status, User, Verification},
    http::{self, Response},
    vault::Fingerprint,
};

/// A page of a list.
#[derive(Serialize)]
pub(crate) struct ListView<T> {
    object: &'static str,
    has_more: bool,
    next_cursor: Option<String>,
    data: Vec<T>,
}

impl<T> ListView<T> {
    /// A page, and where the next one starts.
    pub(crate) fn of(data: Vec<T>, next: Option<String>) -> Self {
        Self { object: "list", has_more: next.is_some(), next_cursor: next, data }
    }
}

/// The user object: every key is always there.
#[derive(Serialize)]
pub(crate) struct UserView<'a> {
    id: String,
    object: &'static str,
    created_at: String,
    updated_at: String,
    metadata: serde_json::Map<String, serde_json::Value>,
    status: &'static str,
    verification: Option<VerificationView<'a>>,
    display_name: Option<&'a str>,
    email_fingerprint: Option<&'a str>,
    phone_fingerprint: Option<&'a str>,
    vault: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct VerificationView<'a> {
    id: &'a str,
    risk_level: &'static str,
    workflow: WorkflowView<'a>,
    executed_at: String,
}

#[derive(Serialize)]
struct WorkflowView<'a> {
    name: &'a str,
    version: u32,
}

impl<'a> UserView<'a> {
    /// A deleted user is shown without anything personal.
    pub(crate) fn of(user: &'a User) -> Self {
        let shown = (user.status != Status::Deleted).then_some(user);
        let plain = shown.into_iter().flat_map(|user| &user.plain);
        let fingerprints = shown.map(|user| &user.fingerprints);
        Self {
            id: user.id.to_uuid().to_string(),
            object: "user",
            created_at: user.created_at.to_seconds_string(),
            updated_at: user.updated_at.to_seconds_string(),
            metadata: shown.map(|user| user.metadata.as_object().clone()).unwrap_or_default(),
            status: status(user.status),
            verification: shown
                .and_then(|user| user.verification.as_ref())
                .map(VerificationView::of),
            display_name: shown.and_then(|user| user.display_name.as_deref()),
            email_fingerprint: fingerprints
                .and_then(|all| all.email.as_ref())
                .map(Fingerprint::as_str),
            phone_fingerprint: fingerprints
                .and_then(|all| all.phone.as_ref())
                .map(Fingerprint::as_str),
            vault: plain.map(|(field, value)| (field.as_str(), value.as_str())).collect(),
        }
    }
}

impl<'a> VerificationView<'a> {
    fn of(verification: &'a Verification) -> Self {
        let workflow = WorkflowView {
            name: &verification.workflow.name,
            version: verification.workflow.version,
        };
        let executed_at = verification.executed_at.to_millis_string();
        Self {
            id: &verification.id,
            risk_level: verification.risk_level.as_str(),
            workflow,
            executed_at,
        }
    }
}

/// What Palm calls a status.
pub(crate) const fn status(status: Status) -> &'static str {
    match status {
        Status::Active | Status::Flagged => "active",
        Status::Blocked => "suspended",
        Status::Deleted => "deleted",
    }
}

/// A single user as an answer, with their version as its entity tag.
pub(crate) fn single(status: StatusCode, user: &User) -> Response {
    tagged(http::json(status, &UserView::of(user)), user.version)
}

/// Adds the entity tag of a user's version.
pub(crate) fn tagged(mut response: Response, version: u64) -> Response {
    if let Some(tag) = http::etag(version) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// Marks the answer to a request that had been carried out before.
pub(crate) fn replayed(mut response: Response, replayed: bool) -> Response {
    if replayed {
        let name = HeaderName::from_static("idempotent-replayed");
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
    }
    response
}
