//! Recording what a verification found out: each session once, however often and however late it is reported.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{
    ATTEMPTS, Answered, Change, Once, Report, apply_fields,
    change::{open_data_key, write_change},
    contacts::{EMAILS, PHONES},
    pause,
};
use crate::{
    App,
    domain::{
        Established, Event, EventKind, Outcome, Scope, Sessions, Status, Timestamp, User, UserId,
        Verification,
        field::{FieldId, FingerprintKind},
    },
    error::{Error, Result},
    http::Call,
    store::{Rejected, SessionRecord, UserAndSession},
    vault::{IndexKey, VaultError},
};

/// How many issuing states a user has at most.
const MAX_ISSUING_STATES: usize = 20;

/// Records a session. The same report again changes nothing; another one of the same session takes its place, so that
/// the counters move and never count twice; one that is older than what is recorded is refused. What an approved session
/// established is sealed, and read-only to profile changes from then on, for as long as the session stays approved.
///
/// The user, the event, the index entries and the session are one transaction. It is tried again when somebody else was
/// faster.
pub async fn record_verification(
    app: &App,
    call: &Call,
    id: UserId,
    report: &Report,
    once: Option<&Once>,
) -> Result<Answered<User>> {
    let scope = call.scope();
    let if_match = call.if_match()?;
    let index = app.keyring.index(scope).await?;
    let name = index.session(&report.verification.id);
    let request = once.map(|once| once.name(&index));
    for attempt in 1..=ATTEMPTS {
        let found = app.store.user_and_session(scope, id, &name, request.as_ref()).await?;
        let found = found.filter(|found| found.user.status != Status::Deleted);
        let found = found.ok_or(Error::NotFound)?;
        let now = app.clock.now();
        let earlier = found.request.as_ref().filter(|earlier| earlier.expires_at > now);
        if let Some((once, earlier)) = once.zip(earlier) {
            once.check(&index, earlier)?;
            return Ok(Answered { answer: found.user, replayed: true });
        }
        if_match.check(found.user.version)?;
        let mut transaction = app.store.transaction(scope);
        if let Some(once) = once {
            transaction.insert_idempotency(&once.record(&index, id, now), now)?;
        }
        let change = change(app, call, &index, report, &found, now).await?;
        if let Some(Recorded { user, event, session }) = &change {
            transaction.put_session(id, session, found.session.as_ref())?;
            write_change(&mut transaction, &index, &found.user, user, event)?;
        } else if once.is_none() {
            return Ok(Answered { answer: found.user, replayed: false });
        }
        match transaction.commit().await {
            Ok(()) => {
                let user = change.map_or(found.user, |change| change.user);
                return Ok(Answered { answer: user, replayed: false });
            }
            Err(Rejected::Aws(error)) => return Err(error.into()),
            Err(Rejected::EmailTaken) => return Err(Error::EmailTaken),
            // Whoever was faster is seen by the next look.
            Err(
                Rejected::Stale
                | Rejected::Contended
                | Rejected::Repeated(_)
                | Rejected::ExternalIdTaken,
            ) => pause(attempt).await,
        }
    }
    Err(Error::Contended)
}

/// A user as a session leaves them.
struct Recorded {
    user: User,
    event: Event,
    session: SessionRecord,
}

/// What a report changes; nothing, where it is the same as before.
async fn change(
    app: &App,
    call: &Call,
    index: &IndexKey,
    report: &Report,
    found: &UserAndSession,
    now: Timestamp,
) -> Result<Option<Recorded>> {
    let (scope, before, previous) = (call.scope(), &found.user, found.session.as_ref());
    let digest = report.digest(index);
    if previous.is_some_and(|previous| previous.report == digest) {
        return Ok(None);
    }
    let executed_at = report.verification.executed_at;
    if previous.is_some_and(|previous| previous.executed_at > executed_at) {
        let detail = "is earlier than in the report of this session that is recorded";
        return Err(Error::body("/executed_at", detail));
    }
    let established = report.established(index);
    let withdrawn = withdrawn(app, scope, before.id, previous, &established).await?;
    let sealed = found.data_key.as_ref().ok_or(Error::Vault(VaultError::NoKey("data")))?;
    let data_key = open_data_key(app, scope, before.id, sealed).await?;
    let keys = Change::new(index, &data_key);
    let mut user = before.clone();
    let mut event = Event::new(EventKind::Verified, now, call.origin());
    note(&mut event, report, previous);
    withdraw(&mut user, &mut event, &keys, &withdrawn)?;
    if report.verification.outcome == Outcome::Approved {
        establish(&mut user, &mut event, &keys, report, &established)?;
    } else {
        event.ignored.extend(report.places());
    }
    user.sessions.count(previous.map(|previous| previous.outcome), report.verification.outcome);
    user.sessions.observe(executed_at, &report.features);
    note_sessions(&mut event, &before.sessions, &user.sessions);
    let latest = user.verification.as_ref();
    if latest.is_none_or(|latest| latest.executed_at <= executed_at) {
        user.verification = Some(report.verification.clone());
    }
    user.touch(now);
    event.version = Some(user.version);
    event.external_id.clone_from(&user.external_id);
    let session = SessionRecord {
        name: index.session(&report.verification.id),
        report: digest,
        outcome: report.verification.outcome,
        executed_at,
        established,
        version: user.version,
    };
    Ok(Some(Recorded { user, event, session }))
}

