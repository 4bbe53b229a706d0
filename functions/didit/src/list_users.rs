//! `GET /v3/users/`

use celes::Country;
use lambda_http::http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use shared::{
    App, Error, Result,
    domain::{Status, Timestamp, value::alpha3},
    http::{self, Call, Response},
    users::{COUNT_CAP, List, Order, Period, Start, list_users},
};
use time::Duration;

use crate::{
    read,
    view::{self, RowView, TagView},
};

const DEFAULT_LIMIT: usize = 50;
/// The most on one page; a greater limit is served in pages of this size.
const MAX_LIMIT: usize = 200;

/// The parameters that say whom to list; links to other pages repeat them.
const FILTERS: [&str; 7] = [
    "status",
    "search",
    "country_code",
    "created_after",
    "created_before",
    "last_activity_after",
    "last_activity_before",
];

#[derive(Serialize)]
struct PageView<'a> {
    count: usize,
    next: Option<String>,
    previous: Option<String>,
    results: Vec<RowView<'a, TagView<'a>>>,
}

/// Lists users.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let list = list(&call)?;
    let page = list_users(app, call.scope(), &list).await?;
    let results = page.users.iter().map(|(user, data_key)| view::row(user, data_key.as_ref()));
    let link = |cursor: Option<String>| cursor.map(|cursor| link(&call, list.limit, &cursor));
    let view = PageView {
        count: page.count,
        next: link(page.next),
        previous: link(page.previous),
        results: results.collect::<Result<_>>()?,
    };
    Ok(http::json(StatusCode::OK, &view))
}

/// An absolute link to another page of the same list.
fn link(call: &Call, limit: usize, cursor: &str) -> String {
    let filters = FILTERS.iter().filter_map(|name| Some((*name, call.query_parameter(name)?)));
    let limit = limit.to_string();
    let page = [("limit", limit.as_str()), ("cursor", cursor)];
    let pairs = filters
        .chain(page)
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    format!("{}?{}", call.url(), pairs.collect::<Vec<_>>().join("&"))
}

fn list(call: &Call) -> Result<List> {
    let parameter = |name| call.query_parameter(name).filter(|value| !value.is_empty());
    let number = |name| parameter(name).and_then(|value| value.parse::<usize>().ok());
    // Numbers that are none stand for the default, as in every list of Didit's.
    let limit = number("limit").or_else(|| number("page_size")).filter(|limit| *limit > 0);
    let start = parameter("cursor").map(|cursor| Start::Cursor(cursor.to_owned()));
    Ok(List {
        statuses: statuses(parameter("status"))?,
        search: parameter("search").map(str::to_owned),
        issuing_state: parameter("country_code").map(country).transpose()?,
        created: period(call, "created_after", "created_before")?,
        last_activity: period(call, "last_activity_after", "last_activity_before")?,
        order: Order::Session,
        count_cap: COUNT_CAP,
        start: start.unwrap_or_else(|| Start::Offset(number("offset").unwrap_or(0))),
        limit: limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT),
    })
}

fn statuses(word: Option<&str>) -> Result<Vec<Status>> {
    match word {
        None => Ok(vec![Status::Active, Status::Flagged, Status::Blocked]),
        Some("ACTIVE") => Ok(vec![Status::Active]),
        Some("FLAGGED") => Ok(vec![Status::Flagged]),
        Some("BLOCKED") => Ok(vec![Status::Blocked]),
        Some(_) => Err(Error::query("status", read::INVALID_STATUS)),
    }
}

/// ISO 3166-1, of three letters or of two.
fn country(code: &str) -> Result<String> {
    let alpha2 = || Country::from_alpha2(code).ok().filter(|_| code.len() == 2);
    let state = alpha3(code).or_else(|| alpha2().map(|country| country.alpha3.to_owned()));
    state.ok_or_else(|| {
        Error::query("country_code", "Enter a valid ISO 3166-1 alpha-3 country code.")
    })
}

/// A date stands for its first moment where a period begins, and for its last where one ends.
fn period(call: &Call, after: &'static str, before: &'static str) -> Result<Period> {
    let instant = |name: &'static str, end: bool| {
        let Some(text) = call.query_parameter(name).filter(|text| !text.is_empty()) else {
            return Ok::<_, Error>(None);
        };
        let instant = Timestamp::parse(text);
        let instant =
            instant.ok_or_else(|| Error::query(name, "Enter a valid date or date/time."))?;
        let whole_day = Duration::days(1).saturating_sub(Duration::milliseconds(1));
        Ok(Some(if end && text.len() == 10 { instant.plus(whole_day) } else { instant }))
    };
    Ok(Period { after: instant(after, false)?, before: instant(before, true)?, exact: false })
}
