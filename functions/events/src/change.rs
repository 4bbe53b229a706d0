//! A record of the table's stream, as Lambda hands it over.

use aws_lambda_events::dynamodb::EventRecord;
use serde::Deserialize as _;
use serde_json::Value;
use shared::store::StreamedKey;

use crate::worker::Failed;

/// What happened to an item.
pub(crate) struct Change {
    /// The item.
    pub(crate) key: StreamedKey,
    pub(crate) record: EventRecord,
}

impl Change {
    /// `None` where the record cannot be read.
    pub(crate) fn read(record: &Value) -> Option<Self> {
        let record = EventRecord::deserialize(record).ok()?;
        Some(Self { key: StreamedKey::read(record.change.keys.clone())?, record })
    }

    /// Whether the item is new.
    pub(crate) fn is_insertion(&self) -> bool {
        self.record.event_name == "INSERT"
    }

    /// Whether the item is gone.
    pub(crate) fn is_removal(&self) -> bool {
        self.record.event_name == "REMOVE"
    }
}

/// Where a record stands on the stream: by that a failure is reported, so even one that cannot be read must have it.
pub(crate) fn sequence_number(record: &Value) -> Result<&str, Failed> {
    let number = record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str);
    number.ok_or(Failed::Malformed)
}
