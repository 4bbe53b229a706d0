//! Putting fields into a user, and taking them out.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;

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

/// As [`apply_fields`], but for fields that a verification established: those stay as they are, and `event` says that it
/// was tried.
pub fn apply_unlocked_fields(
    user: &mut User,
    event: &mut Event,
    changes: &FieldChanges,
    data_key: &DataKey,
    index: &IndexKey,
    place: &str,
) -> Result<()> {
    let mut fields = changes.iter().collect::<Vec<_>>();
    fields.retain(|(field, _)| {
        let locked = user.locked.contains(*field);
        if locked {
            event.ignored.push(field.as_str().to_owned());
        }
        !locked
    });
    apply_fields(user, event, fields, data_key, index, place)
}

/// Applies `changes` to `user` and notes them in `event`: values that are stored in clear, names of those that are not.
/// `place` is where the fields stand in the body.
pub fn apply_fields<'a>(
    user: &mut User,
    event: &mut Event,
    changes: impl IntoIterator<Item = (&'a FieldId, &'a Option<Value>)>,
    data_key: &DataKey,
    index: &IndexKey,
    place: &str,
) -> Result<()> {
    for (field, value) in changes {
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

fn apply_sealed(
    user: &mut User,
    event: &mut Event,
    field: &FieldId,
    value: Option<&Value>,
    data_key: &DataKey,
) -> Result<()> {
    match value {
        Some(value) => {
            user.sealed.insert(field.clone(), data_key.seal_field(field, value.stored())?);
            event.name_field(field.as_str());
        }
        None if user.sealed.remove(field).is_some() => event.name_field(field.as_str()),
        None => {}
    }
    Ok(())
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
