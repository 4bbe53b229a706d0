//! A user together with what happened to them.

use super::{Change, ChangeKind, Changed, change_user, get::opened};
use crate::{
    App,
    domain::{Event, Scope, User, UserId},
    error::Result,
    http::Call,
    vault::DataKey,
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
