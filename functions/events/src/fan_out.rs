//! `events_fan_out`: from the table's stream to the queue.

use std::collections::HashMap;

use serde_json::Value;
use shared::{
    domain::{Destination, Scope},
    store::StreamedEvent,
};

use crate::{
    message::Delivery,
    payload,
    worker::{Malformed, Workshop, records},
};

/// Sends each event of a batch to the queue, once per destination that wants it. The stream is in order, so the first
/// record that fails ends the work: the mapping comes back from there on. One that can never be read comes back until the
/// mapping has had enough of it and puts it aside.
pub(crate) async fn handle(shop: &Workshop, event: Value) -> Result<Vec<String>, Malformed> {
    let records = records(event)?;
    let mut known = HashMap::new();
    for record in &records {
        let number = record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str);
        let number = number.ok_or(Malformed)?;
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
    let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let is_event = text("/dynamodb/Keys/sk/S").starts_with("E#");
    if text("/eventName") != "INSERT" || !is_event {
        return Ok(());
    }
    let image = record.pointer("/dynamodb/NewImage").ok_or("a record without an image")?;
    let StreamedEvent { scope, user, event } =
        StreamedEvent::read(image).ok_or("an unreadable event")?;
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
            user,
            event: event.id,
            destination: destination.id,
        })
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
