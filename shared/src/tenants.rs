//! Bringing tenants in.

use crate::{
    app::App,
    auth::{IssuedApiKey, NewApiKey, Role, make_api_key},
    domain::{Mode, Scope, TenantId, Timestamp},
    error::{Error, Result},
    store::{ApiKeyRecord, Refused},
    users::{ATTEMPTS, pause},
    vault::Purpose,
};

/// Makes the branch key and the index key of a tenant and mode, where there are none yet, and enters the tenant into the
/// register. Idempotent.
pub async fn provision(app: &App, scope: &Scope) -> Result<()> {
    app.keyring.provision(scope).await?;
    Ok(app.store.register_tenant(&scope.tenant).await?)
}

/// All tenants, by name.
pub async fn list(app: &App) -> Result<Vec<(TenantId, Timestamp)>> {
    Ok(app.store.tenants().await?)
}

/// Whether a tenant has been brought in.
pub async fn exists(app: &App, scope: &Scope) -> Result<bool> {
    Ok(app.store.latest_wrapped_key(scope, Purpose::Index).await?.is_some())
}

/// Makes a tenant: its keys of both modes, and the first owner key of each. Where an earlier run was broken off, makes
/// what is missing; a mode that had an owner already is given no other, so none is answered for a tenant that is there.
pub async fn create(app: &App, tenant: &TenantId) -> Result<Vec<(ApiKeyRecord, IssuedApiKey)>> {
    let mut made = Vec::new();
    for mode in Mode::ALL {
        let scope = Scope { tenant: tenant.clone(), mode };
        provision(app, &scope).await?;
        made.extend(issue_first_owner(app, scope).await?);
    }
    Ok(made)
}

async fn issue_first_owner(
    app: &App,
    scope: Scope,
) -> Result<Option<(ApiKeyRecord, IssuedApiKey)>> {
    let name = format!("first {} owner", scope.mode.as_str());
    let new = NewApiKey { scope, role: Role::Owner, name, expires_at: None };
    let (record, issued) = make_api_key(&new, "operator", app.clock.now())?;
    for attempt in 1..=ATTEMPTS {
        let mut transaction = app.store.api_key_transaction(&record.scope);
        transaction.insert(&record)?;
        transaction.only_the_first_owner();
        match transaction.commit().await {
            Ok(()) => return Ok(Some((record, issued))),
            Err(Refused::Owners) => return Ok(None),
            Err(Refused::Aws(error)) => return Err(error.into()),
            Err(Refused::Stale | Refused::Contended | Refused::Repeated(_)) => pause(attempt).await,
        }
    }
    Err(Error::Contended)
}
