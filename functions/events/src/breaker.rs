//! What the sweep does for a destination whose breaker is open, or was: one probe, or a little of what waits.

use shared::{
    domain::{DestinationId, Health, Scope, Timestamp},
    store::{DeadLetter, Spot, Waiting},
};
use time::Duration;

use crate::{sweep, worker::Workshop};

/// How many are let out at first when a destination answers again; then twice as many each time.
const FIRST: usize = 10;
/// The most that are let out at once.
const MOST: usize = 500;
/// How many are given up at once, when their time is over.
const MOST_GIVEN_UP: usize = 200;
/// After how long a line that was seen empty is empty indeed: far longer than an index lags.
const SETTLED: Duration = Duration::minutes(2);

/// Looks after one destination; answers how many deliveries went into the queue.
pub(crate) async fn visit(
    shop: &Workshop,
    scope: &Scope,
    id: DestinationId,
    now: Timestamp,
    room: usize,
) -> Result<usize, String> {
    let health = shop.app.store.health(scope, id).await.map_err(|error| error.to_string())?;
    // The index lags: it may be deleted, or looked after already.
    let Some(health) = health.filter(|health| health.due.is_some_and(|due| due <= now)) else {
        return Ok(0);
    };
    if health.is_open() {
        probe(shop, scope, id, &health, now, room).await
    } else {
        release(shop, scope, id, &health, now, room).await
    }
}

/// Lets one through, and gives those up whose time is over.
async fn probe(
    shop: &Workshop,
    scope: &Scope,
    id: DestinationId,
    health: &Health,
    now: Timestamp,
    room: usize,
) -> Result<usize, String> {
    let line =
        shop.app.store.line(scope, id, MOST_GIVEN_UP).await.map_err(|error| error.to_string())?;
    let full = line.len() == MOST_GIVEN_UP;
    let (over, waiting): (Vec<_>, Vec<_>) = line.into_iter().partition(|spot| spot.due <= now);
    for spot in &over {
        give_up(shop, spot, now).await?;
    }
    let not_yet = health.probe_at.filter(|at| now < *at);
    let probe = waiting.first().filter(|_| not_yet.is_none() && room > 0);
    let sent = sweep::send(shop, probe.map(std::slice::from_ref).unwrap_or_default(), now).await?;
    let next = match (probe, not_yet) {
        _ if full && waiting.is_empty() => Some(now),
        // How it went will say when; this is for a worker that dies.
        (Some(_), _) => Some(now.plus(SETTLED)),
        (None, Some(at)) => Some(at),
        (None, None) if !waiting.is_empty() => Some(now),
        (None, None) => when_empty(health, now),
    };
    look_again(shop, scope, id, health, next, 0).await?;
    Ok(sent)
}

/// Lets a little go, and each time twice as much.
async fn release(
    shop: &Workshop,
    scope: &Scope,
    id: DestinationId,
    health: &Health,
    now: Timestamp,
    room: usize,
) -> Result<usize, String> {
    let before = usize::try_from(health.released).unwrap_or(MOST);
    let most = before.saturating_mul(2).clamp(FIRST, MOST).min(room);
    if most == 0 {
        return Ok(0);
    }
    let line = shop.app.store.line(scope, id, most).await.map_err(|error| error.to_string())?;
    let sent = sweep::send(shop, &line, now).await?;
    let next = match sent {
        0 => when_empty(health, now),
        all if all == most => Some(now),
        _ => Some(now.plus(SETTLED)),
    };
    look_again(shop, scope, id, health, next, sent).await?;
    Ok(sent)
}

/// Whether an empty line must be looked at again.
fn when_empty(health: &Health, now: Timestamp) -> Option<Timestamp> {
    let settled = health.parked_at.map(|at| at.plus(SETTLED));
    settled.filter(|settled| now < *settled)
}

async fn look_again(
    shop: &Workshop,
    scope: &Scope,
    id: DestinationId,
    health: &Health,
    at: Option<Timestamp>,
    released: usize,
) -> Result<(), String> {
    let released = u64::try_from(released).unwrap_or(u64::MAX);
    // If somebody else has said when meanwhile, that holds.
    let said_so = shop.app.store.look_again(scope, id, health, at, released).await;
    said_so.map(drop).map_err(|error| error.to_string())
}

async fn give_up(shop: &Workshop, spot: &Spot, now: Timestamp) -> Result<(), String> {
    let store = &shop.app.store;
    let Some(Waiting { attempts, .. }) =
        store.waiting(&spot.delivery).await.map_err(|error| error.to_string())?
    else {
        return Ok(());
    };
    let letter = DeadLetter {
        delivery: spot.delivery.clone(),
        at: now,
        attempts,
        status: None,
        reason: "the destination has not answered in time".to_owned(),
    };
    store.give_up(&letter).await.map_err(|error| error.to_string())?;
    tracing::warn!(
        operation = "events_sweep",
        event_id = spot.delivery.event.to_string(),
        destination_id = spot.delivery.destination.to_string(),
        "given up"
    );
    Ok(())
}
