//! Showing sealed fields in clear: audited first, then shown.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::{ATTEMPTS, Answered, Once, change::open_data_key, open_field, pause};
use crate::{
    App,
    domain::{Event, EventKind, Scope, User, UserId, field::FieldId},
    error::{Error, Result},
    http::Call,
    store::Rejected,
    vault::{IndexKey, SealedDataKey},
};

/// What is to be shown, and why.
#[derive(Debug)]
pub struct Reveal {
    /// Which fields.
    pub fields: Vec<FieldId>,
    /// What the caller gave as the reason; kept with the event.
    pub reason: String,
}

/// Fields in clear. `None` where the user has no such field.
#[derive(Debug)]
pub struct Revealed {
    /// Values by field.
    pub fields: BTreeMap<FieldId, Option<SecretString>>,
    /// The user's version.
    pub version: u64,
}

/// Shows fields. The event is written *while* the user is read, and on the condition that the user is there; nothing is
/// opened before both are done. A repeated request is a showing too: it writes an event of its own.
pub async fn reveal_fields(
    app: &App,
    call: &Call,
    id: UserId,
    reveal: &Reveal,
    once: Option<&Once>,
) -> Result<Answered<Revealed>> {
    let scope = call.scope();
    let index = app.keyring.index(scope).await?;
    let found = async { Ok(app.store.user_and_data_key(scope, id).await?) };
    let audited = audit(app, call, id, reveal, once.map(|once| (once, &*index)));
    let (found, replayed) = futures_util::try_join!(found, audited)?;
    let (user, data_key) = found.ok_or(Error::NotFound)?;
    let answer = open(app, scope, &user, data_key.as_ref(), &reveal.fields).await?;
    Ok(Answered { answer, replayed })
}

/// Writes the event; answers whether the request was a repeated one.
async fn audit(
    app: &App,
    call: &Call,
    id: UserId,
    reveal: &Reveal,
    mut once: Option<(&Once, &IndexKey)>,
) -> Result<bool> {
    let now = app.clock.now();
    let mut event = Event::new(EventKind::Revealed, now, call.origin());
    event.fields = reveal.fields.iter().map(|field| field.as_str().to_owned()).collect();
    event.reason = Some(reveal.reason.clone());
    let mut replayed = false;
    for attempt in 1..=ATTEMPTS {
        let mut transaction = app.store.transaction(call.scope());
        if let Some((once, index)) = once {
            transaction.insert_idempotency(&once.record(index, id, now), now)?;
        }
        transaction.require_user(id, now)?;
        transaction.insert_event(id, &event)?;
        match transaction.commit().await {
            Ok(()) => return Ok(replayed),
            Err(Rejected::Repeated(earlier)) => {
                let (request, index) = once.take().ok_or(Error::Contended)?;
                request.check(index, &earlier)?;
                replayed = true;
            }
            Err(Rejected::Stale) => return Err(Error::NotFound),
            Err(Rejected::Aws(error)) => return Err(error.into()),
            Err(Rejected::Contended | Rejected::ExternalIdTaken | Rejected::EmailTaken) => {
                pause(attempt).await;
            }
        }
    }
    Err(Error::Contended)
}

async fn open(
    app: &App,
    scope: &Scope,
    user: &User,
    data_key: Option<&SealedDataKey>,
    fields: &[FieldId],
) -> Result<Revealed> {
    let data_key = match data_key {
        Some(sealed) => Some(open_data_key(app, scope, user.id, sealed).await?),
        None => None,
    };
    let open = |field: &FieldId| Ok((field.clone(), open_field(user, data_key.as_ref(), field)?));
    let fields = fields.iter().map(open);
    Ok(Revealed { fields: fields.collect::<Result<_>>()?, version: user.version })
}
