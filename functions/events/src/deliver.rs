//! `events_deliver`: from the queue to the receivers.

use std::time::{Duration, Instant};

use aws_lambda_events::sqs::SqsMessage;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use crate::{
    message::Message,
    record::{self, Entry, Fate},
    turn,
    worker::{Failed, Workshop, records},
};

/// For how long deliveries for one user and destination follow one another in one batch. Those behind it wait for the sweep:
/// a batch takes this long and one attempt more, whatever receivers do.
const LINE_PATIENCE: Duration = Duration::from_secs(5);

/// A message of the queue, as Lambda hands it over.
struct Received {
    id: String,
    /// `None` where it is none of ours: it will end in the dead-letter queue.
    message: Option<Message>,
}

impl Received {
    fn read(record: Value) -> Option<Self> {
        let message: SqsMessage = serde_json::from_value(record).ok()?;
        let parsed = message.body.as_deref().and_then(Message::parse);
        Some(Self { id: message.message_id?, message: parsed })
    }
}

/// Delivers a batch: what is for one user and destination in its order, everything else side by side. Answers the messages
/// that stay in the queue: those for which DynamoDB or KMS were away, and those that cannot be read. A delivery that its
/// receiver did not take does not stay; it waits outside.
pub(crate) async fn handle(shop: &Workshop, event: Value) -> Result<Vec<String>, Failed> {
    let received = records(event)?.into_iter().map(Received::read).collect::<Option<Vec<_>>>();
    let mut lines: Vec<Vec<Received>> = Vec::new();
    for received in received.ok_or(Failed::Malformed)? {
        let target = |it: &Received| {
            it.message.as_ref().map(|it| (it.delivery.user, it.delivery.destination))
        };
        let same = |line: &&mut Vec<Received>| line.first().map(target) == Some(target(&received));
        match lines.iter_mut().find(same) {
            Some(line) => line.push(received),
            None => lines.push(vec![received]),
        }
    }
    let side_by_side = lines.len().max(1);
    let in_order = |line: Vec<Received>| async move {
        let (started, mut done) = (Instant::now(), Vec::new());
        for received in line {
            let late = started.elapsed() >= LINE_PATIENCE;
            done.push((received.id, turn_of(shop, received.message.as_ref(), late).await));
        }
        done
    };
    let done = stream::iter(lines).map(in_order).buffer_unordered(side_by_side);
    let done: Vec<(String, Option<Entry>)> = done.concat().await;
    let (mut staying, mut ids, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for (id, entry) in done {
        if let Some(entry) = entry {
            ids.push(id);
            entries.push(entry);
        } else {
            staying.push(id);
        }
    }
    let unknown = record::keep(shop, &entries).await;
    // Nobody would come for these: they are looked at again.
    let forgotten = ids.into_iter().zip(&entries).filter(|(_, entry)| {
        matches!(entry.fate, Fate::Parked) && unknown.contains(&entry.delivery.destination)
    });
    staying.extend(forgotten.map(|(id, _)| id));
    Ok(staying)
}

/// What became of a message; `None` where it stays in the queue.
async fn turn_of(shop: &Workshop, message: Option<&Message>, late: bool) -> Option<Entry> {
    let Some(message) = message else {
        tracing::error!(operation = "events_deliver", cause = "an unreadable message", "failed");
        return None;
    };
    match turn::take(shop, message, late).await {
        Ok(entry) => Some(entry),
        Err(cause) => {
            tracing::error!(operation = "events_deliver", cause, "delivery failed");
            None
        }
    }
}
