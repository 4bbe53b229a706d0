//! What can be done with users, whatever the API: the use cases on top of the store and the vault.

mod change;
mod contacts;
mod create;
mod cursor;
mod delete;
mod disclosure;
mod get;
mod history;
mod list;
mod once;
mod report;
mod reveal;
mod search;
mod vault_fields;
mod verify;
mod walk;

pub use change::{Change, ChangeKind, Changed, change_user};
pub use contacts::{Contacts, open_contacts};
pub use create::{Created, NewUser, create_user};
pub use delete::{Selection, delete_users};
pub use disclosure::{Disclosure, disclose, disclosed_field, open_field};
pub use get::{find_user, get_user_with_data_key};
pub use history::{EventPage, change_with_history, get_user_with_history, list_events};
pub use list::{COUNT_CAP, List, Listed, Order, Period, Start, list_users};
pub use once::{Answered, Once};
pub use report::Report;
pub use reveal::{Reveal, Revealed, reveal_fields};
pub use search::{Found, Search, search_users};
pub use vault_fields::{FieldChanges, apply_fields, change_fields, may_change};
pub use verify::record_verification;

pub(crate) use crate::backoff::pause;

use std::collections::BTreeSet;

use crate::{
    domain::{Scope, Status, User, UserId, field::FingerprintKind},
    error::{Error, Result},
    store::IndexEntry,
    vault::{Fingerprint, IndexKey},
};

/// How often a transaction is tried again when others are at the same items.
pub(crate) const ATTEMPTS: usize = 8;

/// One user. Deleted ones are found until they are purged.
pub async fn get_user(app: &crate::App, scope: &Scope, id: UserId) -> Result<User> {
    app.store.user(scope, id).await?.ok_or(Error::NotFound)
}

/// Every entry under which a user is found. A deleted user is found under none.
fn index_entries(user: &User, index: &IndexKey) -> BTreeSet<IndexEntry> {
    if user.status == Status::Deleted {
        return BTreeSet::new();
    }
    let fingerprints = [
        (FingerprintKind::Email, &user.fingerprints.email),
        (FingerprintKind::Phone, &user.fingerprints.phone),
        (FingerprintKind::Ssn, &user.fingerprints.ssn),
    ];
    let approved = |kind, all: &BTreeSet<Fingerprint>| {
        all.iter()
            .cloned()
            .map(move |value| IndexEntry::Fingerprint(kind, value))
            .collect::<Vec<_>>()
    };
    let approved_emails = approved(FingerprintKind::Email, &user.fingerprints.approved_emails);
    let approved_phones = approved(FingerprintKind::Phone, &user.fingerprints.approved_phones);
    let states = user.issuing_states.iter().cloned().map(IndexEntry::IssuingState);
    let exact = fingerprints.into_iter().filter_map(|(kind, fingerprint)| {
        fingerprint.as_ref().map(|fingerprint| IndexEntry::Fingerprint(kind, fingerprint.clone()))
    });
    let names = user.name_index();
    let prefixes =
        names.prefixes().iter().map(|prefix| IndexEntry::NamePrefix(index.name_prefix(prefix)));
    exact.chain(prefixes).chain(approved_emails).chain(approved_phones).chain(states).collect()
}
