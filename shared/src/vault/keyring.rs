//! Fetching, unwrapping and keeping the keys of tenants.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aws_sdk_kms::{primitives::Blob, types::DataKeySpec};

use super::{IndexKey, VaultError, cipher};
use crate::{
    aws::AwsError,
    clock::Clock,
    domain::Scope,
    expiring::{ExpiringCache, Lifetime},
    store::Store,
};

/// What a wrapped key is for. Part of its encryption context, so that KMS refuses one in place of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Seals data keys.
    Branch,
    /// Makes fingerprints, index entries and cursors.
    Index,
}

impl Purpose {
    /// The name in the encryption context and in errors.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Index => "index",
        }
    }
}

/// A key as it is stored: only KMS can open it.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Which version, from 1.
    pub version: u32,
    /// KMS's ciphertext.
    pub ciphertext: Vec<u8>,
}

impl std::fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WrappedKey(v{})", self.version)
    }
}

/// One version of the branch key of a tenant and mode.
#[derive(Debug)]
pub struct BranchKey {
    version: u32,
    key: cipher::Key,
}

impl BranchKey {
    /// Which version.
    pub const fn version(&self) -> u32 {
        self.version
    }

    pub(super) const fn key(&self) -> &cipher::Key {
        &self.key
    }
}

/// How long, and how often, an unwrapped key is used before it is fetched again: five minutes, a million uses.
pub const KEY_LIFETIME: Lifetime =
    Lifetime { max_age: Duration::from_mins(5), max_uses: 1_000_000 };

/// The keys of tenants, unwrapped by KMS and kept in memory for a bounded time and number of uses. However many ask at
/// once, a key is fetched once.
pub struct Keyring {
    kms: aws_sdk_kms::Client,
    kms_key_id: String,
    store: Store,
    /// By version; `None` is the latest.
    branches: ExpiringCache<(Scope, Option<u32>), Arc<BranchKey>>,
    indexes: ExpiringCache<Scope, Arc<IndexKey>>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring")
    }
}

impl Keyring {
    /// How many keys of each kind are kept.
    const CAPACITY: u64 = 1_000;

    /// A keyring over the Keys table and one KMS key.
    pub fn new(
        kms: aws_sdk_kms::Client,
        kms_key_id: String,
        store: Store,
        lifetime: Lifetime,
        clock: &Clock,
    ) -> Self {
        let branches = ExpiringCache::new(Self::CAPACITY, lifetime, clock.clone());
        let indexes = ExpiringCache::new(Self::CAPACITY, lifetime, clock.clone());
        Self { kms, kms_key_id, store, branches, indexes }
    }

    /// The branch key under which new data keys are sealed.
    pub async fn latest_branch(&self, scope: &Scope) -> Result<Arc<BranchKey>, VaultError> {
        self.branch(scope, None).await
    }

    /// The branch key of one version, to open what it sealed.
    pub async fn branch_version(
        &self,
        scope: &Scope,
        version: u32,
    ) -> Result<Arc<BranchKey>, VaultError> {
        self.branch(scope, Some(version)).await
    }

    async fn branch(
        &self,
        scope: &Scope,
        version: Option<u32>,
    ) -> Result<Arc<BranchKey>, VaultError> {
        let fetch = || async move {
            let wrapped = match version {
                None => self.store.latest_wrapped_key(scope, Purpose::Branch).await?,
                Some(version) => self.store.wrapped_key(scope, Purpose::Branch, version).await?,
            };
            let wrapped = wrapped.ok_or(VaultError::NoKey("branch"))?;
            let key = self.unwrap_key(scope, Purpose::Branch, &wrapped).await?;
            Ok(Arc::new(BranchKey { version: wrapped.version, key }))
        };
        self.branches.get_or_fetch(&(scope.clone(), version), fetch).await
    }

    /// The index key.
    pub async fn index(&self, scope: &Scope) -> Result<Arc<IndexKey>, VaultError> {
        let fetch = || async move {
            let wrapped = self.store.latest_wrapped_key(scope, Purpose::Index).await?;
            let wrapped = wrapped.ok_or(VaultError::NoKey("index"))?;
            let key = self.unwrap_key(scope, Purpose::Index, &wrapped).await?;
            Ok(Arc::new(IndexKey::new(key, scope.clone())))
        };
        self.indexes.get_or_fetch(scope, fetch).await
    }

    async fn unwrap_key(
        &self,
        scope: &Scope,
        purpose: Purpose,
        wrapped: &WrappedKey,
    ) -> Result<cipher::Key, VaultError> {
        let call = self.kms.decrypt().key_id(&self.kms_key_id);
        let call = call.ciphertext_blob(Blob::new(wrapped.ciphertext.clone()));
        let call =
            call.set_encryption_context(Some(encryption_context(scope, purpose, wrapped.version)));
        let answer = call.send().await.map_err(|error| {
            use aws_sdk_kms::operation::decrypt::DecryptError;
            match error.as_service_error() {
                Some(
                    DecryptError::InvalidCiphertextException(_)
                    | DecryptError::IncorrectKeyException(_),
                ) => VaultError::Integrity,
                Some(_) | None => AwsError::of("kms:Decrypt", &error).into(),
            }
        })?;
        let plaintext = answer.plaintext.map(Blob::into_inner).map(zeroize::Zeroizing::new);
        plaintext.and_then(|bytes| cipher::Key::from_slice(&bytes)).ok_or(VaultError::Integrity)
    }

    /// Makes the first branch key and the index key of a tenant and mode, where there are none yet. Idempotent, and
    /// safe to run twice at once: the first writer wins.
    pub async fn provision(&self, scope: &Scope) -> Result<(), VaultError> {
        for purpose in [Purpose::Branch, Purpose::Index] {
            if self.store.latest_wrapped_key(scope, purpose).await?.is_none() {
                let ciphertext = self.generate(scope, purpose, 1).await?;
                self.store
                    .put_wrapped_key(scope, purpose, &WrappedKey { version: 1, ciphertext })
                    .await?;
            }
        }
        Ok(())
    }

    async fn generate(
        &self,
        scope: &Scope,
        purpose: Purpose,
        version: u32,
    ) -> Result<Vec<u8>, VaultError> {
        let call = self.kms.generate_data_key_without_plaintext().key_id(&self.kms_key_id);
        let call = call.key_spec(DataKeySpec::Aes256);
        let call = call.set_encryption_context(Some(encryption_context(scope, purpose, version)));
        let answer = call
            .send()
            .await
            .map_err(|error| AwsError::of("kms:GenerateDataKeyWithoutPlaintext", &error))?;
        let ciphertext = answer.ciphertext_blob.map(Blob::into_inner);
        let missing =
            || AwsError::unexpected("kms:GenerateDataKeyWithoutPlaintext", "no ciphertext").into();
        ciphertext.ok_or_else(missing)
    }
}

fn encryption_context(scope: &Scope, purpose: Purpose, version: u32) -> HashMap<String, String> {
    HashMap::from([
        ("tenant".to_owned(), scope.tenant.as_str().to_owned()),
        ("mode".to_owned(), scope.mode.as_str().to_owned()),
        ("purpose".to_owned(), purpose.as_str().to_owned()),
        ("version".to_owned(), version.to_string()),
    ])
}
