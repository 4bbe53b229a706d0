//! What came back.

use axum::{body::Bytes, http::HeaderMap};
use serde_json::Value;

/// The headers an answer may have. A new one is a decision about the API: it is made here.
const ALLOWED_HEADERS: [&str; 18] = [
    "allow",
    "cache-control",
    "content-length",
    "content-type",
    "date",
    "etag",
    "idempotent-replayed",
    "location",
    "retry-after",
    "strict-transport-security",
    "transfer-encoding",
    "www-authenticate",
    "x-amz-apigw-id",
    "x-amzn-errortype",
    "x-amzn-remapped-www-authenticate",
    "x-amzn-requestid",
    "x-content-type-options",
    "x-request-id",
];

/// The same for families of headers.
const ALLOWED_PREFIXES: [&str; 1] = ["x-ratelimit-"];

/// A whole answer.
#[derive(Debug, Clone)]
#[must_use = "an answer that nobody looks at tests nothing"]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, every one on the list of allowed ones.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// What was asked, for messages: `GET /v1/user/…`.
    request: String,
}

impl Answer {
    pub(super) async fn read(request: String, response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for name in headers.keys().map(axum::http::HeaderName::as_str) {
            let allowed = ALLOWED_HEADERS.contains(&name)
                || ALLOWED_PREFIXES.iter().any(|it| name.starts_with(it));
            assert!(allowed, "{request}: the answer ({status}) has an unknown header: {name}");
        }
        let body = response
            .bytes()
            .await
            .unwrap_or_else(|error| panic!("{request}: no whole body: {error:?}"));
        Self { status, headers, body, request }
    }

    /// The body as text, whatever it is.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{self:#}\nis not JSON: {error}"))
    }

    /// A header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Fails, and shows the body, unless the status is this one.
    #[track_caller]
    pub fn expect(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "\n{self}");
        self
    }

    /// Fails unless this is an RFC 9457 problem with this status, in the body too, and this code. Returns the body.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        self.expect(status);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "\n{self}");
        let body = self.json();
        assert_eq!(body["status"], status, "\n{self}");
        assert_eq!(body["code"], code, "\n{self}");
        body
    }

    /// The JSON pointers in `errors` of a problem, in their order.
    #[track_caller]
    pub fn pointers(&self) -> Vec<String> {
        let body = self.json();
        let errors = body["errors"].as_array().unwrap_or_else(|| panic!("{self}\nhas no `errors`"));
        let pointer = |error: &Value| error["pointer"].as_str().map(str::to_owned);
        errors
            .iter()
            .map(|error| pointer(error).unwrap_or_else(|| panic!("{error} has no `pointer`")))
            .collect()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} -> {}\n{}", self.request, self.status, self.text())
    }
}
