//! What the receiver of webhooks shares with their sender.

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroize;

use super::{BranchKey, Context, Digest, VaultError, cipher, envelope};
use crate::domain::{DestinationId, Scope};

/// The signing secret of one destination: 32 random bytes as 43 characters of URL-safe Base64. Its characters, as they
/// are shown, are the key.
#[derive(Debug)]
pub struct WebhookSecret(SecretString);

/// A signing secret as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedWebhookSecret {
    /// Which version of the branch key seals it.
    pub branch_version: u32,
    /// Its envelope.
    pub envelope: Vec<u8>,
}

impl std::fmt::Debug for SealedWebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedWebhookSecret(branch v{})", self.branch_version)
    }
}

impl WebhookSecret {
    /// A new secret.
    pub fn make() -> Result<Self, VaultError> {
        let mut bytes = cipher::random::<32>()?;
        let text = data_encoding::BASE64URL_NOPAD.encode(&bytes);
        bytes.zeroize();
        Ok(Self(text.into()))
    }

    /// Takes a secret that is known already.
    pub const fn new(secret: SecretString) -> Self {
        Self(secret)
    }

    /// Its characters, for its owner's eyes, once.
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }

    /// HMAC-SHA-256 of a message under it.
    pub fn sign(&self, message: &[u8]) -> Digest {
        // EXPOSE: the signature is keyed.
        cipher::hmac_under(self.0.expose_secret().as_bytes(), message)
    }

    /// Its stored form: it opens for this destination of this tenant and mode, and nowhere else.
    pub fn seal(
        &self,
        scope: &Scope,
        destination: DestinationId,
        branch: &BranchKey,
    ) -> Result<SealedWebhookSecret, VaultError> {
        let context = Context::webhook_secret(scope, destination, branch.version());
        // EXPOSE: the secret is what is sealed.
        let envelope = envelope::seal(branch.key(), &context, self.0.expose_secret().as_bytes())?;
        Ok(SealedWebhookSecret { branch_version: branch.version(), envelope })
    }

    /// Opens the stored form; `branch` must be of the version that it names.
    pub fn open(
        scope: &Scope,
        destination: DestinationId,
        sealed: &SealedWebhookSecret,
        branch: &BranchKey,
    ) -> Result<Self, VaultError> {
        let context = Context::webhook_secret(scope, destination, sealed.branch_version);
        let mut bytes = envelope::open(branch.key(), &context, &sealed.envelope)?;
        String::from_utf8(std::mem::take(&mut *bytes)).map(|text| Self(text.into())).map_err(
            |error| {
                error.into_bytes().zeroize();
                VaultError::Integrity
            },
        )
    }
}
