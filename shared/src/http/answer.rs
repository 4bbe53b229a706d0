//! From a response to the answer that a REST API takes from a function.

use std::{borrow::Cow, collections::BTreeMap};

use data_encoding::BASE64;
use lambda_http::Body;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::Response;

/// The greatest answer that Lambda takes, in bytes, JSON's escapes included: beyond it the invocation fails, with nothing
/// that a client could read ([quotas](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)).
pub const MAX_ANSWER_BYTES: usize = 6_291_556;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    status_code: u16,
    headers: BTreeMap<&'a str, Cow<'a, str>>,
    /// Of headers that stand more than once, all values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    multi_value_headers: BTreeMap<&'a str, Vec<Cow<'a, str>>>,
    body: Cow<'a, str>,
    is_base64_encoded: bool,
}

/// The answer as JSON; `None` if it is greater than Lambda takes.
pub(super) fn write(response: &Response) -> Option<Box<RawValue>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (name, value) in response.headers() {
        all.entry(name.as_str()).or_default().push(String::from_utf8_lossy(value.as_bytes()));
    }
    let (mut headers, mut multi_value_headers) = (BTreeMap::new(), BTreeMap::new());
    for (name, mut values) in all {
        match (values.pop(), values.is_empty()) {
            (Some(only), true) => drop(headers.insert(name, only)),
            (Some(last), false) => {
                values.push(last);
                multi_value_headers.insert(name, values);
            }
            (None, _) => {}
        }
    }
    let (body, is_base64_encoded) = match response.body() {
        Body::Text(text) => (Cow::Borrowed(text.as_str()), false),
        Body::Binary(bytes) => (Cow::Owned(BASE64.encode(bytes)), true),
        Body::Empty | _ => (Cow::Borrowed(""), false),
    };
    let status_code = response.status().as_u16();
    let answer = Answer { status_code, headers, multi_value_headers, body, is_base64_encoded };
    to_raw_value(&answer).ok().filter(|text| text.get().len() <= MAX_ANSWER_BYTES)
}

#[cfg(test)]
mod tests {
    use lambda_http::http::StatusCode;
    use serde_json::{Value, json};

    use super::*;

    fn written(response: &Response) -> Option<Value> {
        write(response).map(|text| serde_json::from_str(text.get()).unwrap())
    }

    #[test]
    fn an_answer_has_the_shape_that_a_rest_api_takes() {
        let mut response = Response::new(Body::Text("\"é\"".to_owned()));
        *response.status_mut() = StatusCode::CREATED;
        response.headers_mut().insert("x-one", "1".parse().unwrap());
        response.headers_mut().append("x-two", "1".parse().unwrap());
        response.headers_mut().append("x-two", "2".parse().unwrap());
        let expected = json!({
            "statusCode": 201, "headers": {"x-one": "1"}, "multiValueHeaders": {"x-two": ["1", "2"]},
            "body": "\"é\"", "isBase64Encoded": false,
        });
        assert_eq!(written(&response), Some(expected));
        let bytes = written(&Response::new(Body::Binary(vec![255, 0]))).unwrap();
        assert_eq!((&bytes["body"], &bytes["isBase64Encoded"]), (&json!("/wA="), &json!(true)));
    }

    #[test]
    fn what_lambda_does_not_take_is_told_after_escaping() {
        let around = write(&Response::new(Body::Text(String::new()))).unwrap().get().len();
        let room = MAX_ANSWER_BYTES - around;
        assert!(write(&Response::new(Body::Text("x".repeat(room)))).is_some());
        assert!(write(&Response::new(Body::Text("x".repeat(room + 1)))).is_none());
        assert!(write(&Response::new(Body::Text("\"".repeat(room / 2)))).is_some());
        assert!(write(&Response::new(Body::Text("\"".repeat(room / 2 + 1)))).is_none());
    }
}
