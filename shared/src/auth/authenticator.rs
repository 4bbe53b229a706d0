//! From a shown credential to a principal.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;

use super::{ApiKey, Credential, Principal, Unauthenticated, token::TokenVerifier};
use crate::{
    aws::AwsError,
    domain::Timestamp,
    error::Error,
    store::{ApiKeyRecord, Store},
    vault::{Digest, constant_time_eq},
};

/// Looks keys up, and keeps what it found for a bounded time: after that time at most, a revocation is in force
/// everywhere. Keys that are not found are not kept, so that a new one works at once.
pub struct Authenticator {
    store: Store,
    known: Cache<String, Arc<Known>>,
    tokens: TokenVerifier,
}

/// A key as it was found, and when.
struct Known {
    record: ApiKeyRecord,
    since: Timestamp,
}

impl Known {
    /// By the clock that keys expire by; the cache's own, which cannot be set, drops it at the same age.
    fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.unix_millis().abs_diff(self.since.unix_millis());
        Duration::from_millis(age) < Authenticator::MAX_AGE
    }
}

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authenticator")
    }
}

/// No secret has this digest; comparing with it costs what comparing with a real one costs.
const NOBODY: Digest = [0; 32];

impl Authenticator {
    /// How long a key is trusted without another look: the longest that a revocation can take.
    pub const MAX_AGE: Duration = Duration::from_mins(1);
    const CAPACITY: u64 = 10_000;

    /// An authenticator over the Keys table.
    pub fn new(store: Store) -> Self {
        let known =
            Cache::builder().max_capacity(Self::CAPACITY).time_to_live(Self::MAX_AGE).build();
        let tokens = TokenVerifier::new(store.clone(), Self::MAX_AGE);
        Self { store, known, tokens }
    }

    /// Who shows a credential, if it is anybody's now.
    pub async fn authenticate(
        &self,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Result<Principal, Unauthenticated>, Error> {
        match credential {
            Credential::ApiKey(key) => Ok(self.authenticate_key(key, now).await?),
            Credential::AccessToken(token) => self.tokens.verify(token).await,
        }
    }

    async fn authenticate_key(
        &self,
        key: &ApiKey,
        now: Timestamp,
    ) -> Result<Result<Principal, Unauthenticated>, AwsError> {
        let known = match self.known.get(key.id()).await.filter(|known| known.is_fresh(now)) {
            Some(known) => Some(known),
            None => self.look_up(key.id(), now).await?,
        };
        let record = known.as_ref().map(|known| &known.record);
        let expected = record.map_or(NOBODY, |record| record.secret_sha256);
        let secret_fits = constant_time_eq(&key.secret_sha256(), &expected);
        let valid = record.filter(|record| {
            let revoked = record.revoked_at.is_some();
            secret_fits && !revoked && record.is_active(now) && record.scope.mode == key.mode()
        });
        Ok(valid.map(principal).ok_or(Unauthenticated::Rejected))
    }

    /// Looks at a key anew when it comes next: it has changed.
    pub async fn forget(&self, id: &str) {
        self.known.invalidate(id).await;
    }

    async fn look_up(&self, id: &str, now: Timestamp) -> Result<Option<Arc<Known>>, AwsError> {
        let record = self.store.api_key(id).await?;
        let known = record.map(|record| Arc::new(Known { record, since: now }));
        if let Some(known) = &known {
            self.known.insert(id.to_owned(), Arc::clone(known)).await;
        }
        Ok(known)
    }
}

fn principal(record: &ApiKeyRecord) -> Principal {
    Principal {
        scope: record.scope.clone(),
        permissions: record.role.permissions(),
        actor: record.actor(),
    }
}
