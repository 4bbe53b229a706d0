//! HTTP, as far as all APIs have it in common: how a request is received, and how an error looks.

mod answer;
mod bearer;
mod body;
mod call;
mod code;
mod cors;
mod endpoint;
mod event;
mod json;
mod precondition;

pub mod problem;

pub use answer::MAX_ANSWER_BYTES;
pub use bearer::{bearer, bearer_api_key};
pub use body::{MAX_BODY_BYTES, Object, pointer};
pub use call::{Call, IdempotencyKey};
pub use code::Code;
pub use endpoint::{Api, Endpoint, Handler};
pub use precondition::{IfMatch, etag};

use lambda_http::{
    Body,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
};
use serde::Serialize;

/// A request as Lambda delivers it.
pub type Request = lambda_http::Request;
/// A response as Lambda takes it.
pub type Response = lambda_http::Response<Body>;

/// A JSON response.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    typed(status, "application/json", body)
}

/// The response to what was done and has nothing to show.
pub fn no_content() -> Response {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// A response with a JSON body of some media type. What cannot be written as JSON (no shape of ours) becomes an empty
/// 500.
fn typed(status: StatusCode, media_type: &'static str, body: &impl Serialize) -> Response {
    let (status, text) = match serde_json::to_string(body) {
        Ok(text) => (status, text),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
    };
    let mut response = Response::new(Body::Text(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
