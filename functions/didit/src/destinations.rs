//! `/v3/webhook/destinations/…`: where events are sent.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod rotate_secret;
pub(crate) mod update;

mod read;
mod view;

use shared::{Error, Result, domain::DestinationId, http::Call};

/// The destination of the path. What can be nobody's id is nobody's.
fn destination_id(call: &Call) -> Result<DestinationId> {
    DestinationId::parse(&call.path_parameter("uuid")).map_err(|_| Error::NotFound)
}
