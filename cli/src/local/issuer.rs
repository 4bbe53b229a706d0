//! The stack's own issuer of access tokens: what an identity provider is for a deployed one.

use std::path::Path;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode,
    jwk::{Jwk, PublicKeyUse, ThumbprintHash},
};
use serde_json::json;
use shared::{
    app::App,
    auth::{add_issuer, new_issuer},
    domain::{Mode, Scope, Timestamp},
    store::KeySource,
};

use super::{StartError, data_dir};

/// What its tokens are meant for.
const AUDIENCE: &str = "coffer";
/// All that a token can permit.
const SCOPES: &str = "create:users read:users";
/// How long a token lasts; each start makes new ones.
const LIFETIME: time::Duration = time::Duration::days(30);

/// An issuer with one key pair, which it signs the tokens of both modes with.
pub(super) struct LocalIssuer {
    key: EncodingKey,
    kid: String,
    key_set: String,
}

/// What a tool of cryptography says, as a reason not to start.
fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StartError {
    StartError::Seed(error.into())
}

impl LocalIssuer {
    /// The one of an earlier start, or a new one, kept in `file` if there is one.
    pub(super) fn provide(file: Option<&Path>) -> Result<Self, StartError> {
        let kept = file.map(data_dir::read).transpose()?.flatten();
        let made = kept.is_none();
        let key = match kept {
            Some(key) => key,
            None => make_key()?,
        };
        let issuer = Self::of(&key).map_err(|error| match file {
            Some(path) if !made => StartError::Damaged {
                path: path.to_owned(),
                reason: error.to_string(),
                remedy: "delete it, and the next start makes a new one",
            },
            Some(_) | None => broken(error),
        })?;
        if let Some(path) = file.filter(|_| made) {
            data_dir::replace(path, &key)
                .map_err(|source| StartError::Data { path: path.to_owned(), source })?;
        }
        Ok(issuer)
    }

    fn of(pkcs8: &[u8]) -> jsonwebtoken::errors::Result<Self> {
        let key = EncodingKey::from_ec_der(pkcs8);
        let mut public = Jwk::from_encoding_key(&key, Algorithm::ES256)?;
        let kid = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let key_set = json!({"keys": [public]}).to_string();
        Ok(Self { key, kid, key_set })
    }

    /// Registers it for a tenant and mode, and makes a token with all scopes of users.
    pub(super) async fn introduce(&self, app: &App, scope: &Scope) -> Result<String, StartError> {
        let name = name(scope.mode);
        let keys = KeySource::Inline(self.key_set.clone());
        let issuer = new_issuer(name, scope.clone(), AUDIENCE, keys).map_err(broken)?;
        if !add_issuer(&app.store, &issuer).await.map_err(broken)? {
            return Err(broken(format!("the issuer {name} is another tenant's")));
        }
        let now = Timestamp::now();
        let claims = json!({
            "iss": name,
            "aud": AUDIENCE,
            "sub": "local@clients",
            "azp": "local",
            "iat": now.unix_seconds(),
            "exp": now.plus(LIFETIME).unix_seconds(),
            "scope": SCOPES,
        });
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.kid.clone());
        encode(&header, &claims, &self.key).map_err(broken)
    }
}

/// The `iss` of its tokens.
const fn name(mode: Mode) -> &'static str {
    match mode {
        Mode::Test => "urn:coffer:local:test",
        Mode::Live => "urn:coffer:local:live",
    }
}

/// A new P-256 key pair as PKCS #8.
fn make_key() -> Result<Vec<u8>, StartError> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let document = pair.and_then(|pair| pair.to_pkcs8v1());
    document.map(|document| document.as_ref().to_vec()).map_err(|_| broken("no key can be made"))
}
