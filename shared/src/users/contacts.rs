//! Approved e-mail addresses and phone numbers: lists that are sealed whole, and found by each of their members.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};

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
            seal(user, event, data_key, &FieldId::APPROVED_EMAILS, emails)?;
            user.fingerprints.approved_emails = fingerprints(index, FingerprintKind::Email, emails);
        }
        if let Some(phones) = &self.phones
            && may_change(user, event, &FieldId::APPROVED_PHONES)
        {
            seal(user, event, data_key, &FieldId::APPROVED_PHONES, phones)?;
            user.fingerprints.approved_phones = fingerprints(index, FingerprintKind::Phone, phones);
        }
        Ok(())
    }
}

fn may_change(user: &User, event: &mut Event, list: &FieldId) -> bool {
    let locked = user.locked.contains(list);
    if locked {
        event.ignored.push(list.as_str().to_owned());
    }
    !locked
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
    values: &[Value],
) -> Result<()> {
    if values.is_empty() && !user.sealed.contains_key(list) {
        return Ok(());
    }
    // EXPOSE: the values are what is sealed.
    let texts: Vec<&str> = values.iter().map(|value| value.stored().expose_secret()).collect();
    let text = serde_json::to_string(&texts).map_err(|_| Error::Vault(VaultError::Integrity))?;
    let sealed = data_key.seal_field(list, &SecretString::from(text))?;
    user.sealed.insert(list.clone(), sealed);
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
