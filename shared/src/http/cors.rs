//! Cross-origin requests of browsers ([Fetch §3.2](https://fetch.spec.whatwg.org/#http-cors-protocol)), where a deployment
//! allows them.

use lambda_http::http::{
    HeaderValue,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW,
    },
};

use super::{Response, no_content};

/// The headers that a script may send. `*` would not cover `Authorization`.
const REQUEST_HEADERS: &str = "authorization, content-type, idempotency-key, if-match, \
                               x-access-client-id, x-access-secret, x-api-key";
/// How long a browser may remember a preflight's answer, in seconds: the longest that any of them does, Chromium's two hours.
const MAX_AGE: u32 = 7_200;

/// The answer to a preflight request, which comes without a credential. `methods` are those of the resource.
pub(super) fn preflight(methods: &str) -> Response {
    let mut response = no_content();
    let headers = response.headers_mut();
    if let Ok(methods) = HeaderValue::from_str(methods) {
        headers.insert(ALLOW, methods.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(REQUEST_HEADERS));
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE.into());
    response
}

/// Lets scripts of this origin read an answer, with all its headers.
pub(super) fn allow(response: &mut Response, origin: &HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
}
