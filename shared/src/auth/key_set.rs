//! The public keys of an issuer: a JSON Web Key Set ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)).

use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector as _, HttpConnectorSettings},
    orchestrator::HttpRequest,
};
use http_body_util::{BodyExt as _, Limited};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde::Deserialize;

use crate::{
    clock::Clock,
    deadline::Deadline,
    domain::Timestamp,
    expiring::{Expiring, Lifetime},
};

/// The keys of a set that tokens are checked with: RSA for RS256, P-256 for ES256. All others are left out.
#[derive(Debug, Clone, Default)]
pub(super) struct KeySet(Vec<(String, Algorithm, DecodingKey)>);

/// A text that is no key set, or holds no key that is of use here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no JSON Web Key Set with an RSA or P-256 key that has a `kid`")]
pub struct InvalidKeySet;

impl KeySet {
    pub(super) fn parse(text: &[u8]) -> Result<Self, InvalidKeySet> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        let set: Set = serde_json::from_slice(text).map_err(|_| InvalidKeySet)?;
        let keys =
            set.keys.into_iter().filter_map(|key| usable(&serde_json::from_value(key).ok()?));
        let keys: Vec<_> = keys.collect();
        if keys.is_empty() { Err(InvalidKeySet) } else { Ok(Self(keys)) }
    }

    /// The key of that id, if it is one for that algorithm.
    pub(super) fn find(&self, kid: &str, algorithm: Algorithm) -> Option<&DecodingKey> {
        let found = self.0.iter().find(|(id, _, _)| id == kid)?;
        (found.1 == algorithm).then_some(&found.2)
    }

    fn has(&self, kid: &str) -> bool {
        self.0.iter().any(|(id, _, _)| id == kid)
    }
}

fn usable(key: &Jwk) -> Option<(String, Algorithm, DecodingKey)> {
    let kid = key.common.key_id.clone()?;
    let signs = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let (algorithm, name) = match &key.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::EllipticCurve(_)
        | AlgorithmParameters::OctetKey(_)
        | AlgorithmParameters::OctetKeyPair(_)
        | AlgorithmParameters::Other(_)
        | _ => return None,
    };
    let fits = key.common.key_algorithm.is_none_or(|declared| declared == name);
    let decoding_key = DecodingKey::from_jwk(key).ok()?;
    (signs && fits).then_some((kid, algorithm, decoding_key))
}

/// Why a key set cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeySetUnavailable {
    /// The URL is none that is fetched.
    #[error("the key set's URL is not HTTPS")]
    Url,
    /// Its server did not answer 200 in time.
    #[error("the key set's server did not answer")]
    NoAnswer,
    /// What it answered is too long, or no key set.
    #[error("the key set's server did not answer a key set")]
    NoKeySet,
    /// It was tried a moment ago.
    #[error("the key set could not be had a moment ago")]
    TriedJustNow,
}

/// A key set that is fetched, and what is known of it.
#[derive(Debug, Default)]
pub(super) struct FetchedKeySet {
    keys: Option<Expiring<KeySet>>,
    /// No attempt is made while this lasts.
    failed: Option<Expiring<()>>,
    /// No unknown key is asked for while this lasts.
    refetched: Option<Expiring<()>>,
}

/// How long a fetched set is trusted: the longest that a withdrawn key can go on.
const LIFETIME: Lifetime = Lifetime::of(Duration::from_mins(10));
/// How often a set is fetched again because of a key that is not in it, at most.
const UNKNOWN_KEY_PAUSE: Lifetime = Lifetime::of(Duration::from_secs(10));
/// How long after a failure the next attempt is made.
const FAILURE_PAUSE: Lifetime = Lifetime::of(Duration::from_secs(1));
/// How long a fetch may take, from the first packet to the last.
const TIME_LIMIT: Duration = Duration::from_secs(3);
/// The largest set, in bytes.
const MAX_BYTES: usize = 256 * 1024;

impl FetchedKeySet {
    /// The set: a new one where the one at hand is too old, or lacks `kid` and was not fetched for such a reason just now.
    pub(super) async fn with(
        &mut self,
        url: &str,
        kid: &str,
        clock: &Clock,
    ) -> Result<KeySet, KeySetUnavailable> {
        let now = clock.now();
        let pauses = |pause: &Option<Expiring<()>>| {
            pause.as_ref().is_some_and(|pause| pause.get(now).is_some())
        };
        if let Some(known) = self.keys.as_ref().and_then(|keys| keys.get(now)).cloned() {
            if known.has(kid) || pauses(&self.refetched) {
                return Ok(known);
            }
            self.refetched = Some(Expiring::new((), now, UNKNOWN_KEY_PAUSE));
            // Where it cannot be had, the one at hand is as good as it was.
            let Ok(newer) = fetch(url).await else { return Ok(known) };
            return Ok(self.keep(newer, now));
        }
        if pauses(&self.failed) {
            return Err(KeySetUnavailable::TriedJustNow);
        }
        match fetch(url).await {
            Ok(keys) => Ok(self.keep(keys, now)),
            Err(error) => {
                self.failed = Some(Expiring::new((), clock.now(), FAILURE_PAUSE));
                Err(error)
            }
        }
    }

    /// Keeps a set that was asked for at `since`.
    fn keep(&mut self, keys: KeySet, since: Timestamp) -> KeySet {
        self.failed = None;
        self.keys = Some(Expiring::new(keys.clone(), since, LIFETIME));
        keys
    }
}

/// Whether a key set may be fetched from there: over HTTPS, or in clear from this very machine, where nobody is between.
pub(super) fn may_fetch(url: &str) -> bool {
    let Ok(uri) = url.parse::<lambda_http::http::Uri>() else { return false };
    let secret = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    let local = matches!(uri.host(), Some("127.0.0.1" | "[::1]" | "localhost"));
    let scheme = uri.scheme_str();
    url.len() <= 2_048
        && !secret
        && uri.host().is_some()
        && (scheme == Some("https") || (scheme == Some("http") && local))
}

/// No redirect is followed: whoever was registered answers.
async fn fetch(url: &str) -> Result<KeySet, KeySetUnavailable> {
    if !may_fetch(url) {
        return Err(KeySetUnavailable::Url);
    }
    let left = Deadline::current().map_or(TIME_LIMIT, Deadline::left_for_a_call);
    let answer = tokio::time::timeout(TIME_LIMIT.min(left), get(url)).await;
    answer.unwrap_or(Err(KeySetUnavailable::NoAnswer))
}

async fn get(url: &str) -> Result<KeySet, KeySetUnavailable> {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
    let settings = HttpConnectorSettings::builder().connect_timeout(Duration::from_secs(1)).build();
    let connector = Connector::builder().tls_provider(provider).connector_settings(settings);
    let connector = connector.sleep_impl(TokioSleep::new()).build();
    let request = HttpRequest::get(url).map_err(|_| KeySetUnavailable::Url)?;
    let answer = connector.call(request).await.map_err(|_| KeySetUnavailable::NoAnswer)?;
    if answer.status().as_u16() != 200 {
        return Err(KeySetUnavailable::NoAnswer);
    }
    let body = Limited::new(answer.into_body(), MAX_BYTES).collect().await;
    let body = body.map_err(|_| KeySetUnavailable::NoKeySet)?.to_bytes();
    KeySet::parse(&body).map_err(|_| KeySetUnavailable::NoKeySet)
}
