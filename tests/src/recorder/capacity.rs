//! What calls cost: capacity units, and the bytes that items count for.

use data_encoding::BASE64;
use serde_json::{Map, Value};

use super::Call;

/// The members of a DynamoDB response that hold items.
const ITEM_MEMBERS: [&str; 4] = ["Item", "Items", "Attributes", "Responses"];

/// The operations that can be asked what they consumed.
const MEASURABLE: [&str; 10] = [
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
];

/// The capacity units that the responses report, summed. See [`measure_capacity`](super::Recorder::measure_capacity).
pub fn capacity(calls: &[Call]) -> f64 {
    calls.iter().map(|call| units(&call.response["ConsumedCapacity"])).sum()
}

/// The bytes that the items in the responses count for, by DynamoDB's rules for the size of an item.
pub fn item_bytes(calls: &[Call]) -> usize {
    calls
        .iter()
        .flat_map(|call| ITEM_MEMBERS.map(|member| bytes_of_items(&call.response[member])))
        .sum()
}

/// The request with `ReturnConsumedCapacity` added, or `None` where it says so itself or the operation has no such
/// member.
pub(super) fn measured(operation: &str, request: &Value) -> Option<Value> {
    let members = request.as_object()?;
    if !MEASURABLE.contains(&operation) || members.contains_key("ReturnConsumedCapacity") {
        return None;
    }
    let mut members = members.clone();
    members.insert("ReturnConsumedCapacity".to_owned(), "TOTAL".into());
    Some(Value::Object(members))
}

/// One table's figure, or a list of them in batches and transactions.
fn units(consumed: &Value) -> f64 {
    match consumed {
        Value::Array(tables) => tables.iter().map(units).sum(),
        Value::Object(table) => {
            table.get("CapacityUnits").and_then(Value::as_f64).unwrap_or_default()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0.0,
    }
}

/// An item is a map from names to typed values; lists, `{"Item": …}` and maps from tables to lists surround items.
fn bytes_of_items(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(bytes_of_items).sum(),
        Value::Object(members) if members.values().all(is_attribute) => bytes_of_members(members),
        Value::Object(members) => members.values().map(bytes_of_items).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// `{"S": "…"}`: one member, named by a type.
fn is_attribute(value: &Value) -> bool {
    const TYPES: [&str; 10] = ["S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"];
    let single = value.as_object().filter(|members| members.len() == 1);
    single.is_some_and(|members| members.keys().all(|name| TYPES.contains(&name.as_str())))
}

fn bytes_of_members(members: &Map<String, Value>) -> usize {
    members.iter().map(|(name, value)| name.len() + bytes_of_attribute(value)).sum()
}

fn bytes_of_attribute(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|members| members.iter().next()) else {
        return 0;
    };
    let elements = value.as_array().map(Vec::as_slice).unwrap_or_default();
    match kind.as_str() {
        "M" => value.as_object().map_or(3, |members| 3 + members.len() + bytes_of_members(members)),
        "L" => 3 + elements.iter().map(|element| 1 + bytes_of_attribute(element)).sum::<usize>(),
        "SS" | "NS" | "BS" => elements.iter().map(|element| bytes_of_scalar(kind, element)).sum(),
        scalar => bytes_of_scalar(scalar, value),
    }
}

fn bytes_of_scalar(kind: &str, value: &Value) -> usize {
    let text = value.as_str().unwrap_or_default();
    match kind {
        "S" | "SS" => text.len(),
        "B" | "BS" => BASE64.decode(text.as_bytes()).map_or(text.len(), |bytes| bytes.len()),
        // Two digits to a byte, and one byte more.
        "N" | "NS" => text.bytes().filter(u8::is_ascii_digit).count().div_ceil(2) + 1,
        _ => 1,
    }
}
