//! Withdrawing a key.

use super::{Manager, find};
use crate::{
    App,
    error::{ApiKeyConflict, Error, Result},
    store::Refused,
    users::{ATTEMPTS, pause},
};

/// Withdraws a key for good. To withdraw it again changes nothing. The last lasting owner key of a tenant and mode stays,
/// however many try at once. Other instances take the key for [`MAX_AGE`](crate::auth::Authenticator::MAX_AGE) at most.
pub async fn revoke_api_key(app: &App, manager: &Manager<'_>, id: &str) -> Result<()> {
    for attempt in 1..=ATTEMPTS {
        let key = find(app, manager, id).await?;
        if key.revoked_at.is_some() {
            return Ok(());
        }
        let mut revoked = key.clone();
        revoked.revoked_at = Some(app.clock.now());
        revoked.revoked_by = Some(manager.actor().to_owned());
        let mut transaction = app.store.api_key_transaction(&key.scope);
        transaction.end(&key, &revoked)?;
        match transaction.commit().await {
            Ok(()) => {
                app.authenticator.forget(id).await;
                return Ok(());
            }
            Err(Refused::Owners) => return Err(ApiKeyConflict::LastOwner.into()),
            Err(Refused::Aws(error)) => return Err(error.into()),
            Err(Refused::Stale | Refused::Contended | Refused::Repeated(_)) => pause(attempt).await,
        }
    }
    Err(Error::Contended)
}
