//! Where a sealed value belongs.

use crate::domain::{DestinationId, Scope, UserId, field::FieldId};

/// The place of a sealed value, encoded without ambiguity: a domain that names the kind of value, then each part
/// with its length before it. It enters the derivation of the key *and* the authenticated data, so a value opens in
/// its own place and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context(Vec<u8>);

impl Context {
    /// A user's data key, sealed under version `branch_version` of the branch key.
    pub fn data_key(scope: &Scope, user: UserId, branch_version: u32) -> Self {
        Self::new("coffer/v1/data-key", scope)
            .part(user.to_hex().as_bytes())
            .part(&branch_version.to_be_bytes())
    }

    /// One field of one user.
    pub fn field(scope: &Scope, user: UserId, field: &FieldId) -> Self {
        Self::new("coffer/v1/field", scope)
            .part(user.to_hex().as_bytes())
            .part(field.as_str().as_bytes())
    }

    /// A webhook destination's signing secret, sealed under version `branch_version` of the branch key.
    pub fn webhook_secret(scope: &Scope, destination: DestinationId, branch_version: u32) -> Self {
        Self::new("coffer/v1/webhook-secret", scope)
            .part(destination.to_string().as_bytes())
            .part(&branch_version.to_be_bytes())
    }

    /// The cursor of one query, known by the query's digest.
    pub fn cursor(scope: &Scope, query: &super::Digest) -> Self {
        Self::new("coffer/v1/cursor", scope).part(query)
    }

    /// A message of the index key: `domain` separates what must never collide.
    pub(super) fn message(domain: &str, scope: &Scope, text: &str) -> Self {
        Self::new(domain, scope).part(text.as_bytes())
    }

    fn new(domain: &str, scope: &Scope) -> Self {
        let empty = Self(Vec::new());
        empty
            .part(domain.as_bytes())
            .part(scope.tenant.as_str().as_bytes())
            .part(scope.mode.as_str().as_bytes())
    }

    fn part(mut self, bytes: &[u8]) -> Self {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
