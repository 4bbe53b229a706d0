//! Making a key.

use std::sync::Arc;

use super::Manager;
use crate::{
    App,
    auth::{IssuedApiKey, NewApiKey, make_api_key},
    domain::{Scope, Timestamp},
    error::{Error, Result},
    store::{ApiKeyRecord, ApiKeyTransaction, IdempotencyRecord, Refused, Subject},
    users::{ATTEMPTS, Once, pause},
    vault::IndexKey,
};

/// A key that was made, now or by an earlier, equal request.
#[derive(Debug)]
pub struct CreatedApiKey {
    /// The key.
    pub record: ApiKeyRecord,
    /// Its secret, if it was made now: an earlier request has shown it.
    pub issued: Option<IssuedApiKey>,
}

/// Makes a key.
pub async fn create_api_key(
    app: &App,
    manager: &Manager<'_>,
    new: &NewApiKey,
    once: Option<&Once>,
) -> Result<CreatedApiKey> {
    manager.check(&new.scope)?;
    let repeatable = Repeatable::of(app, manager, once).await?;
    let now = app.clock.now();
    let (record, issued) = make_api_key(new, manager.actor(), now)?;
    for attempt in 1..=ATTEMPTS {
        let mut transaction = app.store.api_key_transaction(&record.scope);
        if let Some(repeatable) = &repeatable {
            repeatable.remember(&mut transaction, &record.id, now)?;
        }
        transaction.insert(&record)?;
        match transaction.commit().await {
            Ok(()) => return Ok(CreatedApiKey { record, issued: Some(issued) }),
            Err(Refused::Repeated(earlier)) => {
                let repeatable = repeatable.as_ref().ok_or(Error::Contended)?;
                let record = repeatable.earlier(app, &earlier).await?;
                return Ok(CreatedApiKey { record, issued: None });
            }
            Err(Refused::Aws(error)) => return Err(error.into()),
            // A fresh id that is taken is as good as impossible; others at the same count are not.
            Err(Refused::Stale | Refused::Owners | Refused::Contended) => pause(attempt).await,
        }
    }
    Err(Error::Contended)
}

/// A request with an idempotency key, and what its record is made with.
pub(super) struct Repeatable<'a> {
    once: &'a Once,
    scope: Scope,
    index: Arc<IndexKey>,
}

impl<'a> Repeatable<'a> {
    pub(super) async fn of(
        app: &App,
        manager: &Manager<'_>,
        once: Option<&'a Once>,
    ) -> Result<Option<Self>> {
        let (Some(once), Manager::Caller(caller)) = (once, manager) else { return Ok(None) };
        let (scope, index) = (caller.scope.clone(), app.keyring.index(&caller.scope).await?);
        Ok(Some(Self { once, scope, index }))
    }

    /// Records, with the change itself, that the request was carried out, and which key it made.
    pub(super) fn remember(
        &self,
        transaction: &mut ApiKeyTransaction<'_>,
        made: &str,
        now: Timestamp,
    ) -> Result<()> {
        let record = self.once.record(&self.index, Subject::ApiKey(made.to_owned()), now);
        Ok(transaction.insert_idempotency(&self.scope, &record, now)?)
    }

    /// The key that an earlier, equal request made, if there was one.
    pub(super) async fn look_up(&self, app: &App, now: Timestamp) -> Result<Option<ApiKeyRecord>> {
        let name = self.once.name(&self.index);
        match app.store.idempotency_record(&self.scope, &name, now).await? {
            Some(earlier) => self.earlier(app, &earlier).await.map(Some),
            None => Ok(None),
        }
    }

    /// The key that the earlier request made.
    pub(super) async fn earlier(
        &self,
        app: &App,
        earlier: &IdempotencyRecord,
    ) -> Result<ApiKeyRecord> {
        self.once.check(&self.index, earlier)?;
        let id = earlier.subject.api_key().ok_or(Error::NotFound)?;
        app.store.api_key(id).await?.ok_or(Error::NotFound)
    }
}
