//! The turn of one delivery: whether it is attempted, and what follows from how that went.

use std::time::Duration;

use shared::{
    domain::{Delivery, Destination, Health, Timestamp, Turn},
    store::{DeadLetter, Needed, StoredDestination, Until, Waiting},
    webhooks::WebhookUrl,
};

use crate::{
    message::Message,
    payload::Told,
    post::Answer,
    record::{Entry, Fate},
    schedule, secrets,
    signature::{Signed, headers},
    worker::Workshop,
};

/// Takes a turn. An error is for what AWS did not do: the message stays in the queue, and the turn comes again.
pub(crate) async fn take(shop: &Workshop, message: &Message, late: bool) -> Result<Entry, String> {
    let delivery = &message.delivery;
    let needed = shop.app.store.needed(delivery).await.map_err(|error| error.to_string())?;
    let now = shop.app.clock.now();
    let Needed { destination, health, event, waiting } = needed;
    let seen = health.unwrap_or_default();
    let entry = |fate| Entry { delivery: delivery.clone(), seen, fate };
    if message.waited && waiting.is_none() {
        return Ok(entry(Fate::Dropped("dealt with before")));
    }
    let told = Told::of(delivery, event.as_ref());
    let (stored, told) = match (destination, told) {
        (None, _) => {
            return dropped(shop, entry(Fate::Dropped("no such destination")), waiting).await;
        }
        (_, None) => return dropped(shop, entry(Fate::Dropped("nothing to tell")), waiting).await,
        (Some(stored), Some(told)) => (stored, told),
    };
    if !told.is_wanted(&stored.destination) {
        return dropped(shop, entry(Fate::Dropped("not subscribed")), waiting).await;
    }
    let waited = waiting.is_some();
    let waiting = waiting.unwrap_or(Waiting { attempts: 0, since: now });
    if late {
        shop.app
            .store
            .wait(delivery, waiting, Until::Due(now))
            .await
            .map_err(|error| error.to_string())?;
        return Ok(entry(Fate::Late));
    }
    if !may_go(shop, delivery, &seen, now).await? {
        shop.app
            .store
            .wait(delivery, waiting, Until::Alive)
            .await
            .map_err(|error| error.to_string())?;
        return Ok(entry(Fate::Parked));
    }
    let answer = post(shop, delivery, &stored, &told, now).await?;
    let number = waiting.attempts.saturating_add(1);
    if !answer.is_success() {
        failed(shop, delivery, Waiting { attempts: number, ..waiting }, &answer).await?;
    } else if waited {
        shop.app.store.waited(delivery).await.map_err(|error| error.to_string())?;
    }
    Ok(entry(Fate::Attempted { at: now, number, answer }))
}

/// There is nobody to tell any more, or nothing to tell.
async fn dropped(shop: &Workshop, entry: Entry, waiting: Option<Waiting>) -> Result<Entry, String> {
    if waiting.is_some() {
        shop.app.store.waited(&entry.delivery).await.map_err(|error| error.to_string())?;
    }
    Ok(entry)
}

/// Whether the breaker lets it through. A test event always is: somebody wants to know.
async fn may_go(
    shop: &Workshop,
    delivery: &Delivery,
    seen: &Health,
    now: Timestamp,
) -> Result<bool, String> {
    match seen.turn(now) {
        _ if delivery.user.is_none() => Ok(true),
        Turn::Attempt => Ok(true),
        Turn::Wait => Ok(false),
        Turn::Probe => {
            let Delivery { scope, destination, .. } = delivery;
            shop.app
                .store
                .claim_probe(scope, *destination, seen, now)
                .await
                .map_err(|error| error.to_string())
        }
    }
}

async fn post(
    shop: &Workshop,
    delivery: &Delivery,
    stored: &StoredDestination,
    told: &Told<'_>,
    now: Timestamp,
) -> Result<Answer, String> {
    let destination: &Destination = &stored.destination;
    let (secret, previous) = secrets::open(shop, &delivery.scope, stored, now).await?;
    let Ok(url) = WebhookUrl::parse(&destination.url, shop.app.config.webhook_reach) else {
        return Ok(Answer::refused("the URL is not public"));
    };
    let kind = told.kind(destination);
    let body = told.body(kind, delivery, now);
    let signed = Signed {
        event: delivery.event,
        webhook_type: kind.as_str(),
        status: told.status(),
        at: now,
        body: &body,
    };
    let headers = headers(&signed, &secret, previous.as_ref());
    Ok(shop.poster.post(&url, &headers, body).await)
}

/// What follows from a failure: another attempt at its time, or a dead letter. Either is kept when this returns.
async fn failed(
    shop: &Workshop,
    delivery: &Delivery,
    waiting: Waiting,
    answer: &Answer,
) -> Result<(), String> {
    let (store, now) = (&shop.app.store, shop.app.clock.now());
    if answer.is_gone() {
        let Delivery { scope, destination, .. } = delivery;
        store
            .disable_destination(scope, *destination, now)
            .await
            .map_err(|error| error.to_string())?;
    }
    let chance = shared::vault::random::<1>().map_or(128, |[byte]| byte);
    let pause = schedule::pause(waiting.attempts, chance).filter(|_| answer.is_temporary());
    let kept = if let Some(pause) = pause {
        let until = Until::Due(now.plus(whole(pause)));
        store.wait(delivery, waiting, until).await
    } else {
        let letter = DeadLetter {
            delivery: delivery.clone(),
            at: now,
            attempts: waiting.attempts,
            status: answer.status,
            reason: answer.result().to_owned(),
        };
        store.give_up(&letter).await
    };
    kept.map_err(|error| error.to_string())
}

fn whole(pause: Duration) -> time::Duration {
    time::Duration::try_from(pause).unwrap_or(time::Duration::MAX)
}
