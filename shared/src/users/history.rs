//! A user together with what happened to them.

use data_encoding::BASE64URL_NOPAD;
use uuid::Uuid;

use super::{Change, ChangeKind, Changed, change_user, get::opened, get_user};
use crate::{
    App,
    domain::{Event, Scope, User, UserId},
    error::{Error, Result},
    http::Call,
    vault::{DataKey, Digest, IndexKey},
};

/// A user who is not deleted, their data key, and their latest events, newest first: read together.
pub async fn get_user_with_history(
    app: &App,
    scope: &Scope,
    id: UserId,
    limit: usize,
) -> Result<(User, Option<DataKey>, Vec<Event>)> {
    let found = app.store.user_and_data_key(scope, id);
    let (found, events) = futures_util::try_join!(found, app.store.events(scope, id, limit))?;
    let (user, data_key) = opened(app, scope, found).await?;
    Ok((user, data_key, events))
}

/// A page of what happened to a user.
#[derive(Debug)]
pub struct EventPage {
    /// Newest first.
    pub events: Vec<Event>,
    /// Where the next page starts, where there is one.
    pub next: Option<String>,
}

/// What happened to a user, page by page, newest first. Deleted ones have their history until they are purged.
pub async fn list_events(
    app: &App,
    scope: &Scope,
    id: UserId,
    limit: usize,
    cursor: Option<&str>,
) -> Result<EventPage> {
    let index = app.keyring.index(scope).await?;
    let query = index.query(&format!("events {}", id.to_hex()));
    let after = cursor.map(|cursor| open_cursor(&index, &query, cursor)).transpose()?;
    let page = async { Ok(app.store.event_page(scope, id, after, limit).await?) };
    let (_user, (events, has_more)) = futures_util::try_join!(get_user(app, scope, id), page)?;
    let last = events.last().filter(|_| has_more);
    let next = last.map(|event| seal_cursor(&index, &query, event.id)).transpose()?;
    Ok(EventPage { events, next })
}

fn seal_cursor(index: &IndexKey, query: &Digest, event: Uuid) -> Result<String> {
    let sealed = index.seal_cursor(query, &event.to_string())?;
    Ok(format!("crs_{}", BASE64URL_NOPAD.encode(&sealed)))
}

fn open_cursor(index: &IndexKey, query: &Digest, cursor: &str) -> Result<Uuid> {
    let sealed =
        cursor.strip_prefix("crs_").and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok());
    let opened = sealed.and_then(|sealed| index.open_cursor(query, &sealed).ok());
    let event = opened.and_then(|text| std::str::from_utf8(&text).ok()?.parse().ok());
    event
        .ok_or_else(|| Error::query("cursor", "is not the next_cursor of a page of this very list"))
}

/// As [`change_user`], and the user's latest events along with it, the one of the change included.
pub async fn change_with_history<F>(
    app: &App,
    call: &Call,
    id: UserId,
    kind: ChangeKind,
    limit: usize,
    apply: F,
) -> Result<(Changed, Vec<Event>)>
where
    F: Fn(&mut User, &mut Event, &Change<'_>) -> Result<()> + Send + Sync,
{
    let events = async { Ok(app.store.events(call.scope(), id, limit).await?) };
    let (changed, mut events) =
        futures_util::try_join!(change_user(app, call, id, kind, apply), events)?;
    // It was read while the change was made, and may hold its event or not.
    if let Some(event) = &changed.event {
        events.retain(|other| other.id != event.id);
        events.insert(0, event.clone());
    }
    Ok((changed, events))
}
