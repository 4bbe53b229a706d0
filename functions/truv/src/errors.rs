//! How Truv shows an error: `{"error": {"code", "message", "extra"}}`, and `{"detail": …}` where it has no code.

use lambda_http::http::{StatusCode, header::WWW_AUTHENTICATE};
use serde_json::{Value, json};
use shared::{
    auth::Unauthenticated,
    domain::RequestId,
    error::{Error, Fault, Place},
    http::{self, Code, Response, problem},
};

/// An error in Truv's shape.
pub(crate) fn render(error: &Error, _request_id: &RequestId, _base: &str) -> Response {
    let mut response = http::json(status(error), &body(error));
    problem::add_headers(error, &mut response);
    // Its credentials have no scheme to ask for.
    response.headers_mut().remove(WWW_AUTHENTICATE);
    response
}

/// As in the registry, but that 409 is not used.
fn status(error: &Error) -> StatusCode {
    if let Error::ExternalIdTaken | Error::EmailTaken = error {
        StatusCode::BAD_REQUEST
    } else if let Error::Contended = error {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        Code::of(error).status()
    }
}

fn body(error: &Error) -> Value {
    match error {
        Error::Invalid(faults) => invalid(faults),
        Error::Malformed(malformed) => {
            one(WHOLE, &format!("JSON parse error - {}", malformed.reason))
        }
        Error::ExternalIdTaken => {
            one("external_user_id", "External user id belongs to another user")
        }
        Error::EmailTaken => one("email", "Email belongs to another user"),
        Error::NotFound => json!({"detail": "Not Found."}),
        Error::MethodNotAllowed { method, .. } => {
            json!({"detail": format!("Method \"{method}\" not allowed.")})
        }
        Error::UnsupportedMediaType => {
            json!({"detail": "Unsupported media type in request. Use application/json."})
        }
        Error::Unauthenticated(Unauthenticated::Missing) => {
            coded("authentication_failed", "Authentication credentials were not provided.")
        }
        Error::Unauthenticated(Unauthenticated::Malformed | Unauthenticated::Rejected) => {
            coded("authentication_failed", "Incorrect authentication credentials.")
        }
        Error::Denied(_) => {
            coded("not_authenticated", "You do not have permission to perform this action.")
        }
        Error::Throttled(throttled) => {
            let seconds = throttled.retry_after.as_secs();
            let unit = if seconds == 1 { "second" } else { "seconds" };
            let message = format!("Request was throttled. Expected available in {seconds} {unit}.");
            coded("throttled", &message)
        }
        Error::Unreadable => coded(code(error), "Malformed request."),
        Error::AnswerTooLarge => {
            coded(code(error), "The answer would be larger than 6 MB. Ask for less at once.")
        }
        Error::TooLarge => coded(code(error), "Request body exceeds 262144 bytes."),
        Error::PreconditionFailed => coded(code(error), "If-Match names another version."),
        Error::Contended | Error::Unfinished => {
            coded(code(error), "Not everything was done. Send the same request again.")
        }
        Error::ApiKey(_) => coded(code(error), "The API key cannot be changed so."),
        Error::IdempotencyKeyReused
        | Error::Vault(_)
        | Error::KeySet(_)
        | Error::Aws(_)
        | Error::TimedOut(_)
        | Error::Panicked => coded(code(error), "A server error occurred."),
    }
}

/// What a fault of the body as a whole is said of.
const WHOLE: &str = "non_field_errors";

/// What Truv has no code for has ours.
fn code(error: &Error) -> &'static str {
    Code::of(error).as_str()
}

fn coded(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

fn invalid(faults: &[Fault]) -> Value {
    let field = |fault: &Fault| match &fault.place {
        Place::Body(pointer) if pointer.is_empty() => WHOLE.to_owned(),
        Place::Body(pointer) => pointer.trim_start_matches('/').to_owned(),
        Place::Header(name) | Place::Query(name) => (*name).to_owned(),
    };
    let params = faults.iter().map(|fault| json!({"field": field(fault), "message": fault.detail}));
    incorrect(&params.collect())
}

fn one(field: &str, message: &str) -> Value {
    incorrect(&json!([{"field": field, "message": message}]))
}

fn incorrect(params: &Value) -> Value {
    json!({"error": {
        "code": "incorrect_parameters",
        "message": "Incorrect request parameters",
        "extra": {"invalid-params": params},
    }})
}
