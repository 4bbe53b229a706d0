//! Listing keys, newest first.

use crate::{
    App,
    auth::is_api_key_id,
    domain::{Scope, Timestamp},
    error::{Error, Result},
    store::ApiKeyRecord,
};

/// How many keys are on a page at most.
pub const MAX_LISTED: usize = 50;

/// A page of keys. Of none is there a secret.
#[derive(Debug)]
pub struct ListedApiKeys {
    /// The keys, each with the time of its last use to within ten seconds: `None` where it was not used for 400 days.
    pub keys: Vec<(ApiKeyRecord, Option<Timestamp>)>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// The keys of a tenant and mode, at most [`MAX_LISTED`], behind a cursor of an earlier page. Those that ended 90 days ago
/// are left out.
pub async fn list_api_keys(
    app: &App,
    scope: &Scope,
    limit: usize,
    cursor: Option<&str>,
) -> Result<ListedApiKeys> {
    let after = cursor.map(place).transpose()?;
    let page = app.store.api_keys(scope, after.as_deref(), limit.min(MAX_LISTED)).await?;
    let now = app.clock.now();
    let mut keys = page.keys;
    keys.retain(|(key, _)| !key.is_forgotten(now));
    let next = page.next.map(|place| data_encoding::BASE64URL_NOPAD.encode(place.as_bytes()));
    Ok(ListedApiKeys { keys, next })
}

/// A place in the register. It tells nothing but a time and an id, and leads nowhere but into one's own register.
fn place(cursor: &str) -> Result<String> {
    let bytes = data_encoding::BASE64URL_NOPAD.decode(cursor.as_bytes()).ok();
    let place = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let place = place.filter(|place| {
        place.split_once('#').is_some_and(|(time, id)| {
            time.len() == 15 && time.bytes().all(|byte| byte.is_ascii_digit()) && is_api_key_id(id)
        })
    });
    place.ok_or_else(|| Error::query("cursor", "is not a cursor of an earlier page"))
}
