//! Fetching, unwrapping and keeping the keys of tenants.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_sdk_kms::{primitives::Blob, types::DataKeySpec};
use moka::future::Cache;

use super::{IndexKey, VaultError, cipher};
use crate::{aws::AwsError, domain::Scope, store::Store};

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

/// How long, and how often, an unwrapped key is used before it is fetched again.
#[derive(Debug, Clone, Copy)]
pub struct KeyLifetime {
    /// The greatest age.
    pub max_age: Duration,
    /// The greatest number of uses.
    pub max_uses: u64,
}

impl Default for KeyLifetime {
    /// Five minutes, a million uses.
    fn default() -> Self {
        Self { max_age: Duration::from_mins(5), max_uses: 1_000_000 }
    }
}

/// A cached key and how often it may still be used.
struct Counted<K> {
    key: Arc<K>,
    uses_left: AtomicU64,
}

impl<K> Counted<K> {
    fn new(key: K, lifetime: KeyLifetime) -> Arc<Self> {
        Arc::new(Self { key: Arc::new(key), uses_left: AtomicU64::new(lifetime.max_uses) })
    }

    fn take(&self) -> Option<Arc<K>> {
        let spend = self
            .uses_left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        spend.is_ok().then(|| Arc::clone(&self.key))
    }
}

type KeyCache<R, K> = Cache<R, Arc<Counted<K>>>;

/// The keys of tenants, unwrapped by KMS and kept in memory for a bounded time and number of uses. However many ask at
/// once, a key is fetched once.
pub struct Keyring {
    kms: aws_sdk_kms::Client,
    kms_key_id: String,
    store: Store,
    lifetime: KeyLifetime,
    /// By version; `None` is the latest.
    branches: KeyCache<(Scope, Option<u32>), BranchKey>,
    indexes: KeyCache<Scope, IndexKey>,
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
        lifetime: KeyLifetime,
    ) -> Self {
        fn cache<R, K>(lifetime: KeyLifetime) -> KeyCache<R, K>
        where
            R: std::hash::Hash + Eq + Send + Sync + 'static,
            K: Send + Sync + 'static,
        {
            Cache::builder().max_capacity(Keyring::CAPACITY).time_to_live(lifetime.max_age).build()
        }
        Self {
            kms,
            kms_key_id,
            store,
            lifetime,
            branches: cache(lifetime),
            indexes: cache(lifetime),
        }
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
            Ok(BranchKey { version: wrapped.version, key })
        };
        self.cached(&self.branches, (scope.clone(), version), fetch).await
    }

    /// The index key.
    pub async fn index(&self, scope: &Scope) -> Result<Arc<IndexKey>, VaultError> {
        let fetch = || async move {
            let wrapped = self.store.latest_wrapped_key(scope, Purpose::Index).await?;
            let wrapped = wrapped.ok_or(VaultError::NoKey("index"))?;
            let key = self.unwrap_key(scope, Purpose::Index, &wrapped).await?;
            Ok(IndexKey::new(key, scope.clone()))
        };
        self.cached(&self.indexes, scope.clone(), fetch).await
    }

    async fn cached<R, K, F>(
        &self,
        cache: &KeyCache<R, K>,
        reference: R,
        fetch: impl Fn() -> F,
    ) -> Result<Arc<K>, VaultError>
    where
        R: std::hash::Hash + Eq + Clone + Send + Sync + 'static,
        K: Send + Sync + 'static,
        F: Future<Output = Result<K, VaultError>>,
    {
        loop {
            let load = async { fetch().await.map(|key| Counted::new(key, self.lifetime)) };
            let found = cache.try_get_with(reference.clone(), load).await;
            let found = found.map_err(|error: Arc<VaultError>| VaultError::clone(&error))?;
            if let Some(key) = found.take() {
                return Ok(key);
            }
            cache.invalidate(&reference).await;
        }
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
