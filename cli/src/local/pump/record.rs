//! A record of a stream as Lambda spells it.

use aws_sdk_dynamodbstreams::types::{AttributeValue, OperationType, Record};
use data_encoding::BASE64;
use serde_json::{Map, Value, json};

/// The record of an event.
pub(super) fn of_stream(record: &Record, arn: &str) -> Value {
    let image = |image: Option<&std::collections::HashMap<String, AttributeValue>>| image.map(item);
    let change = record.dynamodb();
    let mut dynamodb = json!({
        "Keys": image(change.and_then(|change| change.keys())),
        "SequenceNumber": change.and_then(|change| change.sequence_number()),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    });
    for (name, found) in [
        ("NewImage", image(change.and_then(|change| change.new_image()))),
        ("OldImage", image(change.and_then(|change| change.old_image()))),
    ] {
        if let (Some(found), Some(members)) = (found, dynamodb.as_object_mut()) {
            members.insert(name.to_owned(), found);
        }
    }
    json!({
        "eventID": record.event_id(),
        "eventName": record.event_name().map(OperationType::as_str),
        "eventSource": "aws:dynamodb",
        "eventSourceARN": arn,
        "dynamodb": dynamodb,
    })
}

fn item(item: &std::collections::HashMap<String, AttributeValue>) -> Value {
    let members = item.iter().map(|(name, value)| (name.clone(), attribute(value)));
    Value::Object(members.collect::<Map<_, _>>())
}

fn attribute(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(digits) => json!({ "N": digits }),
        AttributeValue::B(bytes) => json!({ "B": BASE64.encode(bytes.as_ref()) }),
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::L(values) => {
            json!({ "L": values.iter().map(attribute).collect::<Vec<_>>() })
        }
        AttributeValue::M(members) => json!({ "M": item(members) }),
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        AttributeValue::Ns(digits) => json!({ "NS": digits }),
        AttributeValue::Bs(all) => {
            json!({ "BS": all.iter().map(|bytes| BASE64.encode(bytes.as_ref())).collect::<Vec<_>>() })
        }
        AttributeValue::Null(_) | _ => json!({ "NULL": true }),
    }
}
