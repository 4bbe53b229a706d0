//! Recording what a verification found out: each session once, however often and however late it is reported.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{
    ATTEMPTS, Answered, Change, FieldChanges, Once, apply_fields,
    change::{open_data_key, write_change},
    contacts::{EMAILS, PHONES},
    pause,
};
use crate::{
    App,
    domain::{
        Established, Event, EventKind, Feature, FeatureStatus, Outcome, Scope, Status, Timestamp,
        User, UserId, Verification,
        field::{FieldId, FingerprintKind},
        value::Value,
    },
    error::{Error, Result},
    http::Call,
    store::{Rejected, SessionRecord, UserAndSession},
    vault::{Fingerprint, IndexKey, VaultError},
};

/// How many issuing states a user has at most.
const MAX_ISSUING_STATES: usize = 20;

/// What a provider says of one session.
#[derive(Debug)]
pub struct Report {
    /// The session.
    pub verification: Verification,
    /// What its checks found.
    pub features: BTreeMap<Feature, FeatureStatus>,
    /// The fields that it established.
    pub fields: FieldChanges,
    /// The e-mail addresses that it established.
    pub emails: Vec<Value>,
    /// The phone numbers that it established.
    pub phones: Vec<Value>,
    /// Where the document is from: ISO 3166-1 alpha-3.
    pub issuing_state: Option<String>,
}

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
        let now = Timestamp::now();
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
    let latest = user.verification.as_ref();
    if latest.is_none_or(|latest| latest.executed_at <= executed_at) {
        user.verification = Some(report.verification.clone());
    }
    user.touch(now);
    event.version = Some(user.version);
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

impl Report {
    /// The same for the same content only, however it was spelled.
    fn digest(&self, index: &IndexKey) -> Fingerprint {
        let Verification { id, outcome, risk_level, workflow, executed_at } = &self.verification;
        // EXPOSE: what stands for the report is a keyed digest over all of it.
        let text = |value: &Value| value.stored().expose_secret().to_owned();
        let features = self.features.iter();
        let fields = self.fields.iter();
        let canonical = json!([
            id,
            outcome.as_str(),
            risk_level.as_str(),
            workflow.name,
            workflow.version,
            executed_at.unix_millis(),
            features.map(|(name, status)| [name.as_str(), status.as_str()]).collect::<Vec<_>>(),
            fields.map(|(id, value)| (id.as_str(), value.as_ref().map(text))).collect::<Vec<_>>(),
            self.emails.iter().map(text).collect::<BTreeSet<_>>(),
            self.phones.iter().map(text).collect::<BTreeSet<_>>(),
            self.issuing_state,
        ]);
        index.verification_report(&SecretString::from(canonical.to_string()))
    }

    /// What it vouches for: nothing, unless the session was approved.
    fn established(&self, index: &IndexKey) -> Established {
        if self.verification.outcome != Outcome::Approved {
            return Established::default();
        }
        let prints =
            |kind| self.contacts(kind).iter().map(|value| index.fingerprint(kind, value)).collect();
        let mut established = Established {
            fields: self.fields.keys().cloned().collect(),
            emails: prints(FingerprintKind::Email),
            phones: prints(FingerprintKind::Phone),
            issuing_states: self.issuing_state.iter().cloned().collect(),
        };
        // A name that one API shows whole is the one that another shows in parts.
        if FieldId::NAMES.iter().any(|name| self.fields.contains_key(name)) {
            established.fields.extend(FieldId::NAMES);
        }
        let lists = [
            (FieldId::APPROVED_EMAILS, established.emails.is_empty()),
            (FieldId::APPROVED_PHONES, established.phones.is_empty()),
            (FieldId::ISSUING_STATES, established.issuing_states.is_empty()),
        ];
        let named = lists.into_iter().filter(|(_, is_empty)| !is_empty);
        established.fields.extend(named.map(|(list, _)| list));
        established
    }

    /// The contacts of one kind: those in the list, and the one among the fields.
    fn contacts(&self, kind: FingerprintKind) -> Vec<&Value> {
        let (list, field): (&[Value], _) = match kind {
            FingerprintKind::Email => (&self.emails, FieldId::EMAIL),
            FingerprintKind::Phone => (&self.phones, FieldId::PHONE_NUMBER),
            FingerprintKind::Ssn => return Vec::new(),
        };
        let field = self.fields.get(&field).and_then(Option::as_ref);
        list.iter().chain(field).collect()
    }

    /// The names of all that it would establish.
    fn places(&self) -> Vec<String> {
        let lists = [
            (FieldId::APPROVED_EMAILS, self.emails.is_empty()),
            (FieldId::APPROVED_PHONES, self.phones.is_empty()),
            (FieldId::ISSUING_STATES, self.issuing_state.is_none()),
        ];
        let lists = lists.into_iter().filter(|(_, is_empty)| !is_empty).map(|(list, _)| list);
        let all = self.fields.keys().cloned().chain(lists);
        all.map(|field| field.as_str().to_owned()).collect()
    }
}
