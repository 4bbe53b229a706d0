//! The digests by which SDKs see whether a message arrived whole.

use data_encoding::BASE64;
use serde_json::Value;

/// Of a body.
pub(super) fn of_body(body: &str) -> String {
    format!("{:x}", md5::compute(body))
}

/// Of message attributes, in the order of their names: name, type and value with their lengths in front, and between the
/// last two a 1 for text and a 2 for bytes.
pub(super) fn of_attributes(attributes: &Value) -> Option<String> {
    let mut members: Vec<_> = attributes.as_object()?.iter().collect();
    members.sort_by_key(|(name, _)| *name);
    let mut text = Vec::new();
    for (name, value) in members {
        let member = |name: &str| value.get(name).and_then(Value::as_str);
        put(&mut text, name.as_bytes());
        put(&mut text, member("DataType")?.as_bytes());
        if let Some(value) = member("StringValue") {
            text.push(1);
            put(&mut text, value.as_bytes());
        } else {
            text.push(2);
            put(&mut text, &BASE64.decode(member("BinaryValue")?.as_bytes()).ok()?);
        }
    }
    (!text.is_empty()).then(|| format!("{:x}", md5::compute(&text)))
}

fn put(text: &mut Vec<u8>, part: &[u8]) {
    text.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
    text.extend(part);
}
