//! Answers: the functions', and the gateway's own, in API Gateway's words.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING,
            UPGRADE,
        },
    },
};
use data_encoding::BASE64;
use serde::Deserialize;

use super::Response;

/// What concerns one connection only, or is the server's to say.
const DROPPED: [HeaderName; 6] =
    [CONNECTION, CONTENT_LENGTH, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

/// What a function answered in this process.
pub fn from_function(answer: lambda_http::Response<lambda_http::Body>) -> Response {
    let (parts, body) = answer.into_parts();
    let body = match body {
        lambda_http::Body::Text(text) => Body::from(text),
        lambda_http::Body::Binary(bytes) => Body::from(bytes),
        // What a later version may add is nothing that a function of ours answers.
        lambda_http::Body::Empty | _ => Body::empty(),
    };
    build(parts.status, parts.headers, body)
}

/// What a Lambda function answered as JSON, payload format 2.0. What is not in that format becomes what API Gateway
/// makes of it: an internal server error.
pub fn from_json(answer: &[u8]) -> Response {
    serde_json::from_slice::<Answer>(answer)
        .ok()
        .and_then(Answer::into_response)
        .unwrap_or_else(internal_server_error)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl Answer {
    fn into_response(self) -> Option<Response> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.insert(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
        }
        for cookie in &self.cookies {
            headers.append(SET_COOKIE, HeaderValue::try_from(cookie).ok()?);
        }
        let body = match self.body {
            None => Body::empty(),
            Some(text) if self.is_base64_encoded => {
                Body::from(BASE64.decode(text.as_bytes()).ok()?)
            }
            Some(text) => Body::from(text),
        };
        Some(build(StatusCode::from_u16(self.status_code).ok()?, headers, body))
    }
}

fn build(status: StatusCode, mut headers: HeaderMap, body: Body) -> Response {
    for name in DROPPED {
        headers.remove(name);
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn message(status: StatusCode, body: &'static str) -> Response {
    let headers =
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    build(status, headers, Body::from(body))
}

/// The `Host` is none.
pub fn bad_request() -> Response {
    message(StatusCode::BAD_REQUEST, r#"{"message":"Bad Request"}"#)
}

/// No route matches.
pub fn not_found() -> Response {
    message(StatusCode::NOT_FOUND, r#"{"message":"Not Found"}"#)
}

/// The body is longer than [`MAX_BODY_BYTES`](super::MAX_BODY_BYTES).
pub fn body_too_large() -> Response {
    message(StatusCode::PAYLOAD_TOO_LARGE, r#"{"message":"Request Entity Too Large"}"#)
}

/// The function died, or its answer is none.
pub fn internal_server_error() -> Response {
    message(StatusCode::INTERNAL_SERVER_ERROR, r#"{"message":"Internal Server Error"}"#)
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn an_answer_becomes_a_response_with_its_cookies_and_its_bytes() {
        let json = br#"{"statusCode":201,"headers":{"x-one":"1","content-length":"9"},"cookies":["a=1","b=2"],
            "body":"/wA=","isBase64Encoded":true}"#;
        let response = from_json(json);
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers().get("x-one").unwrap(), "1");
        assert_eq!(response.headers().get_all(SET_COOKIE).iter().count(), 2);
        assert!(!response.headers().contains_key(CONTENT_LENGTH));
        assert_eq!(to_bytes(response.into_body(), 9).await.unwrap().as_ref(), [255, 0]);
    }

    #[test]
    fn what_is_not_an_answer_is_an_internal_server_error() {
        for json in [
            "",
            "null",
            "{}",
            r#"{"statusCode":99}"#,
            r#"{"statusCode":200,"body":"é","isBase64Encoded":true}"#,
        ] {
            assert_eq!(
                from_json(json.as_bytes()).status(),
                StatusCode::INTERNAL_SERVER_ERROR,
                "{json}"
            );
        }
    }
}
