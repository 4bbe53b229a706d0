//! Finding without reading: what is made under the index key of a tenant and mode.

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{Context, Digest, VaultError, cipher, envelope};
use crate::domain::{ExternalId, Scope, field::FingerprintKind, value::Value};

/// A keyed fingerprint: HMAC-SHA-256, 64 lower-case hex digits. The same value of the same kind in the same tenant and
/// mode has the same one; without the key, nobody can try values against it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes what a table holds.
    pub(crate) fn from_stored(hex: String) -> Self {
        Self(hex)
    }

    fn of(digest: Digest) -> Self {
        Self(data_encoding::HEXLOWER.encode(&digest))
    }
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fingerprint")
    }
}

/// The index key of one tenant and mode. It is not rotated with the branch key: whatever it made would be lost.
#[derive(Debug)]
pub struct IndexKey {
    key: cipher::Key,
    scope: Scope,
}

impl IndexKey {
    pub(super) fn new(key: cipher::Key, scope: Scope) -> Self {
        Self { key, scope }
    }

    /// The fingerprint of a field's value.
    pub fn fingerprint(&self, kind: FingerprintKind, value: &Value) -> Fingerprint {
        // EXPOSE: the fingerprint is over the value.
        self.mac(
            &format!("coffer/v1/fingerprint/{}", kind.as_str()),
            value.compared().expose_secret(),
        )
    }

    /// What an external id is called in a key of the tables.
    pub fn external_id(&self, id: &ExternalId) -> Fingerprint {
        self.mac("coffer/v1/external-id", id.as_str())
    }

    /// What a word prefix of a name is called in a key of the tables.
    pub fn name_prefix(&self, prefix: &str) -> Fingerprint {
        self.mac("coffer/v1/name-prefix", prefix)
    }

    /// What an idempotency key of an operation is called in a key of the tables.
    pub fn idempotency_key(&self, operation: &str, key: &str) -> Fingerprint {
        self.mac(&format!("coffer/v1/idempotency-key/{operation}"), key)
    }

    /// What stands for a request: the same for the same path and body only.
    pub fn request(&self, path: &str, body: &[u8]) -> Fingerprint {
        let digest = <sha2::Sha256 as sha2::Digest>::digest(body);
        self.mac(
            "coffer/v1/request",
            &format!("{}\n{path}", data_encoding::HEXLOWER.encode(&digest)),
        )
    }

    /// What a verification session is called in a key of the tables.
    pub fn session(&self, id: &str) -> Fingerprint {
        self.mac("coffer/v1/verification-session", id)
    }

    /// What stands for a report of a verification session: the same for the same content only.
    pub fn verification_report(&self, canonical: &SecretString) -> Fingerprint {
        // EXPOSE: the digest is over the report.
        self.mac("coffer/v1/verification-report", canonical.expose_secret())
    }

    /// What stands for a query, for its cursors.
    pub fn query(&self, canonical: &str) -> Digest {
        cipher::hmac(
            &self.key,
            Context::message("coffer/v1/query", &self.scope, canonical).as_bytes(),
        )
    }

    /// Seals the place where a page of `query` ended.
    pub fn seal_cursor(&self, query: &Digest, position: &str) -> Result<Vec<u8>, VaultError> {
        envelope::seal(&self.key, &Context::cursor(&self.scope, query), position.as_bytes())
    }

    /// Opens what [`IndexKey::seal_cursor`] sealed for the same query.
    pub fn open_cursor(
        &self,
        query: &Digest,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        envelope::open(&self.key, &Context::cursor(&self.scope, query), sealed)
    }

    fn mac(&self, domain: &str, text: &str) -> Fingerprint {
        Fingerprint::of(cipher::hmac(
            &self.key,
            Context::message(domain, &self.scope, text).as_bytes(),
        ))
    }
}
