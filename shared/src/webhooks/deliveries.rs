//! What became of deliveries, and sending them again.

use futures_util::{StreamExt as _, TryStreamExt as _, stream, try_join};
use uuid::Uuid;

use super::get_destination;
use crate::{
    App,
    domain::{Delivery, DestinationId, Scope, Timestamp, UserId},
    error::{Error, Result},
    store::{Attempt, DeadLetter, Until, Waiting},
};

/// How many dead letters one request sends again, at most.
pub const MAX_REPLAYED: usize = 200;

/// How many of them go on at once.
const SIDE_BY_SIDE: usize = 10;

/// A page of a list, newest events first.
#[derive(Debug)]
pub struct Page<T> {
    /// What is on it.
    pub rows: Vec<T>,
    /// Where the next page starts, where there is one.
    pub next: Option<String>,
}

/// The attempts for a destination, of fourteen days. A cursor is the place where the page before ended: it tells the caller
/// nothing that the page did not.
pub async fn list_attempts(
    app: &App,
    scope: &Scope,
    id: DestinationId,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<Attempt>> {
    let after = cursor.map(|text| {
        let (event, at) = text.split_once('_')?;
        Some((event.parse().ok()?, Timestamp::from_unix_millis(at.parse().ok()?)))
    });
    let after = after.map(|place| place.ok_or_else(no_cursor)).transpose()?;
    let page = async { Ok(app.store.attempts(scope, id, after, limit).await?) };
    let (_destination, (rows, more)) = try_join!(get_destination(app, scope, id), page)?;
    let last = rows.last().filter(|_| more);
    let next = last.map(|it| format!("{}_{}", it.delivery.event, it.at.unix_millis()));
    Ok(Page { rows, next })
}

/// What was given up for a destination in the last fourteen days.
pub async fn list_dead_letters(
    app: &App,
    scope: &Scope,
    id: DestinationId,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<DeadLetter>> {
    let after = cursor.map(|text| text.parse::<Uuid>().map_err(|_| no_cursor())).transpose()?;
    let page = async { Ok(app.store.dead_letters(scope, id, after, limit).await?) };
    let (_destination, (rows, more)) = try_join!(get_destination(app, scope, id), page)?;
    let next = rows.last().filter(|_| more).map(|it| it.delivery.event.to_string());
    Ok(Page { rows, next })
}

fn no_cursor() -> Error {
    Error::query("cursor", "Invalid cursor.")
}

/// Sends what was given up for a destination again, with the whole schedule before it: these events, or all where none is
/// named, but no more than [`MAX_REPLAYED`] at once. Answers how many, and whether there are more.
pub async fn replay_dead_letters(
    app: &App,
    scope: &Scope,
    id: DestinationId,
    events: &[Uuid],
) -> Result<(usize, bool)> {
    get_destination(app, scope, id).await?;
    let (letters, more) = if events.is_empty() {
        app.store.dead_letters(scope, id, None, MAX_REPLAYED).await?
    } else {
        let found = stream::iter(events.to_vec())
            .map(async |event| app.store.dead_letter(scope, id, event).await)
            .buffered(SIDE_BY_SIDE);
        let found: Vec<_> = found.try_collect().await?;
        (found.into_iter().flatten().collect(), false)
    };
    let now = app.clock.now();
    let count = letters.len();
    let revived = stream::iter(letters)
        .map(async |letter| app.store.revive(&letter.delivery, now).await)
        .buffer_unordered(SIDE_BY_SIDE);
    revived.try_collect::<Vec<()>>().await?;
    Ok((count, more))
}

/// Sends a destination one event again, whatever became of it before. Whose it is must be said where nothing is known here of
/// an attempt.
pub async fn send_event(
    app: &App,
    scope: &Scope,
    id: DestinationId,
    event: Uuid,
    user: Option<UserId>,
) -> Result<()> {
    get_destination(app, scope, id).await?;
    let user = match user {
        Some(user) => user,
        None => known_user(app, scope, id, event).await?.ok_or_else(|| {
            Error::body("/vendor_user_id", "Nothing is known of this event here. Say whose it is.")
        })?,
    };
    if !app.store.has_event(scope, user, event).await? {
        return Err(Error::body("/event_id", "There is no such event, or not any more."));
    }
    let delivery = Delivery { scope: scope.clone(), destination: id, event, user: Some(user) };
    Ok(app.store.revive(&delivery, app.clock.now()).await?)
}

async fn known_user(
    app: &App,
    scope: &Scope,
    id: DestinationId,
    event: Uuid,
) -> Result<Option<UserId>> {
    let (attempt, letter) = try_join!(
        app.store.latest_attempt(scope, id, event),
        app.store.dead_letter(scope, id, event)
    )?;
    let delivery = attempt.map(|it| it.delivery).or(letter.map(|it| it.delivery));
    Ok(delivery.and_then(|delivery| delivery.user))
}

/// Sends a destination an event that says that it is a test. Answers its id.
pub async fn send_test(app: &App, scope: &Scope, id: DestinationId) -> Result<Uuid> {
    get_destination(app, scope, id).await?;
    let (event, now) = (Delivery::test_event(), app.clock.now());
    let delivery = Delivery { scope: scope.clone(), destination: id, event, user: None };
    let waiting = Waiting { attempts: 0, since: now };
    app.store.wait(&delivery, waiting, Until::Due(now)).await?;
    Ok(event)
}
