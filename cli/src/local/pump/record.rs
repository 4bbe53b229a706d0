//! A record of a stream as Lambda spells it.

use std::collections::HashMap;

use aws_sdk_dynamodbstreams::types::{
    AttributeValue, Identity, OperationType, Record, StreamRecord, StreamViewType,
};
use data_encoding::BASE64;
use serde_json::{Map, Value, json};

/// The record of an event. What a record has not is left out, as Lambda leaves it out.
pub(super) fn of_stream(record: &Record, arn: &str) -> Value {
    let image = |image: Option<&HashMap<String, AttributeValue>>| image.map(item);
    let change = record.dynamodb();
    let dynamodb = object([
        (
            "ApproximateCreationDateTime",
            change.and_then(|it| it.approximate_creation_date_time()).map(|at| json!(at.secs())),
        ),
        ("Keys", image(change.and_then(|change| change.keys()))),
        ("NewImage", image(change.and_then(|change| change.new_image()))),
        ("OldImage", image(change.and_then(|change| change.old_image()))),
        ("SequenceNumber", change.and_then(|change| change.sequence_number()).map(|it| json!(it))),
        ("SizeBytes", change.and_then(StreamRecord::size_bytes).map(|it| json!(it))),
        (
            "StreamViewType",
            change
                .and_then(|it| it.stream_view_type())
                .map(StreamViewType::as_str)
                .map(|it| json!(it)),
        ),
    ]);
    object([
        ("eventID", record.event_id().map(|it| json!(it))),
        ("eventName", record.event_name().map(OperationType::as_str).map(|it| json!(it))),
        ("eventVersion", Some(json!(record.event_version().unwrap_or("1.1")))),
        ("eventSource", Some(json!("aws:dynamodb"))),
        ("awsRegion", record.aws_region().map(|it| json!(it))),
        ("dynamodb", Some(dynamodb)),
        ("userIdentity", record.user_identity().map(identity)),
        ("eventSourceARN", Some(json!(arn))),
    ])
}

/// The number of a record in its shard.
pub(super) fn sequence_number(record: &Value) -> &str {
    let number = record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str);
    number.unwrap_or_default()
}

/// When a record came to be, in seconds since 1970.
pub(super) fn created_at(record: &Value) -> Option<i64> {
    record.pointer("/dynamodb/ApproximateCreationDateTime").and_then(Value::as_i64)
}

/// Who is behind a change that nobody asked for: time to live. The embedded server spells the members otherwise than the
/// SDK reads them.
fn identity(identity: &Identity) -> Value {
    json!({
        "type": identity.r#type().unwrap_or("Service"),
        "principalId": identity.principal_id().unwrap_or("dynamodb.amazonaws.com"),
    })
}

fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let present = members.into_iter();
    let present = present.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}

fn item(item: &HashMap<String, AttributeValue>) -> Value {
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
