//! `events_deliver`: from the queue to the receivers.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use shared::{
    domain::{Destination, Event, Scope, Timestamp, WebhookType},
    store::{Attempt, DestinationSecrets},
    vault::{SealedWebhookSecret, WebhookSecret},
    webhooks::WebhookUrl,
};

use crate::{
    canonical::canonical,
    message::Delivery,
    payload::{body, status_of, webhook_type},
    post::Answer,
    schedule,
    signature::{Signed, headers},
    worker::{Malformed, Workshop, records},
};

/// A message of the queue, as Lambda hands it over.
struct Message {
    id: String,
    receipt: String,
    /// How often it was received, this time included.
    received: u32,
    /// `None` where it is none of ours: it will end in the dead-letter queue.
    delivery: Option<Delivery>,
}

impl Message {
    fn read(record: &Value) -> Option<Self> {
        let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
        Some(Self {
            id: text("/messageId")?.to_owned(),
            receipt: text("/receiptHandle")?.to_owned(),
            received: text("/attributes/ApproximateReceiveCount")?.parse().ok()?,
            delivery: text("/body").and_then(Delivery::parse),
        })
    }
}

/// Delivers a batch: what is for one user and destination in its order, everything else side by side. Answers the messages
/// that stay in the queue.
pub(crate) async fn handle(shop: &Workshop, event: Value) -> Result<Vec<String>, Malformed> {
    let messages = records(event)?.iter().map(Message::read).collect::<Option<Vec<_>>>();
    let mut groups: Vec<Vec<Message>> = Vec::new();
    for message in messages.ok_or(Malformed)? {
        let target = |it: &Message| it.delivery.as_ref().map(|it| (it.user, it.destination));
        let same = |group: &&mut Vec<Message>| group.first().map(target) == Some(target(&message));
        match groups.iter_mut().find(same) {
            Some(group) => group.push(message),
            None => groups.push(vec![message]),
        }
    }
    let side_by_side = groups.len().max(1);
    let in_order = |group: Vec<Message>| async move {
        let mut staying = Vec::new();
        for message in group {
            if !delivered(shop, &message).await {
                staying.push(message.id);
            }
        }
        staying
    };
    let staying = stream::iter(groups).map(in_order).buffer_unordered(side_by_side);
    Ok(staying.concat().await)
}

/// Whether a message is done with. One that is not is hidden until its next attempt; after the last one it shows itself at
/// once, to be moved to the dead-letter queue.
async fn delivered(shop: &Workshop, message: &Message) -> bool {
    let Some(delivery) = &message.delivery else {
        tracing::error!(operation = "events_deliver", cause = "an unreadable message", "failed");
        return false;
    };
    let outcome = attempt(shop, delivery).await;
    log(delivery, message.received, &outcome);
    match outcome {
        Outcome::Answered(answer) if !answer.is_temporary() => return true,
        Outcome::Dropped(_) => return true,
        Outcome::Answered(_) | Outcome::Failed(_) => {}
    }
    let chance = shared::vault::random::<1>().map_or(128, |[byte]| byte);
    let pause = schedule::pause(message.received, chance).unwrap_or(Duration::ZERO);
    if let Err(error) = shop.queue.hide(&message.receipt, pause).await {
        // It comes back after the queue's own time instead.
        tracing::warn!(operation = "events_deliver", cause = error.to_string(), "not hidden");
    }
    false
}

/// What became of an attempt.
enum Outcome {
    /// The receiver answered, or did not.
    Answered(Answer),
    /// There is nobody to tell any more, or nothing to tell.
    Dropped(&'static str),
    /// It did not come to an attempt.
    Failed(String),
}

async fn attempt(shop: &Workshop, delivery: &Delivery) -> Outcome {
    let Delivery { scope, user, event, destination } = delivery;
    let store = &shop.app.store;
    let found = match store.destination_and_event(scope, *destination, *user, *event).await {
        Ok(found) => found,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let (Some(stored), event) = found else { return Outcome::Dropped("no such destination") };
    let Some(event) = event else { return Outcome::Dropped("the event was purged") };
    let Some(kind) = webhook_type(&event).filter(|kind| stored.destination.wants(*kind)) else {
        return Outcome::Dropped("not subscribed");
    };
    let destination = &stored.destination;
    let now = shop.app.clock.now();
    let sealed = (destination, &stored.secrets);
    let (secret, previous) = match open_secrets(shop, scope, sealed, now).await {
        Ok(secrets) => secrets,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let Ok(url) = WebhookUrl::parse(&destination.url, shop.app.config.webhook_reach) else {
        return Outcome::Answered(Answer::refused("the URL is not public"));
    };
    let (headers, body) = signed(delivery, &event, kind, now, (&secret, previous.as_ref()));
    let answer = shop.poster.post(&url, &headers, body).await;
    let attempt = Attempt {
        at: now,
        succeeded: answer.is_success(),
        took: answer.status.map(|_| answer.took),
        gone: answer.status == Some(410),
    };
    if let Err(error) = store.record_attempt(scope, destination, attempt).await {
        let cause = error.to_string();
        tracing::warn!(operation = "events_deliver", cause, "figures not recorded");
        if attempt.gone {
            return Outcome::Failed(cause);
        }
    }
    Outcome::Answered(answer)
}

/// The headers and the body of an attempt.
fn signed(
    delivery: &Delivery,
    event: &Event,
    kind: WebhookType,
    now: Timestamp,
    (secret, previous): (&WebhookSecret, Option<&WebhookSecret>),
) -> ([(&'static str, String); 7], String) {
    let body = canonical(&body(event, kind, &delivery.scope, delivery.user, now));
    let signed = Signed {
        event: event.id,
        webhook_type: kind.as_str(),
        status: status_of(event),
        at: now,
        body: &body,
    };
    (headers(&signed, secret, previous), body)
}

/// The secret that holds, and the one before while it holds too.
async fn open_secrets(
    shop: &Workshop,
    scope: &Scope,
    (destination, secrets): (&Destination, &DestinationSecrets),
    now: Timestamp,
) -> Result<(WebhookSecret, Option<WebhookSecret>), shared::vault::VaultError> {
    let open = async |sealed: &SealedWebhookSecret| {
        let branch = shop.app.keyring.branch_version(scope, sealed.branch_version).await?;
        WebhookSecret::open(scope, destination.id, sealed, &branch)
    };
    let current = open(&secrets.current).await?;
    let previous = match &secrets.previous {
        Some((sealed, until)) if now < *until => Some(open(sealed).await?),
        Some(_) | None => None,
    };
    Ok((current, previous))
}

fn log(delivery: &Delivery, attempt: u32, outcome: &Outcome) {
    let (status, took, result) = match outcome {
        Outcome::Answered(answer) => (answer.status, Some(answer.took), answer.result()),
        Outcome::Dropped(why) => (None, None, *why),
        Outcome::Failed(cause) => {
            tracing::error!(operation = "events_deliver", cause, "delivery failed");
            (None, None, "failed before the attempt")
        }
    };
    tracing::info!(
        operation = "events_deliver",
        event_id = delivery.event.to_string(),
        destination_id = delivery.destination.to_string(),
        tenant = delivery.scope.tenant.as_str(),
        mode = delivery.scope.mode.as_str(),
        attempt,
        status,
        result,
        duration_us = took.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
        "delivery"
    );
}
