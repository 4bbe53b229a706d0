//! From a function's answer to the response that a REST API makes of it.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HOST, SERVER, TE,
            TRAILER, TRANSFER_ENCODING, UPGRADE, WWW_AUTHENTICATE,
        },
    },
};
use serde::Deserialize;
use serde_json::Value;
use shared::http::MAX_ANSWER_BYTES;

use super::Response;

/// What concerns one connection only, or is the server's to say.
const DROPPED: [HeaderName; 6] =
    [CONNECTION, CONTENT_LENGTH, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

/// Headers that come back under another name
/// ([important notes](https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html)).
const REMAPPED: [(HeaderName, &str); 6] = [
    (AUTHORIZATION, "x-amzn-remapped-authorization"),
    (HeaderName::from_static("content-md5"), "x-amzn-remapped-content-md5"),
    (DATE, "x-amzn-remapped-date"),
    (HOST, "x-amzn-remapped-host"),
    (SERVER, "x-amzn-remapped-server"),
    (WWW_AUTHENTICATE, "x-amzn-remapped-www-authenticate"),
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    headers: Option<BTreeMap<String, Value>>,
    multi_value_headers: Option<BTreeMap<String, Vec<Value>>>,
    body: Option<String>,
    /// Without binary media types of the API, the body goes out as it is, whatever this says.
    #[serde(rename = "isBase64Encoded", default)]
    _is_base64_encoded: bool,
}

/// What becomes of a function's answer. `None` for what is no answer or larger than Lambda takes.
pub fn from_function(answer: &str) -> Option<Response> {
    if answer.len() > MAX_ANSWER_BYTES {
        return None;
    }
    let answer: Answer = serde_json::from_str(answer).ok()?;
    let mut headers = HeaderMap::new();
    for (name, values) in answer.multi_value_headers.unwrap_or_default() {
        for value in values {
            append(&mut headers, &name, &value)?;
        }
    }
    for (name, value) in answer.headers.unwrap_or_default() {
        if !headers.contains_key(name.as_str()) {
            append(&mut headers, &name, &value)?;
        }
    }
    for name in DROPPED {
        headers.remove(name);
    }
    for (name, other) in REMAPPED {
        if let Some(value) = headers.remove(name) {
            headers.insert(HeaderName::from_static(other), value);
        }
    }
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    let status = StatusCode::from_u16(answer.status_code).ok()?;
    let mut response = build(status, Body::from(answer.body.unwrap_or_default()));
    *response.headers_mut() = headers;
    Some(response)
}

fn append(headers: &mut HeaderMap, name: &str, value: &Value) -> Option<()> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Null => return Some(()),
        Value::Array(_) | Value::Object(_) => return None,
    };
    headers.append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(text).ok()?);
    Some(())
}

pub(super) fn build(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn an_answer_becomes_a_response_with_some_headers_under_other_names() {
        let json = r#"{"statusCode":401,"headers":{"x-one":"1","content-length":"9","WWW-Authenticate":"Bearer",
            "Date":"today","Allow":"GET","x-two":"3"},"multiValueHeaders":{"x-two":["1","2"]},"body":"é","isBase64Encoded":false}"#;
        let response = from_function(json).unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        let headers = response.headers();
        assert_eq!(headers["x-one"], "1");
        assert_eq!(headers["allow"], "GET");
        assert_eq!(headers["x-amzn-remapped-www-authenticate"], "Bearer");
        assert_eq!(headers["x-amzn-remapped-date"], "today");
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers.get_all("x-two").iter().collect::<Vec<_>>(), ["1", "2"]);
        for name in ["www-authenticate", "date", "content-length"] {
            assert!(!headers.contains_key(name), "{name}");
        }
        assert_eq!(to_bytes(response.into_body(), 9).await.unwrap(), "é");
    }

    #[test]
    fn what_is_no_answer_or_too_large_is_none() {
        let large = format!(r#"{{"statusCode":200,"body":"{}"}}"#, "x".repeat(MAX_ANSWER_BYTES));
        for json in [
            "",
            "null",
            "{}",
            r#"{"statusCode":"200"}"#,
            r#"{"statusCode":99}"#,
            r#"{"statusCode":200,"body":{}}"#,
            r#"{"statusCode":200,"headers":{"x":{}}}"#,
            r#"{"statusCode":200,"headers":{"x y":"1"}}"#,
            &large,
        ] {
            assert!(from_function(json).is_none(), "{json:.99}");
        }
    }
}
