//! Secret fields in an answer that shows a whole user: in clear to who may reveal, once an event says so; masked to
//! everybody else.

use futures_util::future::try_join_all;
use secrecy::{ExposeSecret, SecretString};

use super::{ATTEMPTS, pause};
use crate::{
    App,
    auth::Action,
    domain::{Event, EventKind, Origin, Timestamp, User, field::FieldId},
    error::{Error, Result},
    http::Call,
    store::Rejected,
    vault::{DataKey, VaultError},
};

/// How secret fields are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disclosure {
    /// As they are.
    Clear,
    /// The last four characters, or less.
    Masked,
}

/// How many users one transaction notes a showing of: it holds a condition and an event of each.
const BATCH: usize = 50;

/// Decides how `fields` of `users` are shown to the caller. Where it is in clear, an event of each user who has one of
/// them is durable before this returns.
pub async fn disclose(
    app: &App,
    call: &Call,
    users: &[&User],
    fields: &[FieldId],
) -> Result<Disclosure> {
    if !call.caller.permissions.contains(Action::Reveal) {
        return Ok(Disclosure::Masked);
    }
    let now = app.clock.now();
    let showings = users.iter().filter_map(|user| {
        showing(user, fields.iter(), now, call.origin()).map(|event| (*user, event))
    });
    let showings: Vec<_> = showings.collect();
    try_join_all(showings.chunks(BATCH).map(|batch| record(app, call, batch))).await?;
    Ok(Disclosure::Clear)
}

/// The event of showing those of `fields` that the user has; `None` where there is nothing to show.
pub(super) fn showing<'a>(
    user: &User,
    fields: impl Iterator<Item = &'a FieldId>,
    now: Timestamp,
    origin: Origin,
) -> Option<Event> {
    let shown = fields.filter(|field| user.sealed.contains_key(field));
    let shown: Vec<_> = shown.map(|field| field.as_str().to_owned()).collect();
    (!shown.is_empty())
        .then(|| Event { fields: shown, ..Event::new(EventKind::Revealed, now, origin) })
}

/// Writes events of showings, all or none. A user who was deleted since they were read is shown to nobody.
async fn record(app: &App, call: &Call, showings: &[(&User, Event)]) -> Result<()> {
    for attempt in 1..=ATTEMPTS {
        let mut transaction = app.store.transaction(call.scope());
        for (user, event) in showings {
            transaction.require_user(user.id, event.at)?;
            transaction.insert_event(user.id, event)?;
        }
        match transaction.commit().await {
            Ok(()) => return Ok(()),
            Err(Rejected::Stale) if showings.len() == 1 => return Err(Error::NotFound),
            Err(Rejected::Stale) => return Err(Error::Contended),
            Err(Rejected::Aws(error)) => return Err(error.into()),
            Err(
                Rejected::Contended
                | Rejected::ExternalIdTaken
                | Rejected::EmailTaken
                | Rejected::Repeated(_),
            ) => pause(attempt).await,
        }
    }
    Err(Error::Contended)
}

/// A field of a user in clear; `None` where they have none. Whoever shows a secret one has said so in an event before.
pub fn open_field(
    user: &User,
    data_key: Option<&DataKey>,
    field: &FieldId,
) -> Result<Option<SecretString>> {
    if let Some(name) = user.plain.get(field) {
        return Ok(Some(name.clone().into()));
    }
    let Some(sealed) = user.sealed.get(field) else { return Ok(None) };
    let data_key = data_key.ok_or(Error::Vault(VaultError::NoKey("data")))?;
    Ok(Some(data_key.open_field(field, sealed)?))
}

/// A field as it may be shown; a member of the shape of an answer that has it.
pub fn disclosed_field(
    user: &User,
    data_key: Option<&DataKey>,
    field: &FieldId,
    disclosure: Disclosure,
) -> Result<Option<String>> {
    let value = open_field(user, data_key, field)?;
    // EXPOSE: it is a member of the documented shape, and masked for whom it is not.
    Ok(value.map(|value| match disclosure {
        Disclosure::Clear => value.expose_secret().to_owned(),
        Disclosure::Masked => field.definition().mask.apply(value.expose_secret()),
    }))
}
