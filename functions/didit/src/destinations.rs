//! `/v3/webhook/destinations/…`: where events are sent.

pub(crate) mod attempts;
pub(crate) mod create;
pub(crate) mod dead_letters;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod replay;
pub(crate) mod rotate_secret;
pub(crate) mod send_event;
pub(crate) mod test;
pub(crate) mod update;

mod read;
mod view;

use serde::Serialize;
use shared::{Error, Result, domain::DestinationId, http::Call};

/// How many rows a page has where nothing is said, and at most.
const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;

/// A page of a list of ours: Didit has none like it.
#[derive(Serialize)]
struct PageView<T> {
    results: Vec<T>,
    next_cursor: Option<String>,
}

/// How many rows a page is to have.
fn limit(call: &Call) -> Result<usize> {
    let Some(text) = call.query_parameter("limit") else { return Ok(DEFAULT_LIMIT) };
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| {
        Error::query("limit", format!("Enter a whole number from 1 to {MAX_LIMIT}."))
    })
}

/// The destination of the path. What can be nobody's id is nobody's.
fn destination_id(call: &Call) -> Result<DestinationId> {
    DestinationId::parse(&call.path_parameter("uuid")).map_err(|_| Error::NotFound)
}
