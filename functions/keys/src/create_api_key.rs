//! `POST /v1/api-keys`

use shared::{
    App, Result,
    api_keys::{Manager, create_api_key},
    auth::{NewApiKey, Role},
    domain::Scope,
    error::Faults,
    http::{Call, Object, Response},
};

use crate::{read, view};

/// Makes a key of the caller's tenant.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let new = new_key(app, &call)?;
    let manager = Manager::Caller(&call.caller);
    let made = create_api_key(app, &manager, &new, call.once()?.as_ref()).await?;
    Ok(view::created(app, &made, None))
}

fn new_key(app: &App, call: &Call) -> Result<NewApiKey> {
    let mut faults = Faults::default();
    let mut body = Object::body(call.json()?, &mut faults);
    let roles = Role::ALL.map(|role| (role.as_str(), role));
    let role = body.required_text("role", &mut faults);
    let role =
        role.and_then(|text| read::word(&text, &roles, |detail| faults.body("/role", detail)));
    let name = read::name(&mut body, &mut faults);
    let mode = body.text("mode", &mut faults).flatten();
    let mode = mode
        .and_then(|text| read::word(&text, &read::modes(), |detail| faults.body("/mode", detail)));
    let expires_at = read::expires_at(&mut body, &mut faults, app.clock.now()).flatten();
    body.finish(&["role", "name", "mode", "expires_at"], &mut faults);
    faults.check()?;
    let mode = mode.unwrap_or(call.scope().mode);
    Ok(NewApiKey {
        scope: Scope { tenant: call.scope().tenant.clone(), mode },
        // Both are there, or there was a fault; the least role is what a fault of ours would give.
        role: role.unwrap_or(Role::Reader),
        name: name.unwrap_or_default(),
        expires_at,
    })
}
