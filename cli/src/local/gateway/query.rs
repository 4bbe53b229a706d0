//! The query, as a REST API hands it on: decoded, `;` splitting like `&`.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

/// `queryStringParameters`, with the last value of each name, and `multiValueQueryStringParameters`, with all. Null where
/// there is none.
pub(super) fn parameters(query: &str) -> (Value, Value) {
    let (mut last, mut all) = (Map::new(), Map::new());
    for pair in query.split(['&', ';']).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name), decode(value));
        if let Value::Array(values) = all.entry(name.clone()).or_insert_with(|| json!([])) {
            values.push(json!(value));
        }
        last.insert(name, json!(value));
    }
    let or_null = |map: Map<_, _>| if map.is_empty() { Value::Null } else { Value::Object(map) };
    (or_null(last), or_null(all))
}

/// Whether a REST API takes the query at all: a raw `|` it refuses.
pub(super) fn is_taken(query: &str) -> bool {
    !query.contains('|')
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
