//! What a caller shows.

use secrecy::SecretString;

use super::ApiKey;

/// A credential as it stands in a request, checked for its form only.
#[derive(Debug)]
pub enum Credential {
    /// A key of ours.
    ApiKey(ApiKey),
    /// An access token of a registered issuer.
    AccessToken(AccessToken),
}

/// A JSON Web Token ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)), not checked yet.
pub struct AccessToken(pub(super) SecretString);

impl AccessToken {
    /// Takes a token as it was sent.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned().into())
    }
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccessToken")
    }
}

impl From<ApiKey> for Credential {
    fn from(key: ApiKey) -> Self {
        Self::ApiKey(key)
    }
}
