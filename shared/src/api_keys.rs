//! What can be done with API keys: made, listed, rotated, revoked; by an owner through the API, or by the operator.

mod create;
mod list;
mod manager;
mod revoke;
mod rotate;

pub use create::{CreatedApiKey, create_api_key};
pub use list::{ListedApiKeys, MAX_LISTED, list_api_keys};
pub use manager::Manager;
pub use revoke::revoke_api_key;
pub use rotate::{Rotation, rotate_api_key};

use crate::{
    App,
    auth::is_api_key_id,
    error::{Error, Result},
    store::ApiKeyRecord,
};

/// A key that the manager may change. Another tenant's is answered as one that is not there, after the same work.
async fn find(app: &App, manager: &Manager<'_>, id: &str) -> Result<ApiKeyRecord> {
    if !is_api_key_id(id) {
        return Err(Error::NotFound);
    }
    let found = app.store.api_key(id).await?;
    let found = found.filter(|key| !key.is_forgotten(app.clock.now()));
    let key = found.ok_or(Error::NotFound)?;
    manager.check(&key.scope)?;
    Ok(key)
}
