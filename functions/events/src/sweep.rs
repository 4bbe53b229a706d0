//! `events_sweep`: every minute, from what waits outside the queue to the queue, as far as there is room in it.

use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use serde_json::Value;
use shared::{
    domain::Timestamp,
    store::{Due, Spot, Store},
};

use crate::{
    breaker,
    message::Message,
    worker::{Failed, Workshop},
};

/// The most messages that are in the queue by the sweep's doing: far below the 120,000 in flight at which SQS stops giving
/// any out, and few enough that what is new is never long behind them.
pub(crate) const MOST_IN_QUEUE: usize = 1_000;
/// The most that one partition of what is due is asked for at once.
const MOST_OF_A_PARTITION: usize = 256;
/// After how long a delivery that is in the queue, and was not dealt with, is due again.
const LEASE: time::Duration = time::Duration::minutes(15);
/// How many calls go on at once.
const SIDE_BY_SIDE: usize = 16;
/// How many destinations are looked after at once.
const DESTINATIONS_SIDE_BY_SIDE: usize = 8;

/// One sweep. What it does not finish, the next one does.
pub(crate) async fn handle(shop: &Workshop, _event: Value) -> Result<Vec<String>, Failed> {
    match sweep(shop).await {
        Ok(sent) => {
            tracing::info!(operation = "events_sweep", sent, "swept");
            Ok(Vec::new())
        }
        Err(cause) => {
            tracing::error!(operation = "events_sweep", cause, "sweep interrupted");
            Err(Failed::Interrupted)
        }
    }
}

async fn sweep(shop: &Workshop) -> Result<usize, String> {
    let load = shop.queue.load().await.map_err(|error| error.to_string())?;
    let room = MOST_IN_QUEUE.saturating_sub(load);
    if room == 0 {
        return Ok(0);
    }
    let now = shop.app.clock.now();
    let most = room.min(MOST_OF_A_PARTITION);
    let lanes = stream::iter(Store::due_partitions()).map(|it| shop.app.store.due(it, now, most));
    let lanes =
        lanes.buffered(SIDE_BY_SIDE).try_collect().await.map_err(|error| error.to_string())?;
    let (mut spots, mut destinations) = (Vec::new(), Vec::new());
    for due in in_turn(lanes, room) {
        match due {
            Due::Delivery(spot) => spots.push(spot),
            Due::Destination(scope, id) => destinations.push((scope, id)),
        }
    }
    let sent = send(shop, &spots, now).await?;
    // Each of them has one place already, and what is left is divided.
    let left = room.saturating_sub(sent).saturating_sub(destinations.len());
    let share = left.checked_div(destinations.len()).unwrap_or_default().saturating_add(1);
    let visits = stream::iter(destinations)
        .map(|(scope, id)| async move { breaker::visit(shop, &scope, id, now, share).await })
        .buffer_unordered(DESTINATIONS_SIDE_BY_SIDE);
    visits.try_fold(sent, async |sent, let_out| Ok(sent.saturating_add(let_out))).await
}

/// One of each lane after the other, so that a long one does not keep the others out.
fn in_turn<T>(lanes: Vec<Vec<T>>, most: usize) -> Vec<T> {
    let mut lanes: Vec<_> = lanes.into_iter().map(Vec::into_iter).collect();
    let mut taken = Vec::new();
    loop {
        let round: Vec<_> = lanes.iter_mut().filter_map(Iterator::next).collect();
        let left = most.saturating_sub(taken.len());
        if round.is_empty() || left == 0 {
            return taken;
        }
        taken.extend(round.into_iter().take(left));
    }
}

/// Puts deliveries into the queue, and notes it. In this order: whatever interrupts it, they are sent once more and not lost.
pub(crate) async fn send(shop: &Workshop, spots: &[Spot], now: Timestamp) -> Result<usize, String> {
    let messages: Vec<_> = spots.iter().map(|spot| Message::again(spot.delivery.clone())).collect();
    shop.queue.send(&messages).await.map_err(|error| error.to_string())?;
    let until = now.plus(LEASE);
    for some in spots.chunks(SIDE_BY_SIDE) {
        let lend = some.iter().map(|spot| shop.app.store.lend(spot, until));
        try_join_all(lend).await.map_err(|error| error.to_string())?;
    }
    Ok(spots.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_lane_does_not_keep_the_others_out() {
        assert_eq!(
            in_turn(vec![vec![1, 2, 3, 4], vec![], vec![5], vec![6, 7]], 6),
            [1, 5, 6, 2, 7, 3]
        );
        assert_eq!(in_turn(vec![vec![1, 2], vec![3]], 1), [1]);
        assert!(in_turn(vec![Vec::<u8>::new()], 5).is_empty());
    }
}
