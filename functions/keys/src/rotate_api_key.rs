//! `POST /v1/api-keys/{key_id}/rotate`

use serde_json::{Map, Value};
use shared::{
    App, Result,
    api_keys::{Manager, Rotation, rotate_api_key},
    error::Faults,
    http::{Call, Object, Response},
};
use time::Duration;

use crate::{read, view};

/// Makes a key in the place of another of the caller's tenant.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let rotation = rotation(app, &call)?;
    let (manager, once) = (Manager::Caller(&call.caller), call.once()?);
    let id = &call.path_parameter("key_id");
    let (made, previous) = rotate_api_key(app, &manager, id, rotation, once.as_ref()).await?;
    Ok(view::created(app, &made, Some(&previous)))
}

/// Everything has a default: no body at all is as good as an empty object.
fn rotation(app: &App, call: &Call) -> Result<Rotation> {
    let body = if call.body().is_empty() { Value::Object(Map::new()) } else { call.json()? };
    let mut faults = Faults::default();
    let mut body = Object::body(body, &mut faults);
    let max = Rotation::MAX_OVERLAP.whole_seconds();
    let overlap = read::seconds(&mut body, "overlap_seconds", max, &mut faults);
    let expires_at = read::expires_at(&mut body, &mut faults, app.clock.now());
    body.finish(&["overlap_seconds", "expires_at"], &mut faults);
    faults.check()?;
    let overlap = overlap.map_or(Rotation::DEFAULT_OVERLAP, Duration::seconds);
    Ok(Rotation { overlap, expires_at })
}
