//! Putting a new key in the place of another.

use time::Duration;

use super::{
    Manager,
    create::{CreatedApiKey, Repeatable},
    find,
};
use crate::{
    App,
    auth::{NewApiKey, make_api_key},
    domain::Timestamp,
    error::{ApiKeyConflict, Error, Result},
    store::{ApiKeyRecord, Refused},
    users::{ATTEMPTS, Once, pause},
};

/// How a key is rotated.
#[derive(Debug, Clone, Copy)]
pub struct Rotation {
    /// How long the old key stays valid beside the new one: at most [`Rotation::MAX_OVERLAP`].
    pub overlap: Duration,
    /// When the new key ends; `None` where it has as long as the old one had.
    pub expires_at: Option<Option<Timestamp>>,
}

impl Rotation {
    /// How long both are valid where nothing is said.
    pub const DEFAULT_OVERLAP: Duration = Duration::days(1);
    /// How long both can be valid.
    pub const MAX_OVERLAP: Duration = Duration::days(7);

    /// What is to be made in the place of `old`.
    fn successor(&self, old: &ApiKeyRecord, now: Timestamp) -> NewApiKey {
        let lifetime = old.expires_at.map(|end| {
            let millis = end.unix_millis().saturating_sub(old.created_at.unix_millis());
            now.plus(Duration::milliseconds(millis))
        });
        NewApiKey {
            scope: old.scope.clone(),
            role: old.role,
            name: old.name.clone(),
            expires_at: self.expires_at.unwrap_or(lifetime),
        }
    }
}

/// Makes a key in the place of another, of the same name, role, tenant and mode. The old one ends by itself when the
/// overlap is over, or at its own time if that is earlier. Answers the new key, and the old one as it is now.
pub async fn rotate_api_key(
    app: &App,
    manager: &Manager<'_>,
    id: &str,
    rotation: Rotation,
    once: Option<&Once>,
) -> Result<(CreatedApiKey, ApiKeyRecord)> {
    let repeatable = Repeatable::of(app, manager, once).await?;
    for attempt in 1..=ATTEMPTS {
        let old = find(app, manager, id).await?;
        let now = app.clock.now();
        if !old.is_active(now) || old.replaced_by.is_some() {
            // A repeated request finds the key that it has rotated itself.
            let earlier = match &repeatable {
                Some(repeatable) => repeatable.look_up(app, now).await?,
                None => None,
            };
            let record = earlier.ok_or(ApiKeyConflict::NotActive)?;
            return Ok((CreatedApiKey { record, issued: None }, old));
        }
        let new = rotation.successor(&old, now);
        let (mut record, issued) = make_api_key(&new, manager.actor(), now)?;
        record.replaces = Some(old.id.clone());
        let mut ended = old.clone();
        let end = now.plus(rotation.overlap);
        ended.expires_at = Some(old.expires_at.map_or(end, |own| own.min(end)));
        ended.replaced_by = Some(record.id.clone());
        let mut transaction = app.store.api_key_transaction(&old.scope);
        if let Some(repeatable) = &repeatable {
            repeatable.remember(&mut transaction, &record.id, now)?;
        }
        transaction.insert(&record)?;
        transaction.end(&old, &ended)?;
        match transaction.commit().await {
            Ok(()) => {
                app.authenticator.forget(id).await;
                return Ok((CreatedApiKey { record, issued: Some(issued) }, ended));
            }
            Err(Refused::Repeated(earlier)) => {
                let repeatable = repeatable.as_ref().ok_or(Error::Contended)?;
                let record = repeatable.earlier(app, &earlier).await?;
                return Ok((CreatedApiKey { record, issued: None }, old));
            }
            Err(Refused::Owners) => return Err(ApiKeyConflict::LastOwner.into()),
            Err(Refused::Aws(error)) => return Err(error.into()),
            Err(Refused::Stale | Refused::Contended) => pause(attempt).await,
        }
    }
    Err(Error::Contended)
}
