//! The vault: personal fields sealed under keys that only KMS can open.
//!
//! KMS key → **branch key** per tenant and mode → **data key** per user → a key per field → AES-256-GCM. Beside the
//! branch key stands an **index key**, also per tenant and mode, for what must be found without being read:
//! fingerprints, index entries, cursors. Every layer is bound to where it belongs (see [`Context`]) and commits to its
//! key (see [`envelope`]): a ciphertext moved to another user, field, tenant or mode does not open.
//!
//! Knows nothing of HTTP or of what a field means; only [`Keyring`] knows that keys come from a table and from KMS.

mod cipher;
mod context;
mod data_key;
mod index_key;
mod keyring;
mod webhook_secret;

pub mod envelope;

pub use cipher::{Digest, constant_time_eq, random};
pub use context::Context;
pub use data_key::{DataKey, SealedDataKey};
pub use index_key::{Fingerprint, IndexKey};
pub use keyring::{BranchKey, KEY_LIFETIME, Keyring, Purpose, WrappedKey};
pub use webhook_secret::{SealedWebhookSecret, WebhookSecret};

use std::sync::Arc;

/// What can go wrong with a key or a sealed value. Says nothing of either.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VaultError {
    /// A sealed value was altered, moved, or sealed under another key.
    #[error("integrity failure: a sealed value does not open where it stands")]
    Integrity,
    /// The tenant was never provisioned, or its key is gone.
    #[error("there is no {0} key for this tenant and mode")]
    NoKey(&'static str),
    /// The tables or KMS did not do what was asked.
    #[error("a wrapped key could not be had")]
    Aws(#[source] Arc<crate::aws::AwsError>),
    /// The operating system has no randomness to give.
    #[error("the random generator failed")]
    Random,
}

impl From<crate::aws::AwsError> for VaultError {
    fn from(error: crate::aws::AwsError) -> Self {
        Self::Aws(Arc::new(error))
    }
}
