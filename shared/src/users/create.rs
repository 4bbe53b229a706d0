//! Making a user: one transaction.

use super::{
    ATTEMPTS, Contacts, FieldChanges, Once, get_user, index_entries, pause,
    vault_fields::apply_fields,
};
use crate::{
    App,
    domain::{
        Event, EventKind, ExternalId, Metadata, Scope, Status, User, UserId, field::FingerprintKind,
    },
    error::{Error, Result},
    http::Call,
    store::{IndexEntry, Partition, Rejected, Window},
    vault::{self, DataKey},
};

/// Who is to be made.
#[derive(Debug, Default)]
pub struct NewUser {
    /// What to call them.
    pub display_name: Option<String>,
    /// The caller's own pairs.
    pub metadata: Metadata,
    /// The caller's own id of them.
    pub external_id: Option<ExternalId>,
    /// What goes into the vault.
    pub fields: FieldChanges,
    /// Where they stand; in good standing where nothing is said.
    pub status: Option<Status>,
    /// Where their documents are from: ISO 3166-1 alpha-3.
    pub issuing_states: Vec<String>,
    /// What is approved of them.
    pub contacts: Contacts,
    /// Whether their e-mail address is to be theirs alone: nobody may have it when they are made, and none of those who
    /// are made so may have it as long as they do.
    pub unique_email: bool,
}

/// A user who was made, now or by an earlier, equal request.
#[derive(Debug)]
pub struct Created {
    /// The user.
    pub user: User,
    /// Their data key, if they were made now.
    pub data_key: Option<DataKey>,
    /// Whether an earlier request made them.
    pub replayed: bool,
}

/// Makes a user, with everything that belongs to them, in one transaction: the record, the data key, the index entries,
/// the claim on the external id, the event, and the idempotency record.
pub async fn create_user(
    app: &App,
    call: &Call,
    new: &NewUser,
    once: Option<&Once>,
) -> Result<Created> {
    let scope = call.scope();
    let (index, branch) =
        futures_util::try_join!(app.keyring.index(scope), app.keyring.latest_branch(scope))?;
    let now = app.clock.now();
    let mut user = User::new(UserId::make(now, vault::random()?), now);
    let mut event = Event::new(EventKind::Created, now, call.origin());
    event.version = Some(user.version);
    user.external_id.clone_from(&new.external_id);
    event.external_id.clone_from(&user.external_id);
    if let Some(id) = &user.external_id {
        event.record_change("external_id", None::<String>, id.as_str());
    }
    user.display_name.clone_from(&new.display_name);
    if let Some(name) = &user.display_name {
        event.record_change("display_name", None::<String>, name.as_str());
    }
    if !new.metadata.as_object().is_empty() {
        user.metadata = new.metadata.clone();
        event.record_change("metadata", serde_json::Map::new(), user.metadata.as_object().clone());
    }
    if let Some(status) = new.status {
        user.status = status;
    }
    if !new.issuing_states.is_empty() {
        user.issuing_states.clone_from(&new.issuing_states);
        event.record_change("issuing_states", Vec::<String>::new(), user.issuing_states.clone());
    }
    let data_key = DataKey::make(scope, user.id)?;
    apply_fields(&mut user, &mut event, &new.fields, &data_key, &index, "/vault")?;
    new.contacts.apply(&mut user, &mut event, &data_key, &index)?;
    let sealed_data_key = data_key.seal(&branch)?;
    user.unique_email = new.unique_email;
    refuse_held_email(app, scope, &user).await?;

    for attempt in 1..=ATTEMPTS {
        let mut transaction = app.store.transaction(scope);
        if let Some(once) = once {
            transaction.insert_idempotency(&once.record(&index, user.id, now), now)?;
        }
        if let Some(id) = &user.external_id {
            transaction.claim_external_id(&index.external_id(id), user.id)?;
        }
        if let Some(email) = user.claimed_email() {
            transaction.claim_email(email, user.id)?;
        }
        transaction.insert_user(&user)?;
        transaction.insert_data_key(user.id, &sealed_data_key)?;
        transaction.insert_event(user.id, &event)?;
        for entry in index_entries(&user, &index) {
            transaction.insert_index_entry(&entry, user.id)?;
        }
        match transaction.commit().await {
            Ok(()) => return Ok(Created { user, data_key: Some(data_key), replayed: false }),
            Err(Rejected::Repeated(earlier)) => {
                once.ok_or(Error::Contended)?.check(&index, &earlier)?;
                let user = earlier.subject.user().ok_or(Error::NotFound)?;
                let user = get_user(app, scope, user).await?;
                return Ok(Created { user, data_key: None, replayed: true });
            }
            Err(Rejected::ExternalIdTaken) => return Err(Error::ExternalIdTaken),
            Err(Rejected::EmailTaken) => return Err(Error::EmailTaken),
            Err(Rejected::Aws(error)) => return Err(error.into()),
            // A fresh id that is taken is as good as impossible; others at the same claims are not.
            Err(Rejected::Stale | Rejected::Contended) => pause(attempt).await,
        }
    }
    Err(Error::Contended)
}

/// Refuses an e-mail address that is to be the user's alone and that anybody has already, made through whatever API. Who
/// comes to have it at the same moment without claiming it might as well have come a moment later, and may.
async fn refuse_held_email(app: &App, scope: &Scope, user: &User) -> Result<()> {
    let Some(email) = user.claimed_email() else { return Ok(()) };
    let holders =
        Partition::Indexed(IndexEntry::Fingerprint(FingerprintKind::Email, email.clone()));
    let window = Window { limit: 1, ..Window::default() };
    let holders = app.store.page(scope, &holders, &window).await?;
    if holders.entries.is_empty() { Ok(()) } else { Err(Error::EmailTaken) }
}
