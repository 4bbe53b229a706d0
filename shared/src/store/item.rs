//! Items as they lie in the tables, and back.

mod event;
mod idempotency;
mod position;
mod session;
mod user;

pub(super) use event::EventItem;
pub(super) use idempotency::IdempotencyItem;
pub use idempotency::{IdempotencyRecord, Subject};
pub use position::{EXTERNAL_ID_CHARS, position};
pub(super) use session::SessionItem;
pub use session::SessionRecord;
pub(super) use user::UserItem;
