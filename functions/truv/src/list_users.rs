//! `GET /v1/users/`

use lambda_http::http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use shared::{
    App, Error, Result,
    domain::{Status, Timestamp, User},
    http::{self, Call, Response},
    users::{List, Listed, Order, Period, Start, disclose, find_user, list_users},
};

use crate::{
    read,
    view::{self, RowView},
};

const DEFAULT_PAGE_SIZE: usize = 25;
/// The most on one page; a greater size is served in pages of this one.
const MAX_PAGE_SIZE: usize = 100;

/// How far users are counted: what costs about as much as a page does.
const COUNT_CAP: usize = 1_000;

/// The parameters that say whom to list; links to other pages repeat them.
const FILTERS: [&str; 3] = ["created_at__gte", "created_at__lte", "external_user_id"];

#[derive(Serialize)]
struct PageView {
    count: usize,
    next: Option<String>,
    previous: Option<String>,
    results: Vec<RowView>,
}

/// A page as it is asked for.
struct Ask {
    number: usize,
    size: usize,
    created: Period,
    cursor: Option<String>,
}

/// Lists users, the latest first. Social security numbers in clear are shown once events say so.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let ask = Ask::of(&call)?;
    let listed = match parameter(&call, "external_user_id") {
        Some(text) => ask.one(app, &call, text).await?,
        None => list_users(app, call.scope(), &ask.list()).await?,
    };
    let users: Vec<&User> = listed.users.iter().map(|(user, _)| user).collect();
    let disclosure = disclose(app, &call, &users, &view::SECRETS).await?;
    let rows = listed.users.iter();
    let rows = rows.map(|(user, data_key)| view::row(user, data_key.as_ref(), disclosure));
    let (behind, before) = (ask.number.saturating_add(1), ask.number.saturating_sub(1).max(1));
    let view = PageView {
        count: listed.count,
        next: listed.next.map(|cursor| ask.link(&call, behind, &cursor)),
        previous: listed.previous.map(|cursor| ask.link(&call, before, &cursor)),
        results: rows.collect::<Result<_>>()?,
    };
    Ok(http::json(StatusCode::OK, &view))
}

/// A query parameter that is not empty.
fn parameter<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    call.query_parameter(name).filter(|value| !value.is_empty())
}

impl Ask {
    fn of(call: &Call) -> Result<Self> {
        Ok(Self {
            number: number(call, "page")?.unwrap_or(1),
            size: number(call, "page_size")?.unwrap_or(DEFAULT_PAGE_SIZE).min(MAX_PAGE_SIZE),
            created: Period {
                after: instant(call, "created_at__gte")?,
                before: instant(call, "created_at__lte")?,
                exact: true,
            },
            cursor: parameter(call, "cursor").map(str::to_owned),
        })
    }

    fn list(&self) -> List {
        let skipped = self.number.saturating_sub(1).saturating_mul(self.size);
        let start = self.cursor.clone().map_or(Start::Offset(skipped), Start::Cursor);
        List {
            statuses: vec![Status::Active, Status::Flagged, Status::Blocked],
            search: None,
            issuing_state: None,
            created: self.created,
            last_activity: Period::default(),
            order: Order::Creation,
            count_cap: COUNT_CAP,
            start,
            limit: self.size,
        }
    }

    /// The one user with an external id, on the first page.
    async fn one(&self, app: &App, call: &Call, external_id: &str) -> Result<Listed> {
        let mut users = Vec::new();
        if let Some(external_id) = read::external_id(external_id) {
            users.extend(find_user(app, call.scope(), &external_id).await?);
        }
        users.retain(|(user, _)| self.created.contains(user.created_at));
        let count = users.len();
        if self.number > 1 {
            users.clear();
        }
        Ok(Listed { users, count, next: None, previous: None })
    }

    /// An absolute link to another page of the same list. The cursor says where it begins; the number is what it is
    /// called.
    fn link(&self, call: &Call, number: usize, cursor: &str) -> String {
        let filters = FILTERS.iter().filter_map(|name| Some((*name, parameter(call, name)?)));
        let (number, size) = (number.to_string(), self.size.to_string());
        let page = [("page", number.as_str()), ("page_size", &size), ("cursor", cursor)];
        let pairs = filters.chain(page).map(|(name, value)| {
            format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
        });
        format!("{}?{}", call.url(), pairs.collect::<Vec<_>>().join("&"))
    }
}

fn number(call: &Call, name: &'static str) -> Result<Option<usize>> {
    let Some(text) = parameter(call, name) else { return Ok(None) };
    let number = text.parse::<usize>().ok().filter(|number| *number > 0);
    let number = number.ok_or_else(|| Error::query(name, "Must be a whole number from 1 on"))?;
    Ok(Some(number))
}

fn instant(call: &Call, name: &'static str) -> Result<Option<Timestamp>> {
    let Some(text) = parameter(call, name) else { return Ok(None) };
    let instant = Timestamp::parse(text);
    let wrong = || {
        Error::query(name, "Must be a date or a date and time, such as 2022-05-04T11:30:00.000Z")
    };
    instant.map(Some).ok_or_else(wrong)
}
