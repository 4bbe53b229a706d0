//! Issuers of access tokens: who may vouch for a caller, for which tenant and mode.

use super::key_set::{InvalidKeySet, KeySet, may_fetch};
use crate::{
    domain::{Scope, Timestamp},
    error::Error,
    store::{Issuer, KeySource, Store},
};

/// What is wrong with an issuer that is to be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIssuer {
    /// Its name.
    #[error(
        "the issuer must have 1 to 512 characters of ASCII, without blanks: the `iss` of its tokens, to the letter"
    )]
    Name,
    /// What its tokens must be meant for.
    #[error("the audience must have 1 to 512 characters of ASCII, without blanks")]
    Audience,
    /// Where its keys are.
    #[error("the keys' URL must be an https:// URL of at most 2048 characters")]
    Url,
    /// Its keys themselves.
    #[error("the key set {0}")]
    KeySet(#[from] InvalidKeySet),
    /// They are too many.
    #[error("the key set has more than 65536 bytes")]
    KeySetTooLarge,
}

/// The largest key set that is kept beside an issuer, in bytes.
const MAX_INLINE_BYTES: usize = 64 * 1024;

/// Checks what is to be registered.
pub fn new_issuer(
    name: &str,
    scope: Scope,
    audience: &str,
    keys: KeySource,
) -> Result<Issuer, InvalidIssuer> {
    let is_name = |text: &str| {
        (1..=512).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if !is_name(name) {
        return Err(InvalidIssuer::Name);
    }
    if !is_name(audience) {
        return Err(InvalidIssuer::Audience);
    }
    match &keys {
        KeySource::Url(url) if !may_fetch(url) => return Err(InvalidIssuer::Url),
        KeySource::Inline(text) if text.len() > MAX_INLINE_BYTES => {
            return Err(InvalidIssuer::KeySetTooLarge);
        }
        KeySource::Inline(text) => drop(KeySet::parse(text.as_bytes())?),
        KeySource::Url(_) => {}
    }
    let (name, audience) = (name.to_owned(), audience.to_owned());
    Ok(Issuer { name, scope, audience, keys, created_at: Timestamp::now() })
}

/// Registers an issuer, or replaces what was registered of it for the same tenant and mode. `false` where it is another
/// tenant's or the other mode's: a token's issuer decides whose data it reaches, so there is one answer.
pub async fn add_issuer(store: &Store, issuer: &Issuer) -> Result<bool, Error> {
    Ok(store.put_issuer(issuer).await?)
}