/// What the session vouched for before, and neither it nor any other does any more.
async fn withdrawn(
    app: &App,
    scope: &Scope,
    user: UserId,
    previous: Option<&SessionRecord>,
    established: &Established,
) -> Result<Established> {
    let Some(previous) = previous else { return Ok(Established::default()) };
    let mut lost = previous.established.without(established);
    if !lost.is_empty() {
        // Only here is it of interest what all the others say.
        let sessions = app.store.sessions(scope, user).await?;
        for other in sessions.iter().filter(|other| other.name != previous.name) {
            lost = lost.without(&other.established);
        }
    }
    Ok(lost)
}

/// Lets go of what nothing vouches for. Fields keep their values, and may be changed again; contacts and issuing states
/// are no longer approved.
fn withdraw(
    user: &mut User,
    event: &mut Event,
    keys: &Change<'_>,
    withdrawn: &Established,
) -> Result<()> {
    user.locked.retain(|field| !withdrawn.fields.contains(field));
    EMAILS.amend(user, event, keys, &[], &withdrawn.emails)?;
    PHONES.amend(user, event, keys, &[], &withdrawn.phones)?;
    set_issuing_states(user, event, |states| {
        states.retain(|state| !withdrawn.issuing_states.contains(state));
    });
    Ok(())
}

/// Takes over what an approved session established, and locks it.
fn establish(
    user: &mut User,
    event: &mut Event,
    keys: &Change<'_>,
    report: &Report,
    established: &Established,
) -> Result<()> {
    user.locked.retain(|field| !established.fields.contains(field));
    apply_fields(user, event, &report.fields, keys.data_key()?, keys.index, "/vault")?;
    // A whole name from before would be shown in place of the parts that are known to be right.
    let in_parts = FieldId::NAMES.iter().any(|name| report.fields.contains_key(name));
    if in_parts && !report.fields.contains_key(&FieldId::FULL_NAME) {
        let erased = [(&FieldId::FULL_NAME, &None)];
        apply_fields(user, event, erased, keys.data_key()?, keys.index, "/vault")?;
    }
    let none = BTreeSet::new();
    EMAILS.amend(user, event, keys, &report.contacts(FingerprintKind::Email), &none)?;
    PHONES.amend(user, event, keys, &report.contacts(FingerprintKind::Phone), &none)?;
    set_issuing_states(user, event, |states| {
        let new = report.issuing_state.iter().filter(|state| !states.contains(state));
        let new: Vec<_> = new.cloned().collect();
        states.extend(new);
        states.drain(..states.len().saturating_sub(MAX_ISSUING_STATES));
    });
    user.locked.extend(established.fields.iter().cloned());
    Ok(())
}

fn set_issuing_states(user: &mut User, event: &mut Event, change: impl FnOnce(&mut Vec<String>)) {
    let before = user.issuing_states.clone();
    change(&mut user.issuing_states);
    if before != user.issuing_states {
        event.record_change("issuing_states", before, user.issuing_states.clone());
    }
}

/// Says in the event how the session stood before, and what was reported of it now.
fn note(event: &mut Event, report: &Report, previous: Option<&SessionRecord>) {
    let Verification { id, outcome, risk_level, workflow, executed_at } = &report.verification;
    let features = report.features.iter();
    let features = features.map(|(feature, status)| (feature.as_str(), status.as_str()));
    let current = json!({
        "id": id,
        "outcome": outcome.as_str(),
        "risk_level": risk_level.as_str(),
        "workflow": {"name": workflow.name, "version": workflow.version},
        "features": features.collect::<BTreeMap<_, _>>(),
        "executed_at": executed_at.to_millis_string(),
    });
    let previous = previous.map(|previous| json!({"outcome": previous.outcome.as_str()}));
    event.record_change("verification", previous, current);
}

/// Says in the event what the session changed in the sum of them all.
fn note_sessions(event: &mut Event, before: &Sessions, after: &Sessions) {
    for ((name, previous), (_, current)) in before.members().into_iter().zip(after.members()) {
        if previous != current {
            event.record_change(name, previous, current);
        }
    }
}
