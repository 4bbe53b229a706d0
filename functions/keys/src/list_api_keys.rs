//! `GET /v1/api-keys`

use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::{
    App, Error, Result,
    api_keys::{MAX_LISTED, Manager, list_api_keys},
    domain::Scope,
    http::{self, Call, Response},
};

use crate::{read, view::ListedView};

const DEFAULT_LIMIT: usize = 25;

#[derive(Serialize)]
struct ListView<'a> {
    object: &'static str,
    has_more: bool,
    next_cursor: Option<String>,
    data: Vec<ListedView<'a>>,
}

/// Lists the keys of one mode of the caller's tenant.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let limit = limit(&call)?;
    let scope = scope(&call)?;
    Manager::Caller(&call.caller).check(&scope)?;
    let listed = list_api_keys(app, &scope, limit, call.query_parameter("cursor")).await?;
    let now = app.clock.now();
    let data = listed.keys.iter().map(|(key, used)| ListedView::of(key, *used, now)).collect();
    let list = ListView {
        object: "list",
        has_more: listed.next.is_some(),
        next_cursor: listed.next,
        data,
    };
    Ok(http::json(StatusCode::OK, &list))
}

/// `mode`: the caller's own where nothing is said.
fn scope(call: &Call) -> Result<Scope> {
    let Some(text) = call.query_parameter("mode") else { return Ok(call.scope().clone()) };
    let mut fault = String::new();
    let mode = read::word(text, &read::modes(), |detail| fault = detail);
    let mode = mode.ok_or_else(|| Error::query("mode", fault))?;
    Ok(Scope { tenant: call.scope().tenant.clone(), mode })
}

fn limit(call: &Call) -> Result<usize> {
    let Some(text) = call.query_parameter("limit") else { return Ok(DEFAULT_LIMIT) };
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LISTED).contains(limit));
    limit.ok_or_else(|| {
        Error::query("limit", format!("must be a whole number from 1 to {MAX_LISTED}"))
    })
}
