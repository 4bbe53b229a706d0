//! Changing a user: a read, then a transaction that holds only if nobody else was faster.

use super::{ATTEMPTS, disclosure::showing, index_entries, pause};
use crate::{
    App,
    domain::{Event, EventKind, Scope, Status, User, UserId, field::FieldId},
    error::{Error, Result},
    http::Call,
    store::{Rejected, Transaction},
    vault::{DataKey, IndexKey, SealedDataKey, VaultError},
};

/// The keys at hand during a change.
#[derive(Debug)]
pub struct Change<'a> {
    /// For fingerprints.
    pub index: &'a IndexKey,
    data_key: Option<&'a DataKey>,
}

impl<'a> Change<'a> {
    /// Both keys.
    pub(super) const fn new(index: &'a IndexKey, data_key: &'a DataKey) -> Self {
        Self { index, data_key: Some(data_key) }
    }

    /// The user's data key, where the change asked for it.
    pub fn data_key(&self) -> Result<&DataKey> {
        self.data_key.ok_or(Error::Vault(VaultError::NoKey("data")))
    }
}

/// What kind of change it is.
#[derive(Debug, Clone, Copy)]
pub struct ChangeKind {
    /// What its event is called.
    pub event: EventKind,
    /// Whether it needs the user's data key.
    pub data_key: bool,
    /// Which fields the answer shows in clear: where the user has them, and the change did not just set them, an event
    /// of a showing is written along with the change.
    pub shows: &'static [FieldId],
}

impl ChangeKind {
    /// A change of what stands in clear.
    pub const PLAIN: Self = Self { event: EventKind::Updated, data_key: false, shows: &[] };
    /// A change of sealed fields.
    pub const SEALED: Self = Self { event: EventKind::Updated, data_key: true, shows: &[] };
    /// A change of where a user stands, for an answer that shows sealed fields.
    pub const STATUS: Self = Self { event: EventKind::StatusChanged, data_key: true, shows: &[] };
}

/// A user after a change.
#[derive(Debug)]
pub struct Changed {
    /// The user.
    pub user: User,
    /// What was written down; nothing where nothing changed.
    pub event: Option<Event>,
    /// The user's data key, where the change asked for it.
    pub data_key: Option<DataKey>,
}

/// Lets `apply` change a user, and writes the change, its event and the index entries that follow from it together.
/// Where `apply` notes nothing in the event, nothing is written. When somebody else was faster, everything is read and
/// applied anew, unless `If-Match` forbids.
pub async fn change_user<F>(
    app: &App,
    call: &Call,
    id: UserId,
    kind: ChangeKind,
    apply: F,
) -> Result<Changed>
where
    F: Fn(&mut User, &mut Event, &Change<'_>) -> Result<()> + Send + Sync,
{
    let scope = call.scope();
    let if_match = call.if_match()?;
    for attempt in 1..=ATTEMPTS {
        let (index, (before, sealed_data_key)) = futures_util::try_join!(
            async { Ok(app.keyring.index(scope).await?) },
            read(app, scope, id, kind.data_key)
        )?;
        if_match.check(before.version)?;
        let data_key = match &sealed_data_key {
            Some(sealed) => Some(open_data_key(app, scope, id, sealed).await?),
            None => None,
        };
        let now = app.clock.now();
        let mut user = before.clone();
        let mut event = Event::new(kind.event, now, call.origin());
        apply(&mut user, &mut event, &Change { index: &index, data_key: data_key.as_ref() })?;
        if event.is_empty() {
            return Ok(Changed { user: before, event: None, data_key });
        }
        user.touch(now);
        event.version = Some(user.version);
        event.external_id.clone_from(&user.external_id);
        let news = |field: &&FieldId| !event.fields.iter().any(|name| name == field.as_str());
        let showing = showing(&user, kind.shows.iter().filter(news), now, call.origin());
        let mut transaction = app.store.transaction(scope);
        if let Some(showing) = &showing {
            transaction.insert_event(id, showing)?;
        }
        write_change(&mut transaction, &index, &before, &user, &event)?;
        match transaction.commit().await {
            Ok(()) => return Ok(Changed { user, event: Some(event), data_key }),
            Err(Rejected::Aws(error)) => return Err(error.into()),
            Err(Rejected::ExternalIdTaken) => return Err(Error::ExternalIdTaken),
            Err(Rejected::EmailTaken) => return Err(Error::EmailTaken),
            Err(Rejected::Stale | Rejected::Contended | Rejected::Repeated(_)) => {
                pause(attempt).await;
            }
        }
    }
    Err(Error::Contended)
}

/// Writes a changed user, the event, and the index entries that follow from the change into a transaction.
pub(super) fn write_change(
    transaction: &mut Transaction<'_>,
    index: &IndexKey,
    before: &User,
    user: &User,
    event: &Event,
) -> Result<()> {
    transaction.replace_user(user)?;
    transaction.insert_event(user.id, event)?;
    if before.external_id != user.external_id {
        if let Some(id) = &before.external_id {
            transaction.release_external_id(&index.external_id(id))?;
        }
        if let Some(id) = &user.external_id {
            transaction.claim_external_id(&index.external_id(id), user.id)?;
        }
    }
    if before.claimed_email() != user.claimed_email() {
        if let Some(email) = before.claimed_email() {
            transaction.release_email(email)?;
        }
        if let Some(email) = user.claimed_email() {
            transaction.claim_email(email, user.id)?;
        }
    }
    let (old, new) = (index_entries(before, index), index_entries(user, index));
    for entry in old.difference(&new) {
        transaction.delete_index_entry(entry, user.id)?;
    }
    for entry in new.difference(&old) {
        transaction.insert_index_entry(entry, user.id)?;
    }
    if transaction.is_too_large() {
        let detail = "changes more names, contacts and issuing states than go into one transaction: \
                      change them in several requests";
        return Err(Error::body("", detail));
    }
    Ok(())
}

async fn read(
    app: &App,
    scope: &Scope,
    id: UserId,
    with_data_key: bool,
) -> Result<(User, Option<SealedDataKey>)> {
    let found = if with_data_key {
        app.store.user_and_data_key(scope, id).await?
    } else {
        app.store.user(scope, id).await?.map(|user| (user, None))
    };
    found.filter(|(user, _)| user.status != Status::Deleted).ok_or(Error::NotFound)
}

/// Opens a user's data key under the version of the branch key that seals it.
pub(super) async fn open_data_key(
    app: &App,
    scope: &Scope,
    id: UserId,
    sealed: &SealedDataKey,
) -> Result<DataKey> {
    let branch = app.keyring.branch_version(scope, sealed.branch_version).await?;
    Ok(DataKey::open(scope, id, sealed, &branch)?)
}
