//! Problem details ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)): the error shape of Palm and Wealthyhood, and
//! the one place that decides what a caller may read of an error.

use lambda_http::http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde::Serialize;

use super::{Code, Response, typed};
use crate::{
    auth::{Denied, Unauthenticated},
    domain::RequestId,
    error::{ApiKeyConflict, Error, Fault, Place, Throttled},
};

#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: String,
    instance: String,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FaultBody<'a>>,
}

#[derive(Serialize)]
struct FaultBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'static str>,
    detail: &'a str,
}

impl<'a> FaultBody<'a> {
    fn of(fault: &'a Fault) -> Self {
        let (pointer, header, parameter) = match &fault.place {
            Place::Body(pointer) => (Some(pointer.as_str()), None, None),
            Place::Header(name) => (None, Some(*name), None),
            Place::Query(name) => (None, None, Some(*name)),
        };
        Self { pointer, header, parameter, detail: &fault.detail }
    }
}

/// An error as a problem document. `base` is where the documentation of the codes stands.
pub fn render(error: &Error, request_id: &RequestId, base: &str) -> Response {
    render_as(Code::of(error).status(), error, request_id, base)
}

/// As [`render`], with a status of an API's own choice.
pub fn render_as(
    status: StatusCode,
    error: &Error,
    request_id: &RequestId,
    base: &str,
) -> Response {
    let code = Code::of(error);
    let faults: &[Fault] = if let Error::Invalid(faults) = error { faults } else { &[] };
    let problem = Problem {
        r#type: format!("{base}/{}", code.as_str()),
        title: code.title(),
        status: status.as_u16(),
        code: code.as_str(),
        detail: detail(error),
        instance: format!("urn:request:{}", request_id.as_str()),
        request_id: request_id.as_str(),
        errors: faults.iter().map(FaultBody::of).collect(),
    };
    let mut response = typed(status, "application/problem+json", &problem);
    add_headers(error, &mut response);
    response
}

/// The headers that an error brings along, whatever its body looks like.
pub fn add_headers(error: &Error, response: &mut Response) {
    let status = response.status();
    let headers = response.headers_mut();
    // The status that is sent: some APIs have another than the registry.
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from(1));
    }
    if let Error::Unauthenticated(_) = error {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Error::MethodNotAllowed { allow, .. } = error {
        headers.extend(HeaderValue::from_str(allow).map(|allow| (ALLOW, allow)));
    }
    if let Error::Throttled(throttled) = error {
        add_rate_limit(throttled, headers);
    }
}

fn add_rate_limit(throttled: &Throttled, headers: &mut HeaderMap) {
    headers.insert(RETRY_AFTER, throttled.retry_after.as_secs().into());
    headers.insert(HeaderName::from_static("x-ratelimit-limit"), throttled.limit.into());
    headers.insert(HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(0));
    let reset = HeaderValue::from(throttled.reset_at.unix_seconds());
    headers.insert(HeaderName::from_static("x-ratelimit-reset"), reset);
}

/// A sentence for the caller: what was wrong, and what would be right.
fn detail(error: &Error) -> String {
    let text = match error {
        Error::Malformed(malformed) => {
            return format!("The body is not valid JSON: {}.", malformed.reason);
        }
        Error::Invalid(faults) => {
            let places = if faults.len() == 1 {
                "place".to_owned()
            } else {
                format!("{} places", faults.len())
            };
            return format!("The request is not valid. See `errors` for the {places}.");
        }
        Error::TooLarge => "The body has more than 262144 bytes.",
        Error::Unreadable => {
            "The request cannot be read: its method or its body is not what it says it is."
        }
        Error::AnswerTooLarge => {
            "The answer would be larger than the 6 MB that an answer may have. Ask for less at once."
        }
        Error::UnsupportedMediaType => {
            "The body must be JSON, sent with Content-Type: application/json."
        }
        Error::MethodNotAllowed { allow, .. } => {
            return format!("This path has the methods {allow}.");
        }
        Error::Unauthenticated(Unauthenticated::Missing) => {
            "No credential was sent. Send an API key as Authorization: Bearer sk_test_… or sk_live_…."
        }
        Error::Unauthenticated(Unauthenticated::Malformed) => {
            "The credential has not the form Bearer sk_test_… or sk_live_…; part of it may be missing or mistyped."
        }
        Error::Unauthenticated(Unauthenticated::Rejected) => {
            "The credential is unknown, expired or revoked."
        }
        Error::Denied(Denied::Role) => {
            "The role of this credential does not permit this operation."
        }
        Error::Denied(Denied::Mode) => {
            "A test key manages test keys only. Use a live key of an owner."
        }
        Error::NotFound => "There is nothing here under this id.",
        Error::ExternalIdTaken => "Another user has this external id.",
        Error::EmailTaken => "Another user has this e-mail address.",
        Error::ApiKey(ApiKeyConflict::LastOwner) => {
            "This is the last owner key of its mode that does not expire. Make another one first, or rotate it."
        }
        Error::ApiKey(ApiKeyConflict::NotActive) => {
            "This key has expired, or was revoked or rotated before. Rotate the one that replaces it, or make a new one."
        }
        Error::PreconditionFailed => {
            "If-Match names another version than the current one. Read it again, then retry."
        }
        Error::IdempotencyKeyReused => {
            "This Idempotency-Key was used for another request within the last 24 hours."
        }
        Error::Contended => "Others kept changing the same thing. Try again.",
        Error::Throttled(_) => "Too many requests. Try again after the time in Retry-After.",
        Error::Unfinished => {
            "There was more to do than time allowed. Send the same request again to go on."
        }
        Error::KeySet(_) => "The keys of the token's issuer are not available. Try again.",
        Error::Aws(error) if error.is_transient() => {
            "A service that this depends on is not available. Try again; with the same Idempotency-Key where there is one, for it may have been done."
        }
        Error::TimedOut(_) => {
            "Time ran out. Try again; with the same Idempotency-Key where there is one, for it may have been done."
        }
        Error::Vault(_) | Error::Aws(_) | Error::Panicked => {
            "Something went wrong here. Nothing was disclosed; quote the request id when you report it."
        }
    };
    text.to_owned()
}
