//! `events_fan_out`: from the table's stream to the queue.

use std::collections::HashMap;

use serde_json::{Value, json};
use shared::{
    domain::{Delivery, Destination, Scope},
    store::{StreamedEvent, StreamedKey},
};

use crate::{
    change::{Change, sequence_number},
    message::Message,
    payload,
    worker::{Failed, Workshop, records},
};

/// Sends each event of a batch to the queue, once per destination that wants it. The stream is in order, so the first
/// record that fails ends the work: the mapping comes back from there on. One that cannot be read would fail for ever; it is
/// put aside, and those behind it go on.
pub(crate) async fn handle(shop: &Workshop, event: Value) -> Result<Vec<String>, Failed> {
    let records = records(event)?;
    let mut known = HashMap::new();
    for record in &records {
        let number = sequence_number(record)?;
        if let Err(cause) = fan_out(shop, record, &mut known).await {
            tracing::error!(
                operation = "events_fan_out",
                sequence_number = number,
                cause,
                "record failed"
            );
            return Ok(vec![number.to_owned()]);
        }
    }
    Ok(Vec::new())
}

/// The destinations of the tenants of one batch, read once each.
type Known = HashMap<Scope, Vec<Destination>>;

async fn fan_out(shop: &Workshop, record: &Value, known: &mut Known) -> Result<(), String> {
    let Some(change) = Change::read(record) else { return put_aside(shop, record).await };
    if !change.is_insertion() {
        return Ok(());
    }
    let StreamedKey { pk, sk } = &change.key;
    if let Some(delivery) = Delivery::waiting_at(pk, sk).filter(|it| it.user.is_none()) {
        // Somebody waits for a test, and not for the next sweep.
        let sent = shop.queue.send(&[Message::again(delivery)]).await;
        return sent.map_err(|error| error.to_string());
    }
    if !sk.starts_with("E#") {
        return Ok(());
    }
    let Some(streamed) = StreamedEvent::read(change.record.change.new_image) else {
        return put_aside(shop, record).await;
    };
    let StreamedEvent { scope, user, event } = streamed;
    let Some(kind) = payload::webhook_type(&event) else { return Ok(()) };
    if !known.contains_key(&scope) {
        let found = shop.app.store.destinations(&scope).await.map_err(|error| error.to_string())?;
        let found = found.into_iter().map(|stored| stored.destination).collect();
        known.insert(scope.clone(), found);
    }
    let wanting = known.get(&scope).into_iter().flatten().filter(|it| it.wants(kind));
    let deliveries: Vec<_> = wanting
        .map(|destination| Delivery {
            scope: scope.clone(),
            user: Some(user),
            event: event.id,
            destination: destination.id,
        })
        .map(Message::first)
        .collect();
    if deliveries.is_empty() {
        return Ok(());
    }
    shop.queue.send(&deliveries).await.map_err(|error| error.to_string())?;
    tracing::info!(
        operation = "events_fan_out",
        event_id = event.id.to_string(),
        tenant = scope.tenant.as_str(),
        mode = scope.mode.as_str(),
        destinations = deliveries.len(),
        "event"
    );
    Ok(())
}

/// Keeps where the record lies, and nothing of what it holds.
async fn put_aside(shop: &Workshop, record: &Value) -> Result<(), String> {
    let number = record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str);
    let keys = record.pointer("/dynamodb/Keys");
    let note = json!({"reason": "an unreadable event", "sequence_number": number, "keys": keys});
    shop.failures.put(note.to_string()).await.map_err(|error| error.to_string())?;
    tracing::error!(
        operation = "events_fan_out",
        sequence_number = number,
        cause = "an unreadable event",
        "record put aside"
    );
    Ok(())
}
