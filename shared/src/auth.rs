//! Who is calling, and what they may do.

mod api_key;
mod authenticator;
mod credential;
mod issuer;
mod key_set;
mod role;
mod token;

pub use api_key::{ApiKey, IssuedApiKey, MalformedApiKey, NewApiKey, issue_api_key};
pub(crate) use api_key::{is_api_key_id, make_api_key};
pub use authenticator::Authenticator;
pub use credential::{AccessToken, Credential};
pub use issuer::{InvalidIssuer, add_issuer, new_issuer};
pub use key_set::{InvalidKeySet, KeySetUnavailable};
pub use role::{Action, Permissions, Role};

use crate::domain::Scope;

/// A caller who has shown a valid credential.
#[derive(Debug, Clone)]
pub struct Principal {
    /// Whose data they reach.
    pub scope: Scope,
    /// What they may do with it.
    pub permissions: Permissions,
    /// How events and logs name them, as in `key:1a2b…` and `jwt:…`.
    pub actor: String,
}

/// The caller is known and may not do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The role does not permit the action.
    #[error("the credential does not permit this")]
    Role,
    /// A credential of test mode does not reach what is live.
    #[error("a test credential does not manage live keys")]
    Mode,
}

/// The caller is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// No credential was sent.
    #[error("no credential was sent")]
    Missing,
    /// What was sent has not the form of a credential.
    #[error("the credential is malformed")]
    Malformed,
    /// It is unknown, expired or revoked.
    #[error("the credential is unknown, expired or revoked")]
    Rejected,
}

impl Principal {
    /// Refuses what the credential does not permit.
    pub fn authorize(&self, action: Action) -> Result<(), Denied> {
        if self.permissions.contains(action) { Ok(()) } else { Err(Denied::Role) }
    }
}
