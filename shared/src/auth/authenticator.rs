//! From a shown credential to a principal.

use std::{sync::Arc, time::Duration};

use super::{ApiKey, Credential, Principal, Unauthenticated, token::TokenVerifier};
use crate::{
    aws::AwsError,
    clock::Clock,
    error::Error,
    expiring::{ExpiringCache, Lifetime},
    store::{ApiKeyRecord, Store},
    vault::{Digest, constant_time_eq},
};

/// Looks keys up, and keeps what it found for a bounded time: after that time at most, a revocation is in force
/// everywhere. Keys that are not found are not kept, so that a new one works at once.
pub struct Authenticator {
    store: Store,
    known: ExpiringCache<String, Arc<ApiKeyRecord>>,
    tokens: TokenVerifier,
    clock: Clock,
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
    pub fn new(store: Store, clock: Clock) -> Self {
        let lifetime = Lifetime::of(Self::MAX_AGE);
        let known = ExpiringCache::new(Self::CAPACITY, lifetime, clock.clone());
        let tokens = TokenVerifier::new(store.clone(), lifetime, clock.clone());
        Self { store, known, tokens, clock }
    }

    /// Who shows a credential, if it is anybody's now.
    pub async fn authenticate(
        &self,
        credential: &Credential,
    ) -> Result<Result<Principal, Unauthenticated>, Error> {
        match credential {
            Credential::ApiKey(key) => Ok(self.authenticate_key(key).await?),
            Credential::AccessToken(token) => self.tokens.verify(token).await,
        }
    }

    async fn authenticate_key(
        &self,
        key: &ApiKey,
    ) -> Result<Result<Principal, Unauthenticated>, AwsError> {
        let record = match self.known.get(key.id()).await {
            Some(record) => Some(record),
            None => self.look_up(key.id()).await?,
        };
        let expected = record.as_ref().map_or(NOBODY, |record| record.secret_sha256);
        let secret_fits = constant_time_eq(&key.secret_sha256(), &expected);
        let now = self.clock.now();
        let valid = record.filter(|record| {
            let revoked = record.revoked_at.is_some();
            secret_fits && !revoked && record.is_active(now) && record.scope.mode == key.mode()
        });
        Ok(valid.as_deref().map(principal).ok_or(Unauthenticated::Rejected))
    }

    /// Looks at a key anew when it comes next: it has changed.
    pub async fn forget(&self, id: &str) {
        self.known.forget(id).await;
    }

    async fn look_up(&self, id: &str) -> Result<Option<Arc<ApiKeyRecord>>, AwsError> {
        let since = self.clock.now();
        let record = self.store.api_key(id).await?.map(Arc::new);
        if let Some(record) = &record {
            self.known.insert(id.to_owned(), Arc::clone(record), since).await;
        }
        Ok(record)
    }
}

fn principal(record: &ApiKeyRecord) -> Principal {
    Principal {
        scope: record.scope.clone(),
        permissions: record.role.permissions(),
        actor: record.actor(),
    }
}
