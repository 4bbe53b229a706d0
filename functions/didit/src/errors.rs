//! How Didit shows an error: `{"detail": …}` for the request as a whole, `{field: [messages]}` for its members, and a
//! bare list for what belongs to no member.

use lambda_http::http::{StatusCode, header::WWW_AUTHENTICATE};
use serde_json::{Map, Value, json};
use shared::{
    auth::{Denied, Unauthenticated},
    domain::RequestId,
    error::{Error, Fault, Place, Throttled},
    http::{self, Code, Response, problem},
};

const NO_CREDENTIAL: &str =
    "You must be authenticated with a valid access token to access this endpoint.";
const NO_PERMISSION: &str = "You do not have permission to perform this action.";

/// An error in Didit's shape.
pub(crate) fn render(error: &Error, _request_id: &RequestId, _base: &str) -> Response {
    let mut response = http::json(status(error), &body(error));
    problem::add_headers(error, &mut response);
    // A credential that is refused is not asked for again.
    if response.status() != StatusCode::UNAUTHORIZED {
        response.headers_mut().remove(WWW_AUTHENTICATE);
    }
    response
}

/// An error of the operations on webhook destinations: no credential is 403 there, as a wrong one is.
pub(crate) fn render_of_destinations(error: &Error, id: &RequestId, base: &str) -> Response {
    if let Error::Unauthenticated(_) = error {
        return render(&Error::Denied(Denied::Role), id, base);
    }
    if let Error::NotFound = error {
        return http::json(
            StatusCode::NOT_FOUND,
            &json!({"detail": "Webhook destination not found."}),
        );
    }
    render(error, id, base)
}

/// As in the registry, but for what Didit answers otherwise: a bad key is 403, and 409 is not used.
fn status(error: &Error) -> StatusCode {
    if let Error::Unauthenticated(Unauthenticated::Malformed | Unauthenticated::Rejected) = error {
        StatusCode::FORBIDDEN
    } else if let Error::ExternalIdTaken | Error::EmailTaken = error {
        StatusCode::BAD_REQUEST
    } else if let Error::Contended = error {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        Code::of(error).status()
    }
}

fn body(error: &Error) -> Value {
    let detail = match error {
        Error::Invalid(faults) => return invalid(faults),
        Error::ExternalIdTaken => {
            return json!({"vendor_data": ["A user with this vendor_data already exists."]});
        }
        Error::EmailTaken => return json!({"email": ["A user with this email already exists."]}),
        Error::Malformed(malformed) => format!("JSON parse error - {}", malformed.reason),
        Error::UnsupportedMediaType => {
            "Unsupported media type in request. Use application/json.".to_owned()
        }
        Error::Unreadable => "Malformed request.".to_owned(),
        Error::AnswerTooLarge => {
            "The answer would be larger than 6 MB. Ask for less at once.".to_owned()
        }
        Error::TooLarge => "Request body exceeds 262144 bytes.".to_owned(),
        Error::MethodNotAllowed { method, .. } => format!("Method \"{method}\" not allowed."),
        Error::Unauthenticated(Unauthenticated::Missing) => NO_CREDENTIAL.to_owned(),
        Error::Unauthenticated(Unauthenticated::Malformed | Unauthenticated::Rejected)
        | Error::Denied(_) => NO_PERMISSION.to_owned(),
        Error::NotFound => "Not found.".to_owned(),
        Error::Throttled(throttled) => expected(throttled),
        Error::PreconditionFailed => "If-Match names another version.".to_owned(),
        Error::ApiKey(_) => "The API key cannot be changed so.".to_owned(),
        Error::Contended | Error::Unfinished => {
            "Not everything was done. Send the same request again.".to_owned()
        }
        Error::IdempotencyKeyReused
        | Error::Vault(_)
        | Error::KeySet(_)
        | Error::Aws(_)
        | Error::TimedOut(_)
        | Error::Panicked => "A server error occurred.".to_owned(),
    };
    json!({"detail": detail})
}

fn expected(throttled: &Throttled) -> String {
    let seconds = throttled.retry_after.as_secs();
    let unit = if seconds == 1 { "second" } else { "seconds" };
    format!("Request was throttled. Expected available in {seconds} {unit}.")
}

/// Messages by member, those of a list's members by their place; a bare list for those of the body as a whole.
fn invalid(faults: &[Fault]) -> Value {
    let whole = |fault: &&Fault| fault.place == Place::Body(String::new());
    if faults.iter().any(|fault| whole(&fault)) {
        return faults.iter().filter(whole).map(|fault| fault.detail.as_str()).collect();
    }
    let mut members = Map::new();
    for fault in faults {
        let place = match &fault.place {
            Place::Body(pointer) => pointer.trim_start_matches('/'),
            Place::Header(name) | Place::Query(name) => name,
        };
        let (member, rest) =
            place.split_once('/').map_or((place, None), |(m, rest)| (m, Some(rest)));
        let slot = members.entry(member.to_owned());
        match rest {
            None => push(slot.or_insert_with(|| json!([])), &fault.detail),
            Some(inner) => {
                if let Value::Object(elements) = slot.or_insert_with(|| json!({})) {
                    push(
                        elements.entry(inner.to_owned()).or_insert_with(|| json!([])),
                        &fault.detail,
                    );
                }
            }
        }
    }
    Value::Object(members)
}

fn push(list: &mut Value, message: &str) {
    if let Value::Array(messages) = list {
        messages.push(message.into());
    }
}
