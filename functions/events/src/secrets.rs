//! The signing secrets of a destination, opened for an attempt.

use shared::{
    domain::{Scope, Timestamp},
    store::StoredDestination,
    vault::{SealedWebhookSecret, VaultError, WebhookSecret},
};

use crate::worker::Workshop;

/// The secret that holds, and the one before while it holds too.
pub(crate) async fn open(
    shop: &Workshop,
    scope: &Scope,
    stored: &StoredDestination,
    now: Timestamp,
) -> Result<(WebhookSecret, Option<WebhookSecret>), String> {
    let open = async |sealed: &SealedWebhookSecret| {
        let branch = shop.app.keyring.branch_version(scope, sealed.branch_version).await?;
        WebhookSecret::open(scope, stored.destination.id, sealed, &branch)
    };
    let said = |error: VaultError| error.to_string();
    let current = open(&stored.secrets.current).await.map_err(said)?;
    let previous = match &stored.secrets.previous {
        Some((sealed, until)) if now < *until => Some(open(sealed).await.map_err(said)?),
        Some(_) | None => None,
    };
    Ok((current, previous))
}
