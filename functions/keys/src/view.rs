//! How a key is shown.

use lambda_http::http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use shared::{
    App,
    api_keys::CreatedApiKey,
    auth::IssuedApiKey,
    domain::Timestamp,
    http::{self, Response},
    store::ApiKeyRecord,
};

/// A key without its secret: every member is always there.
#[derive(Debug, Serialize)]
pub struct ApiKeyView<'a> {
    id: &'a str,
    object: &'static str,
    name: &'a str,
    role: &'static str,
    mode: &'static str,
    status: &'static str,
    created_at: String,
    created_by: &'a str,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    replaces: Option<&'a str>,
    replaced_by: Option<&'a str>,
}

/// A key in a list.
#[derive(Debug, Serialize)]
pub struct ListedView<'a> {
    #[serde(flatten)]
    key: ApiKeyView<'a>,
    last_used_at: Option<String>,
}

/// A key that was just made. Serialised into the answer and nowhere else: it has no `Debug`.
#[derive(Serialize)]
pub(crate) struct CreatedView<'a> {
    #[serde(flatten)]
    key: ApiKeyView<'a>,
    secret: Option<&'a str>,
    note: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<PreviousView<'a>>,
}

/// What became of the key that was replaced.
#[derive(Serialize)]
struct PreviousView<'a> {
    id: &'a str,
    expires_at: Option<String>,
}

const SHOWN_ONCE: &str = "Keep the secret: it is not shown again.";
const SHOWN_BEFORE: &str = "The secret was in the first answer to this request and is not kept. If it was lost, rotate this key.";

impl<'a> ApiKeyView<'a> {
    /// As it is at `now`.
    pub fn of(key: &'a ApiKeyRecord, now: Timestamp) -> Self {
        Self {
            id: &key.id,
            object: "api_key",
            name: &key.name,
            role: key.role.as_str(),
            mode: key.scope.mode.as_str(),
            status: status(key, now),
            created_at: key.created_at.to_millis_string(),
            created_by: &key.created_by,
            expires_at: key.expires_at.map(Timestamp::to_millis_string),
            revoked_at: key.revoked_at.map(Timestamp::to_millis_string),
            replaces: key.replaces.as_deref(),
            replaced_by: key.replaced_by.as_deref(),
        }
    }
}

impl<'a> ListedView<'a> {
    /// As it is at `now`, with the time of its last use.
    pub fn of(key: &'a ApiKeyRecord, last_used: Option<Timestamp>, now: Timestamp) -> Self {
        let last_used_at = last_used.map(Timestamp::to_millis_string);
        Self { key: ApiKeyView::of(key, now), last_used_at }
    }
}

fn status(key: &ApiKeyRecord, now: Timestamp) -> &'static str {
    if key.is_active(now) {
        "active"
    } else if key.revoked_at.is_some() {
        "revoked"
    } else {
        "expired"
    }
}

/// A key that was made, with the one that it replaces.
pub(crate) fn created(
    app: &App,
    made: &CreatedApiKey,
    previous: Option<&ApiKeyRecord>,
) -> Response {
    let view = CreatedView {
        key: ApiKeyView::of(&made.record, app.clock.now()),
        // EXPOSE: whoever made the key must see it, now or never.
        secret: made.issued.as_ref().map(IssuedApiKey::expose_secret),
        note: if made.issued.is_some() { SHOWN_ONCE } else { SHOWN_BEFORE },
        previous: previous.map(|key| PreviousView {
            id: &key.id,
            expires_at: key.expires_at.map(Timestamp::to_millis_string),
        }),
    };
    let mut response = http::json(StatusCode::CREATED, &view);
    if made.issued.is_none() {
        let name = HeaderName::from_static("idempotent-replayed");
        response.headers_mut().insert(name, HeaderValue::from_static("true"));
    }
    response
}
