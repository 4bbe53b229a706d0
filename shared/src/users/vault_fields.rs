//! Putting fields into a user, and taking them out.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::{Change, ChangeKind, change_user};
use crate::{
    App,
    domain::{
        Event, User, UserId,
        field::{FieldId, FingerprintKind, MAX_CUSTOM_FIELDS},
        value::Value,
    },
    error::{Error, Result},
    http::Call,
    vault::{DataKey, Fingerprint, IndexKey},
};

/// Fields to set, and (`None`) to erase.
pub type FieldChanges = BTreeMap<FieldId, Option<Value>>;

/// Sets and erases fields of a user: names in clear, all others sealed, fingerprints along with them.
pub async fn change_fields(
    app: &App,
    call: &Call,
    id: UserId,
    changes: &FieldChanges,
) -> Result<User> {
    let apply = |user: &mut User, event: &mut Event, keys: &Change<'_>| {
        // Here the fields are the body itself.
        apply_fields(user, event, changes, keys.data_key()?, keys.index, "")
    };
    Ok(change_user(app, call, id, ChangeKind::SEALED, apply).await?.user)
}

/// Applies `changes` to `user` and notes them in `event`: values that are stored in clear, names of those that are not.
/// What a verification established stays as it is, and the event says that it was tried. `place` is where the fields
/// stand in the body.
pub fn apply_fields<'a>(
    user: &mut User,
    event: &mut Event,
    changes: impl IntoIterator<Item = (&'a FieldId, &'a Option<Value>)>,
    data_key: &DataKey,
    index: &IndexKey,
    place: &str,
) -> Result<()> {
    for (field, value) in changes {
        if !may_change(user, event, field) {
            continue;
        }
        let definition = field.definition();
        if let Some(kind) = definition.fingerprint {
            let fingerprint = value.as_ref().map(|value| index.fingerprint(kind, value));
            set_fingerprint(user, kind, fingerprint);
        }
        if definition.encrypted {
            apply_sealed(user, event, field, value.as_ref(), data_key)?;
        } else {
            apply_plain(user, event, field, value.as_ref());
        }
    }
    let custom = user.sealed.keys().filter(|field| field.is_custom()).count();
    if custom > MAX_CUSTOM_FIELDS {
        let detail = format!("a user holds at most {MAX_CUSTOM_FIELDS} custom fields");
        return Err(Error::body(place, detail));
    }
    Ok(())
}

/// Whether a profile change may touch a field or a list; notes it in `event` where not.
pub fn may_change(user: &User, event: &mut Event, field: &FieldId) -> bool {
    let locked = user.locked.contains(field);
    if locked {
        event.ignored.push(field.as_str().to_owned());
    }
    !locked
}

fn apply_sealed(
    user: &mut User,
    event: &mut Event,
    field: &FieldId,
    value: Option<&Value>,
    data_key: &DataKey,
) -> Result<()> {
    match value {
        Some(value) if holds(user, field, value.stored(), data_key) => {}
        Some(value) => {
            user.sealed.insert(field.clone(), data_key.seal_field(field, value.stored())?);
            event.name_field(field.as_str());
        }
        None if user.sealed.remove(field).is_some() => event.name_field(field.as_str()),
        None => {}
    }
    Ok(())
}

/// Whether a sealed field holds just this value. One that does not open holds none.
pub(super) fn holds(
    user: &User,
    field: &FieldId,
    value: &SecretString,
    data_key: &DataKey,
) -> bool {
    let opened = user.sealed.get(field).map(|sealed| data_key.open_field(field, sealed));
    // EXPOSE: compared with its like.
    opened.is_some_and(|it| it.is_ok_and(|it| it.expose_secret() == value.expose_secret()))
}

fn apply_plain(user: &mut User, event: &mut Event, field: &FieldId, value: Option<&Value>) {
    // EXPOSE: names are stored in clear.
    let current = value.map(|value| value.stored().expose_secret().to_owned());
    let previous = match &current {
        Some(name) => user.plain.insert(field.clone(), name.clone()),
        None => user.plain.remove(field),
    };
    if previous != current {
        event.record_change(field.as_str(), previous, current);
    }
}

fn set_fingerprint(user: &mut User, kind: FingerprintKind, value: Option<Fingerprint>) {
    match kind {
        FingerprintKind::Email => user.fingerprints.email = value,
        FingerprintKind::Phone => user.fingerprints.phone = value,
        FingerprintKind::Ssn => user.fingerprints.ssn = value,
    }
}
