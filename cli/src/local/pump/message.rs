//! A message of a queue as Lambda spells it.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::{Message, MessageAttributeValue};
use data_encoding::BASE64;
use serde_json::{Value, json};

/// The record of an event.
pub(super) fn of_queue(message: &Message, arn: &str) -> Value {
    let system = message.attributes().into_iter().flatten();
    let system: BTreeMap<_, _> = system.map(|(name, value)| (name.as_str(), value)).collect();
    let own = message.message_attributes().into_iter().flatten();
    let own: BTreeMap<_, _> = own.map(|(name, value)| (name, attribute(value))).collect();
    let mut record = json!({
        "messageId": message.message_id(),
        "receiptHandle": message.receipt_handle(),
        "body": message.body(),
        "attributes": system,
        "messageAttributes": own,
        "md5OfBody": message.md5_of_body(),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(':').nth(3),
    });
    if let (Some(digest), Some(members)) =
        (message.md5_of_message_attributes(), record.as_object_mut())
    {
        members.insert("md5OfMessageAttributes".to_owned(), json!(digest));
    }
    record
}

fn attribute(value: &MessageAttributeValue) -> Value {
    let mut spelled = json!({
        "stringListValues": [], "binaryListValues": [], "dataType": value.data_type(),
    });
    if let Some(members) = spelled.as_object_mut() {
        if let Some(text) = value.string_value() {
            members.insert("stringValue".to_owned(), json!(text));
        }
        if let Some(bytes) = value.binary_value() {
            members.insert("binaryValue".to_owned(), json!(BASE64.encode(bytes.as_ref())));
        }
    }
    spelled
}
