//! From an access token to a principal.
//!
//! The token says who issued it; what is registered of that issuer says everything else: whose data, for which audience,
//! under which keys. Nothing that the token says beside that decides how it is checked: its algorithm must be one of two,
//! and that of the key; its `jku`, `jwk`, `x5u` and `x5c` are not looked at.

use std::sync::Arc;

use jsonwebtoken::{
    Algorithm, Validation, dangerous::insecure_decode_claims, decode, decode_header,
};
use moka::future::Cache;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Number, Value};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use super::{
    AccessToken, Action, Permissions, Principal, Unauthenticated,
    key_set::{FetchedKeySet, KeySet},
};
use crate::{
    clock::Clock,
    error::Error,
    expiring::{ExpiringCache, Lifetime},
    store::{Issuer, KeySource, Store},
};

/// The longest token that is read, in bytes: what a header of API Gateway's can hold.
const MAX_BYTES: usize = 10 * 1024;
/// How far clocks may be apart, in seconds.
const LEEWAY: u64 = 30;

/// Checks tokens. Keeps issuers for as long as API keys are kept, and their key sets for ten minutes.
pub(super) struct TokenVerifier {
    store: Store,
    clock: Clock,
    issuers: ExpiringCache<String, Arc<Issuer>>,
    key_sets: Cache<String, Arc<Mutex<FetchedKeySet>>>,
}

/// What is read of a token before its signature is checked.
#[derive(Deserialize)]
struct Unverified {
    iss: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    #[serde(rename = "exp")]
    _exp: Number,
    #[serde(rename = "nbf", default)]
    _nbf: Option<Number>,
    #[serde(default)]
    scope: Value,
    #[serde(default)]
    azp: Option<String>,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    sub: Option<String>,
}

/// The outcome of a check that could be made.
type Checked = Result<Principal, Unauthenticated>;

impl TokenVerifier {
    const CAPACITY: u64 = 1_000;

    pub(super) fn new(store: Store, lifetime: Lifetime, clock: Clock) -> Self {
        let issuers = ExpiringCache::new(Self::CAPACITY, lifetime, clock.clone());
        let key_sets = Cache::builder().max_capacity(Self::CAPACITY).build();
        Self { store, clock, issuers, key_sets }
    }

    /// Who is calling, if the token says so.
    pub(super) async fn verify(&self, token: &AccessToken) -> Result<Checked, Error> {
        // EXPOSE: it is what is checked.
        let token = token.0.expose_secret();
        let Some((algorithm, kid, name)) = outline(token) else {
            return Ok(Err(Unauthenticated::Rejected));
        };
        let Some(issuer) = self.issuer(&name).await? else {
            return Ok(Err(Unauthenticated::Rejected));
        };
        let keys = self.keys(&issuer, &kid).await?;
        let principal = keys.find(&kid, algorithm).and_then(|key| {
            let mut validation = Validation::new(algorithm);
            validation.leeway = LEEWAY;
            validation.validate_nbf = true;
            validation.set_required_spec_claims(&["exp", "iss", "aud"]);
            validation.set_issuer(&[&issuer.name]);
            validation.set_audience(&[&issuer.audience]);
            let claims = decode::<Claims>(token, key, &validation).ok()?.claims;
            (claims.iss == issuer.name).then(|| claims.principal(&issuer))
        });
        Ok(principal.ok_or(Unauthenticated::Rejected))
    }

    /// What is registered of an issuer. Those that are not found are not kept, so that a new one works at once.
    async fn issuer(&self, name: &str) -> Result<Option<Arc<Issuer>>, Error> {
        if let Some(issuer) = self.issuers.get(name).await {
            return Ok(Some(issuer));
        }
        let since = self.clock.now();
        let issuer = self.store.issuer(name).await?.map(Arc::new);
        if let Some(issuer) = &issuer {
            self.issuers.insert(name.to_owned(), Arc::clone(issuer), since).await;
        }
        Ok(issuer)
    }

    async fn keys(&self, issuer: &Issuer, kid: &str) -> Result<KeySet, Error> {
        match &issuer.keys {
            KeySource::Inline(text) => Ok(KeySet::parse(text.as_bytes()).unwrap_or_default()),
            KeySource::Url(url) => {
                let held = self.key_sets.get_with(url.clone(), async { Arc::default() }).await;
                // One fetch at a time, however many wait for it.
                Ok(held.lock().await.with(url, kid, &self.clock).await?)
            }
        }
    }
}

/// The algorithm, the key's id and the issuer that a token claims; `None` where it is no token that could be valid.
fn outline(token: &str) -> Option<(Algorithm, String, String)> {
    if token.len() > MAX_BYTES {
        return None;
    }
    let header = decode_header(token).ok()?;
    // What is critical to its sender is known to nobody here.
    let known = matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) && header.crit.is_none();
    let Unverified { iss } = insecure_decode_claims(token).ok()?;
    let named = (1..=512).contains(&iss.len());
    header.kid.filter(|_| known && named).map(|kid| (header.alg, kid, iss))
}

impl Claims {
    fn principal(&self, issuer: &Issuer) -> Principal {
        let actor = format!("jwt:{}", self.client());
        Principal { scope: issuer.scope.clone(), permissions: self.permissions(), actor }
    }

    /// The scopes are permissions: `create:users` or `write:users` to create, `read:users` to get.
    fn permissions(&self) -> Permissions {
        let scopes: Vec<&str> = match &self.scope {
            Value::String(text) => text.split(' ').collect(),
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
        };
        let actions = scopes.into_iter().filter_map(|scope| match scope {
            "create:users" | "write:users" => Some(Action::Create),
            "read:users" => Some(Action::Get),
            _other => None,
        });
        actions.collect()
    }

    /// Who asked for the token: the client's id where it is one, else a digest, for events and logs hold nothing personal.
    fn client(&self) -> String {
        let named = self.azp.as_ref().or(self.client_id.as_ref());
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let plain = named.filter(|id| (1..=64).contains(&id.len()) && id.chars().all(plain));
        plain.cloned().unwrap_or_else(|| {
            let text = named.or(self.sub.as_ref()).map_or("", String::as_str);
            let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(text));
            digest.chars().take(32).collect()
        })
    }
}
