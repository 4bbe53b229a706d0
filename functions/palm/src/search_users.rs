//! `POST /v1/user/search`

use lambda_http::http::StatusCode;
use serde_json::Value as Json;
use shared::{
    App, Result,
    domain::{
        ExternalId, NameQuery, Status, User,
        field::FieldId,
        value::{Value, is_text},
    },
    error::Faults,
    http::{self, Call, Object, Response},
    store::ListOrder,
    users::{Search, search_users},
};

use crate::{
    read::choice,
    view::{ListView, UserView},
};

const KNOWN: [&str; 10] = [
    "display_name",
    "email",
    "phone",
    "ssn",
    "external_id",
    "status",
    "cursor",
    "limit",
    "sort",
    "order",
];
const MAX_LIMIT: u64 = 100;
const DEFAULT_LIMIT: u64 = 25;

/// Finds users. A read: an `Idempotency-Key` is checked and has no further effect.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let search = search(&call)?;
    call.idempotency_key()?;
    let found = search_users(app, call.scope(), &search).await?;
    let data = found.users.iter().map(UserView::of).collect();
    Ok(http::json(StatusCode::OK, &ListView::of(data, found.next)))
}

fn search(call: &Call) -> Result<Search> {
    let mut faults = Faults::default();
    let mut body = Object::body(call.json()?, &mut faults);
    let search = Search {
        display_name: display_name(&mut body, &mut faults),
        email: field(&mut body, "email", "identity.email", &mut faults),
        phone: field(&mut body, "phone", "identity.phone_number", &mut faults),
        ssn: field(&mut body, "ssn", "identity.ssn", &mut faults),
        external_id: external_id(&mut body, &mut faults),
        statuses: statuses(&mut body, &mut faults),
        order: choice(&mut body, "sort", &SORTS, &mut faults).unwrap_or(ListOrder::Created),
        descending: choice(&mut body, "order", &ORDERS, &mut faults).unwrap_or(true),
        limit: limit(&mut body, &mut faults),
        cursor: body.text("cursor", &mut faults).flatten(),
    };
    body.finish(&KNOWN, &mut faults);
    faults.check()?;
    Ok(search)
}

const SORTS: [(&str, ListOrder); 4] = [
    ("created_at", ListOrder::Created),
    ("name", ListOrder::Name),
    ("risk_level", ListOrder::Risk),
    ("last_verified", ListOrder::Verified),
];
const ORDERS: [(&str, bool); 2] = [("asc", false), ("desc", true)];
const STATUSES: [(&str, &[Status]); 3] = [
    ("active", &[Status::Active, Status::Flagged]),
    ("suspended", &[Status::Blocked]),
    ("deleted", &[Status::Deleted]),
];

/// Whoever is not deleted, unless asked otherwise.
fn statuses(body: &mut Object, faults: &mut Faults) -> Vec<Status> {
    let present = [Status::Active, Status::Flagged, Status::Blocked];
    choice(body, "status", &STATUSES, faults).map_or_else(|| present.to_vec(), <[Status]>::to_vec)
}

fn display_name(body: &mut Object, faults: &mut Faults) -> Option<NameQuery> {
    let text = body.text("display_name", faults)??;
    let query = NameQuery::parse(&text).filter(|_| is_text(&text, User::MAX_DISPLAY_NAME_CHARS));
    if query.is_none() {
        let limit = User::MAX_DISPLAY_NAME_CHARS;
        let detail = format!(
            "must have 1 to {limit} characters, at least one letter or digit, and no control characters"
        );
        faults.body("/display_name", detail);
    }
    query
}

fn field(body: &mut Object, name: &str, id: &str, faults: &mut Faults) -> Option<Value> {
    let text = body.text(name, faults)??;
    match FieldId::parse(id).ok()?.value(&text) {
        Ok(value) => Some(value),
        Err(invalid) => {
            faults.body(body.pointer(name), invalid.to_string());
            None
        }
    }
}

fn external_id(body: &mut Object, faults: &mut Faults) -> Option<ExternalId> {
    let text = body.text("external_id", faults)??;
    let id = ExternalId::parse(&text).ok();
    if id.is_none() {
        faults.body("/external_id", "must have 1 to 512 characters and no control characters");
    }
    id
}

fn limit(body: &mut Object, faults: &mut Faults) -> usize {
    let limit = match body.take("limit") {
        None | Some(Json::Null) => Some(DEFAULT_LIMIT),
        Some(value) => value.as_u64().filter(|limit| (1..=MAX_LIMIT).contains(limit)),
    };
    if limit.is_none() {
        faults.body("/limit", format!("must be a whole number from 1 to {MAX_LIMIT}"));
    }
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(1)
}
