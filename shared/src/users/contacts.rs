//! Approved e-mail addresses and phone numbers: lists that are sealed whole, and found by each of their members.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};

use super::{
    Change,
    vault_fields::{holds, may_change},
};
use crate::{
    domain::{
        Event, User,
        field::{FieldId, FingerprintKind},
        value::Value,
    },
    error::{Error, Result},
    vault::{DataKey, Fingerprint, IndexKey, VaultError},
};

/// Lists that replace the ones there were; `None` leaves one as it is.
#[derive(Debug, Default)]
pub struct Contacts {
    /// E-mail addresses.
    pub emails: Option<Vec<Value>>,
    /// Phone numbers.
    pub phones: Option<Vec<Value>>,
}

impl Contacts {
    /// Puts them into `user` and names them in `event`. A list that a verification established stays as it is.
    pub fn apply(
        &self,
        user: &mut User,
        event: &mut Event,
        data_key: &DataKey,
        index: &IndexKey,
    ) -> Result<()> {
        if let Some(emails) = &self.emails
            && may_change(user, event, &FieldId::APPROVED_EMAILS)
        {
            seal(
                user,
                event,
                data_key,
                &FieldId::APPROVED_EMAILS,
                &emails.iter().collect::<Vec<_>>(),
            )?;
            user.fingerprints.approved_emails = fingerprints(index, FingerprintKind::Email, emails);
        }
        if let Some(phones) = &self.phones
            && may_change(user, event, &FieldId::APPROVED_PHONES)
        {
            seal(
                user,
                event,
                data_key,
                &FieldId::APPROVED_PHONES,
                &phones.iter().collect::<Vec<_>>(),
            )?;
            user.fingerprints.approved_phones = fingerprints(index, FingerprintKind::Phone, phones);
        }
        Ok(())
    }
}

/// One of the lists: where it lies, and what its members are.
pub(super) struct ContactList {
    /// The list.
    pub(super) list: FieldId,
    /// What its members are by themselves.
    pub(super) member: FieldId,
    /// The fingerprint of a member.
    pub(super) kind: FingerprintKind,
}

/// The approved e-mail addresses.
pub(super) const EMAILS: ContactList = ContactList {
    list: FieldId::APPROVED_EMAILS,
    member: FieldId::EMAIL,
    kind: FingerprintKind::Email,
};

/// The approved phone numbers.
pub(super) const PHONES: ContactList = ContactList {
    list: FieldId::APPROVED_PHONES,
    member: FieldId::PHONE_NUMBER,
    kind: FingerprintKind::Phone,
};

/// How many members each list has at most.
pub(super) const MAX_CONTACTS: usize = 20;

impl ContactList {
    /// Takes members out of the list and puts others at its end, each once. Where there are too many, those that have
    /// been there longest go.
    pub(super) fn amend(
        &self,
        user: &mut User,
        event: &mut Event,
        keys: &Change<'_>,
        add: &[&Value],
        remove: &BTreeSet<Fingerprint>,
    ) -> Result<()> {
        if add.is_empty() && remove.is_empty() {
            return Ok(());
        }
        let held = open_contacts(user, Some(keys.data_key()?), &self.list)?;
        let held = held.iter().map(|text| self.member.value(text));
        let held = held.collect::<Result<Vec<_>, _>>();
        let held = held.map_err(|_| Error::Vault(VaultError::Integrity))?;
        let print = |value: &Value| keys.index.fingerprint(self.kind, value);
        let mut members: Vec<(Fingerprint, &Value)> =
            held.iter().map(|value| (print(value), value)).collect();
        members.retain(|(fingerprint, _)| !remove.contains(fingerprint));
        for value in add {
            let fingerprint = print(value);
            if !members.iter().any(|(other, _)| *other == fingerprint) {
                members.push((fingerprint, value));
            }
        }
        members.drain(..members.len().saturating_sub(MAX_CONTACTS));
        let (fingerprints, values): (BTreeSet<_>, Vec<_>) = members.into_iter().unzip();
        seal(user, event, keys.data_key()?, &self.list, &values)?;
        *self.fingerprints(user) = fingerprints;
        Ok(())
    }

    fn fingerprints<'a>(&self, user: &'a mut User) -> &'a mut BTreeSet<Fingerprint> {
        match self.kind {
            FingerprintKind::Phone => &mut user.fingerprints.approved_phones,
            FingerprintKind::Email | FingerprintKind::Ssn => &mut user.fingerprints.approved_emails,
        }
    }
}

/// Opens one of the lists; a user without it has an empty one.
pub fn open_contacts(
    user: &User,
    data_key: Option<&DataKey>,
    list: &FieldId,
) -> Result<Vec<String>> {
    let Some(sealed) = user.sealed.get(list) else { return Ok(Vec::new()) };
    let data_key = data_key.ok_or(Error::Vault(VaultError::NoKey("data")))?;
    let text = data_key.open_field(list, sealed)?;
    // EXPOSE: the caller shows the list.
    serde_json::from_str(text.expose_secret()).map_err(|_| Error::Vault(VaultError::Integrity))
}

fn seal(
    user: &mut User,
    event: &mut Event,
    data_key: &DataKey,
    list: &FieldId,
    values: &[&Value],
) -> Result<()> {
    if values.is_empty() && !user.sealed.contains_key(list) {
        return Ok(());
    }
    // EXPOSE: the values are what is sealed.
    let texts: Vec<&str> = values.iter().map(|value| value.stored().expose_secret()).collect();
    let text = serde_json::to_string(&texts).map_err(|_| Error::Vault(VaultError::Integrity))?;
    let text = SecretString::from(text);
    if holds(user, list, &text, data_key) {
        return Ok(());
    }
    user.sealed.insert(list.clone(), data_key.seal_field(list, &text)?);
    event.name_field(list.as_str());
    Ok(())
}

fn fingerprints(
    index: &IndexKey,
    kind: FingerprintKind,
    values: &[Value],
) -> BTreeSet<Fingerprint> {
    values.iter().map(|value| index.fingerprint(kind, value)).collect()
}
