//! Sending webhooks again: those that were given up, those that met an outage, and those of a stretch of time.

use std::error::Error;

use aws_config::SdkConfig;
use aws_sdk_sqs::{
    Client,
    types::{Message, QueueAttributeName::RedrivePolicy},
};
use events::{Message as Turn, Queue};
use serde_json::Value;
use shared::{
    domain::{Delivery, DestinationId, Scope, Status, Timestamp, UserId},
    store::{HistoryKey, ListOrder, Partition, Store, Window},
};
use uuid::Uuid;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// For how many seconds a message of the dead-letter queue is out of others' sight while it is looked at.
const LOOKED_AT_SECONDS: i32 = 600;
/// How many users are listed at once.
const PAGE: usize = 100;

/// Lets what was given up for a destination wait for the next sweep: these events, or all where none is named. Each gets the
/// whole schedule again. Answers how many there were.
pub async fn replay_given_up(
    store: &Store,
    scope: &Scope,
    destination: DestinationId,
    events: &[Uuid],
) -> Result<usize> {
    let (mut replayed, mut after) = (0_usize, None);
    loop {
        let (letters, more) = store.dead_letters(scope, destination, after, PAGE).await?;
        after = letters.last().map(|letter| letter.delivery.event);
        for letter in &letters {
            if events.is_empty() || events.contains(&letter.delivery.event) {
                store.revive(&letter.delivery, Timestamp::now()).await?;
                replayed = replayed.saturating_add(1);
            }
        }
        if !more || after.is_none() {
            return Ok(replayed);
        }
    }
}

/// Lets one event wait for the next sweep; a test event, where it is nobody's, for the stream.
pub async fn send(
    store: &Store,
    scope: &Scope,
    destination: DestinationId,
    event: Uuid,
    user: Option<UserId>,
) -> Result<()> {
    if store.destination(scope, destination).await?.is_none() {
        return Err("there is no such destination of this tenant and mode".into());
    }
    if let Some(user) = user
        && !store.has_event(scope, user, event).await?
    {
        return Err("there is no such event of this user, or not any more".into());
    }
    let delivery = Delivery { scope: scope.clone(), destination, event, user };
    Ok(store.revive(&delivery, Timestamp::now()).await?)
}

/// Moves what lies in the dead-letter queue of this queue back into it: all, or what is for one destination. There is what the
/// workers could not look at because AWS was away. Answers how many there were.
///
/// A message is in the queue before it leaves the other: whatever interrupts this loses nothing.
pub async fn replay_dead_letters(
    sdk: &SdkConfig,
    queue_url: &str,
    destination: Option<DestinationId>,
) -> Result<usize> {
    let client = Client::new(sdk);
    let dead_letters = dead_letter_queue(&client, queue_url).await?;
    let queue = Queue::new(sdk, queue_url.to_owned());
    let (mut moved, mut others) = (0_usize, Vec::new());
    loop {
        let request = client.receive_message().queue_url(&dead_letters);
        let request = request.visibility_timeout(LOOKED_AT_SECONDS).max_number_of_messages(10);
        let messages = request.send().await?.messages.unwrap_or_default();
        if messages.is_empty() {
            break;
        }
        for message in messages {
            let turn = message.body().and_then(Turn::parse);
            let wanted = |it: &Turn| destination.is_none_or(|id| it.delivery.destination == id);
            match turn.filter(wanted) {
                Some(turn) => {
                    queue.send(&[turn]).await?;
                    delete(&client, &dead_letters, &message).await?;
                    moved = moved.saturating_add(1);
                }
                None => others.push(message),
            }
        }
    }
    for message in others {
        let show = client.change_message_visibility().queue_url(&dead_letters);
        let show = show.set_receipt_handle(message.receipt_handle).visibility_timeout(0);
        show.send().await?;
    }
    Ok(moved)
}

/// Sends a destination all events of a stretch of time that the table still has, whether they were delivered before or not.
/// Answers how many were put into the queue; what the destination does not want is dropped on the way. It looks at every
/// user of the tenant and mode.
pub async fn replay_period(
    store: &Store,
    queue: &Queue,
    scope: &Scope,
    destination: DestinationId,
    (since, until): (Timestamp, Timestamp),
) -> Result<usize> {
    let mut sent = 0_usize;
    for status in Status::ALL {
        let partition = Partition::Listed(status, ListOrder::Created);
        let mut window = Window { limit: PAGE, ..Window::default() };
        loop {
            let page = store.page(scope, &partition, &window).await?;
            for (_, user) in &page.entries {
                let deliveries = of_user(store, scope, *user, destination, (since, until)).await?;
                queue.send(&deliveries).await?;
                sent = sent.saturating_add(deliveries.len());
            }
            match page.entries.into_iter().next_back() {
                Some((position, _)) if page.has_more => window.after = Some(position),
                Some(_) | None => break,
            }
        }
    }
    Ok(sent)
}

/// The events of one user in a stretch of time, oldest first. An event's id says when it was.
async fn of_user(
    store: &Store,
    scope: &Scope,
    user: UserId,
    destination: DestinationId,
    (since, until): (Timestamp, Timestamp),
) -> Result<Vec<Turn>> {
    let history = store.history_keys(scope, user).await?;
    let mut events: Vec<_> = history.iter().filter_map(HistoryKey::event).collect();
    events.retain(|event| made_at(*event).is_some_and(|at| since <= at && at < until));
    events.reverse();
    let delivery = |event| Delivery { scope: scope.clone(), user: Some(user), event, destination };
    Ok(events.into_iter().map(delivery).map(Turn::first).collect())
}

fn made_at(event: Uuid) -> Option<Timestamp> {
    let (seconds, nanos) = event.get_timestamp()?.to_unix();
    let millis = seconds.checked_mul(1000)?.checked_add(u64::from(nanos) / 1_000_000)?;
    i64::try_from(millis).ok().map(Timestamp::from_unix_millis)
}

/// The URL of the queue that takes what this one gives up.
async fn dead_letter_queue(client: &Client, queue_url: &str) -> Result<String> {
    let request = client.get_queue_attributes().queue_url(queue_url).attribute_names(RedrivePolicy);
    let answer = request.send().await?;
    let policy = answer.attributes().and_then(|attributes| attributes.get(&RedrivePolicy));
    let policy: Value = serde_json::from_str(policy.ok_or("the queue gives nothing up")?)?;
    let arn = policy.get("deadLetterTargetArn").and_then(Value::as_str);
    let name = arn.and_then(|arn| arn.rsplit(':').next()).ok_or("the queue gives nothing up")?;
    let answer = client.get_queue_url().queue_name(name).send().await?;
    Ok(answer.queue_url.unwrap_or_default())
}

async fn delete(client: &Client, queue_url: &str, message: &Message) -> Result<()> {
    let delete = client.delete_message().queue_url(queue_url);
    delete.set_receipt_handle(message.receipt_handle.clone()).send().await?;
    Ok(())
}
