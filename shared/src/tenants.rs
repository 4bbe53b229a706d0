//! Bringing tenants in.

use crate::{app::App, domain::Scope, error::Result};

/// Makes the branch key and the index key of a tenant and mode, where there are none yet. Idempotent.
pub async fn provision(app: &App, scope: &Scope) -> Result<()> {
    Ok(app.keyring.provision(scope).await?)
}
