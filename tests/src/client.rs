//! An HTTP client for tests: short to write, and strict about what comes back.

use std::{fmt, time::Duration};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

mod answer;
#[cfg(test)]
mod tests;

pub use answer::Answer;

/// Speaks to one base URL, with headers that every request carries. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    headers: HeaderMap,
}

impl Client {
    /// A client without a credential. No redirect is followed, and no connection outlives its request, so that a client
    /// may be shared by tests with runtimes of their own.
    pub fn new(base_url: impl Into<String>) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_mins(1))
            .build();
        let base_url = base_url.into().trim_end_matches('/').to_owned();
        Self { http: http.expect("an HTTP client"), base_url, headers: HeaderMap::new() }
    }

    /// This client with `Authorization: Bearer <key>` on every request.
    #[must_use]
    pub fn bearer(&self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    /// This client with a header on every request.
    #[must_use]
    pub fn header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.insert(header_name(name), header_value(value));
        client
    }

    /// `GET`, at a path with its query.
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// `POST`, at a path with its query.
    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    /// `PUT`, at a path with its query.
    pub fn put(&self, path: &str) -> Request {
        self.request(Method::PUT, path)
    }

    /// `PATCH`, at a path with its query.
    pub fn patch(&self, path: &str) -> Request {
        self.request(Method::PATCH, path)
    }

    /// `DELETE`, at a path with its query.
    pub fn delete(&self, path: &str) -> Request {
        self.request(Method::DELETE, path)
    }

    /// Any method, at a path with its query.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let url = format!("{}{path}", self.base_url);
        let line = format!("{method} {path}");
        Request { inner: self.http.request(method, url), headers: self.headers.clone(), line }
    }
}

/// A request that has not been sent.
#[must_use]
pub struct Request {
    inner: reqwest::RequestBuilder,
    headers: HeaderMap,
    line: String,
}

impl Request {
    /// `Authorization: Bearer <key>`.
    pub fn bearer(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    /// A header, in place of one of that name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(header_name(name), header_value(value));
        self
    }

    /// A JSON body, with its content type unless one has been set.
    #[allow(clippy::needless_pass_by_value, reason = "tests write `.json(json!({…}))`")]
    pub fn json(mut self, body: Value) -> Self {
        self.headers.entry("content-type").or_insert(HeaderValue::from_static("application/json"));
        self.raw(body.to_string())
    }

    /// A body as it is, without a content type.
    pub fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.inner = self.inner.body(body.into());
        self
    }

    /// Sends it.
    ///
    /// # Panics
    ///
    /// When there is no answer, or the answer has a header that is not on the list in this module.
    pub async fn send(self) -> Answer {
        let response = self.inner.headers(self.headers).send().await;
        let response =
            response.unwrap_or_else(|error| panic!("{}: no answer: {error:?}", self.line));
        Answer::read(self.line, response).await
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Request({})", self.line)
    }
}

fn header_name(name: &str) -> HeaderName {
    HeaderName::from_bytes(name.as_bytes())
        .unwrap_or_else(|_| panic!("{name:?} is not the name of a header"))
}

fn header_value(value: &str) -> HeaderValue {
    HeaderValue::from_str(value)
        .unwrap_or_else(|_| panic!("{value:?} is not the value of a header"))
}
