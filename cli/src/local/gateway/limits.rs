//! What API Gateway and Lambda take, and no more
//! ([quotas](https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html)).

use std::time::Duration;

use axum::http::request::Parts;

/// The greatest body, in bytes.
pub const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
/// The greatest event, in bytes, JSON's escapes included.
pub const MAX_EVENT_BYTES: usize = 6_291_556;
/// The longest request line and headers together, in bytes.
pub const MAX_HEAD_BYTES: usize = 10_240;
/// How long the gateway waits for a function.
pub const MAX_WAIT: Duration = Duration::from_secs(29);
/// How long a client may take to send the head of a request, and then its body.
pub(super) const MAX_SENDING: Duration = Duration::from_secs(30);

/// The length of the request line and of all headers, in bytes, as they are sent.
pub(super) fn head_bytes(parts: &Parts) -> usize {
    const LINE: usize = "  HTTP/1.1\r\n".len();
    const HEADER: usize = ": \r\n".len();
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let headers = parts.headers.iter().map(|(name, value)| {
        name.as_str().len().saturating_add(value.len()).saturating_add(HEADER)
    });
    let line = parts.method.as_str().len().saturating_add(target).saturating_add(LINE);
    headers.fold(line, usize::saturating_add)
}
