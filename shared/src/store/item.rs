//! Items as they lie in the tables, and back.

mod destination;
mod event;
mod health;
mod idempotency;
mod position;
mod session;
mod user;

pub(super) use destination::DestinationItem;
pub use destination::{DestinationSecrets, StoredDestination};
pub(super) use event::EventItem;
pub(super) use health::HealthItem;
pub(super) use idempotency::IdempotencyItem;
pub use idempotency::{IdempotencyRecord, Subject};
pub use position::{EXTERNAL_ID_CHARS, position};
pub(super) use session::SessionItem;
pub use session::SessionRecord;
pub(super) use user::UserItem;
