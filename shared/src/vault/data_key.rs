//! The key of one user, and the fields under it.

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroize;

use super::{BranchKey, Context, VaultError, cipher, envelope};
use crate::domain::{Scope, Sealed, UserId, field::FieldId};

/// A user's own key. Destroy its sealed form, and every sealed field of that user is noise.
#[derive(Debug)]
pub struct DataKey {
    key: cipher::Key,
    scope: Scope,
    user: UserId,
}

/// A data key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedDataKey {
    /// Which version of the branch key seals it.
    pub branch_version: u32,
    /// Its envelope.
    pub envelope: Vec<u8>,
}

impl std::fmt::Debug for SealedDataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedDataKey(branch v{})", self.branch_version)
    }
}

impl DataKey {
    /// A new key for `user`.
    pub fn make(scope: &Scope, user: UserId) -> Result<Self, VaultError> {
        Ok(Self { key: cipher::Key::make()?, scope: scope.clone(), user })
    }

    /// Its stored form under `branch`.
    pub fn seal(&self, branch: &BranchKey) -> Result<SealedDataKey, VaultError> {
        let context = Context::data_key(&self.scope, self.user, branch.version());
        // EXPOSE: the data key is what is sealed.
        let envelope = envelope::seal(branch.key(), &context, self.key.expose())?;
        Ok(SealedDataKey { branch_version: branch.version(), envelope })
    }

    /// Opens the stored form of the key of `user`; `branch` must be of the version that it names.
    pub fn open(
        scope: &Scope,
        user: UserId,
        sealed: &SealedDataKey,
        branch: &BranchKey,
    ) -> Result<Self, VaultError> {
        let context = Context::data_key(scope, user, sealed.branch_version);
        let bytes = envelope::open(branch.key(), &context, &sealed.envelope)?;
        let key = cipher::Key::from_slice(&bytes).ok_or(VaultError::Integrity)?;
        Ok(Self { key, scope: scope.clone(), user })
    }

    /// Seals the value of a field.
    pub fn seal_field(&self, field: &FieldId, value: &SecretString) -> Result<Sealed, VaultError> {
        let context = Context::field(&self.scope, self.user, field);
        // EXPOSE: the value is what is sealed.
        envelope::seal(&self.key, &context, value.expose_secret().as_bytes()).map(Sealed)
    }

    /// Opens the value of a field.
    pub fn open_field(&self, field: &FieldId, sealed: &Sealed) -> Result<SecretString, VaultError> {
        let context = Context::field(&self.scope, self.user, field);
        let mut bytes = envelope::open(&self.key, &context, &sealed.0)?;
        String::from_utf8(std::mem::take(&mut *bytes)).map(SecretString::from).map_err(|error| {
            error.into_bytes().zeroize();
            VaultError::Integrity
        })
    }
}
