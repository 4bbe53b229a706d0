//! From the event that API Gateway hands to a function (a REST API, payload format 1.0) to a request. Whatever AWS can
//! put into an event is read here without a panic and without a refusal of the runtime's: what is odd is left out, and
//! what cannot be read becomes an error of ours.

mod path;
mod target;

use data_encoding::BASE64;
use lambda_http::{
    Body, Context,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Uri},
};
use serde_json::{Map, Value};

pub(super) use self::{path::same_resource, target::Target};
use super::Request;

/// Why an event cannot be answered as a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

/// The request of an event. One that cannot be read has the extension [`Unreadable`].
pub(super) fn read(text: &str, context: Context) -> Request {
    let event: Value = serde_json::from_str(text).unwrap_or_default();
    let method = event.get("httpMethod").and_then(Value::as_str);
    let method = method.and_then(|method| Method::from_bytes(method.as_bytes()).ok());
    let body = body(&event);
    let is_readable = method.is_some() && body.is_some();
    let target = Target::read(&event);

    let mut request = Request::new(body.unwrap_or(Body::Empty));
    *request.method_mut() = method.unwrap_or_default();
    *request.uri_mut() = Uri::try_from(target.path.as_str()).unwrap_or_default();
    *request.headers_mut() = headers(&event);
    request.extensions_mut().insert(context);
    request.extensions_mut().insert(target);
    if !is_readable {
        request.extensions_mut().insert(Unreadable);
    }
    request
}

/// `None` for what is neither text nor absent, and for what says that it is Base64 and is not.
fn body(event: &Value) -> Option<Body> {
    let text = match event.get("body") {
        None | Some(Value::Null) => return Some(Body::Empty),
        Some(Value::String(text)) => text,
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            return None;
        }
    };
    if event.get("isBase64Encoded") == Some(&Value::Bool(true)) {
        return BASE64.decode(text.as_bytes()).ok().map(Body::Binary);
    }
    Some(Body::Text(text.clone()))
}

/// All values of every header; from `headers` those that `multiValueHeaders` does not have. A name or a value that no
/// header can have is left out.
fn headers(event: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in entries(event.get("multiValueHeaders")) {
        for value in values(value) {
            append(&mut headers, name, &value);
        }
    }
    for (name, value) in entries(event.get("headers")) {
        if !headers.contains_key(name.as_str()) {
            for value in values(value) {
                append(&mut headers, name, &value);
            }
        }
    }
    headers
}

fn append(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
        headers.append(name, value);
    }
}

/// The members of an object; of anything else none.
fn entries(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// A value as text, and each value of a list. Null is none.
fn values(value: &Value) -> Vec<String> {
    if let Value::Array(values) = value {
        return values.iter().filter_map(values_of_one).collect();
    }
    values_of_one(value).into_iter().collect()
}

fn values_of_one(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests;
