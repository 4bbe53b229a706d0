//! The two tables: Users, and Keys. Holds sealed values only; see `docs/data-model.md` for the items and the access
//! patterns.

mod api_keys;
mod attempts;
mod dead_letters;
mod destination_changes;
mod destinations;
mod events;
mod health;
mod issuers;
mod item;
mod keys;
mod pages;
mod purge;
mod sessions;
mod tenants;
mod transaction;
mod users;
mod waiting;
mod windows;
mod wrapped_keys;

pub use api_keys::{ApiKeyPage, ApiKeyRecord, ApiKeyTransaction, Refused};
pub use attempts::Attempt;
pub use dead_letters::DeadLetter;
pub use destination_changes::DestinationChange;
pub use destinations::{Needed, NotWritten};
pub use events::{HistoryKey, StreamedEvent, StreamedKey};
pub use health::{Tally, Verdict};
pub use issuers::{Issuer, KeySource};
pub use item::{
    DestinationSecrets, EXTERNAL_ID_CHARS, IdempotencyRecord, SessionRecord, StoredDestination,
    Subject, position,
};
pub use keys::IndexEntry;
pub use pages::{ListOrder, Page, Partition, Window};
pub use purge::removed_user;
pub use sessions::UserAndSession;
pub use transaction::{Rejected, Transaction};
pub use waiting::{Due, Spot, Until, Waiting};

use crate::clock::Clock;

/// The tables of one deployment.
#[derive(Debug, Clone)]
pub struct Store {
    client: aws_sdk_dynamodb::Client,
    users_table: String,
    keys_table: String,
    clock: Clock,
}

impl Store {
    /// A store over two tables, by the machine's own clock.
    pub fn new(client: aws_sdk_dynamodb::Client, users_table: String, keys_table: String) -> Self {
        Self { client, users_table, keys_table, clock: Clock::system() }
    }

    /// The same by another clock.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }
}
