//! API keys: `sk_<mode>_` and 75 characters of `0-9a-v` (base 32, "extended hex" alphabet of
//! [RFC 4648 §7](https://www.rfc-editor.org/rfc/rfc4648#section-7), lower case): 16 of the key's id, 52 of a 256-bit
//! secret, 7 of a CRC-32 over all before it. The prefix is what secret scanners look for: never change it.

use data_encoding::BASE32_DNSSEC as BASE32;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Role;
use crate::{
    api_keys::{self, Manager},
    app::App,
    domain::{Mode, Scope, Timestamp},
    error::Error,
    store::ApiKeyRecord,
    vault::{self, Digest, VaultError},
};

const ID_CHARS: usize = 16;
const SECRET_CHARS: usize = 52;
const CHECKSUM_CHARS: usize = 7;

/// A key as a caller shows it. Its secret is zeroised when dropped.
pub struct ApiKey {
    mode: Mode,
    id: String,
    secret: SecretBox<[u8; 32]>,
}

/// A text that is no API key: mistyped, cut off, or something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key of the form sk_test_… or sk_live_…")]
pub struct MalformedApiKey;

/// Whether a text has the form of the public part of a key.
pub(crate) fn is_api_key_id(text: &str) -> bool {
    text.len() == ID_CHARS && BASE32.decode(text.as_bytes()).is_ok()
}

impl ApiKey {
    /// Reads a key. The checksum tells a typo from an unknown key without a look-up.
    pub fn parse(text: &str) -> Result<Self, MalformedApiKey> {
        let rest = text.strip_prefix("sk_").ok_or(MalformedApiKey)?;
        let (mode, body) = rest.split_once('_').ok_or(MalformedApiKey)?;
        let mode = Mode::parse(mode).map_err(|_| MalformedApiKey)?;
        let (id, rest) = body.split_at_checked(ID_CHARS).ok_or(MalformedApiKey)?;
        let (secret, checksum) = rest.split_at_checked(SECRET_CHARS).ok_or(MalformedApiKey)?;
        let payload = text.strip_suffix(checksum).ok_or(MalformedApiKey)?;
        let bytes =
            BASE32.decode(secret.as_bytes()).map(Zeroizing::new).map_err(|_| MalformedApiKey)?;
        let secret: Zeroizing<[u8; 32]> =
            Zeroizing::new(bytes.as_slice().try_into().map_err(|_| MalformedApiKey)?);
        if checksum_of(payload) != checksum || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(MalformedApiKey);
        }
        Ok(Self { mode, id: id.to_owned(), secret: SecretBox::init_with(|| *secret) })
    }

    /// The public part, by which it is looked up.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The mode that its prefix claims.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// SHA-256 of the secret part.
    pub fn secret_sha256(&self) -> Digest {
        // EXPOSE: only the digest leaves.
        Sha256::digest(self.secret.expose_secret()).into()
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey")
    }
}

fn checksum_of(payload: &str) -> String {
    let encoded = BASE32.encode(&crc32fast::hash(payload.as_bytes()).to_be_bytes());
    debug_assert_eq!(encoded.len(), CHECKSUM_CHARS);
    encoded
}

/// What to issue a key for.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// Whose data it opens.
    pub scope: Scope,
    /// What it may do.
    pub role: Role,
    /// What to call it.
    pub name: String,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// A key that was just issued: the only time that its secret is known.
#[derive(Debug)]
pub struct IssuedApiKey {
    /// The public part; Truv's client id.
    pub id: String,
    secret: SecretString,
}

impl IssuedApiKey {
    /// The whole `sk_…` text, to be shown once.
    pub fn expose_secret(&self) -> &str {
        // EXPOSE: whoever asked for the key must see it, now or never.
        self.secret.expose_secret()
    }
}

/// Issues a key in the operator's name: nobody's permission is asked.
pub async fn issue_api_key(app: &App, new: NewApiKey) -> Result<IssuedApiKey, Error> {
    let created = api_keys::create_api_key(app, &Manager::Operator, &new, None).await?;
    // Only a repeated request has no secret, and this is none.
    created.issued.ok_or(Error::Contended)
}

/// Makes a key: random id and secret, of which the record holds the id and the secret's SHA-256.
pub(crate) fn make_api_key(
    new: &NewApiKey,
    created_by: &str,
    now: Timestamp,
) -> Result<(ApiKeyRecord, IssuedApiKey), VaultError> {
    let id = BASE32.encode(&vault::random::<10>()?);
    let secret = Zeroizing::new(vault::random::<32>()?);
    let encoded = Zeroizing::new(BASE32.encode(secret.as_slice()));
    let payload =
        Zeroizing::new(format!("sk_{}_{id}{}", new.scope.mode.as_str(), encoded.as_str()));
    let text = SecretString::from(format!("{}{}", payload.as_str(), checksum_of(&payload)));
    let record = ApiKeyRecord {
        id: id.clone(),
        secret_sha256: Sha256::digest(secret.as_slice()).into(),
        scope: new.scope.clone(),
        role: new.role,
        name: new.name.clone(),
        created_at: now,
        created_by: created_by.to_owned(),
        expires_at: new.expires_at,
        revoked_at: None,
        revoked_by: None,
        replaces: None,
        replaced_by: None,
    };
    Ok((record, IssuedApiKey { id, secret: text }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Issued by the first release: keys of this form must be read forever.
    const FROZEN: &str =
        "sk_test_0123456789abcdef0s3ge1o70s3ge1o70s3ge1o70s3ge1o70s3ge1o70s3ge1o70s3g34p2c10";

    #[test]
    fn a_frozen_key_is_read_forever() {
        let key = ApiKey::parse(FROZEN).unwrap();
        assert_eq!((key.mode(), key.id()), (Mode::Test, "0123456789abcdef"));
        assert_eq!(key.secret_sha256(), <[u8; 32]>::from(Sha256::digest([7; 32])));
    }

    #[test]
    fn any_typo_is_noticed() {
        for place in 0..FROZEN.len() {
            for typo in ['0', 'x', 'A', '_'] {
                let mut text = FROZEN.to_owned();
                text.replace_range(place..=place, &typo.to_string());
                assert!(text == FROZEN || ApiKey::parse(&text).is_err(), "{text}");
            }
            assert!(ApiKey::parse(FROZEN.split_at(place).0).is_err());
        }
        assert!(ApiKey::parse(&format!("{FROZEN}0")).is_err());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text: String) {
            prop_assert!(ApiKey::parse(&text).is_err());
            let prefixed = ["sk_test_", &text].concat();
            prop_assert!(ApiKey::parse(&prefixed).is_err());
        }
    }
}
