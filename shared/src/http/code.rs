//! The registry of error codes. Part of the API: a code is never renamed and never used again for something else.

use lambda_http::http::StatusCode;

use crate::{
    error::{ApiKeyConflict, Error},
    vault::VaultError,
};

/// What kind of error an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The body is no JSON.
    MalformedJson,
    /// The request cannot be read.
    MalformedRequest,
    /// The request breaks a rule.
    ValidationError,
    /// No valid credential.
    Unauthenticated,
    /// The credential does not permit it.
    PermissionDenied,
    /// No such thing.
    NotFound,
    /// Wrong method.
    MethodNotAllowed,
    /// The external id is taken.
    ExternalIdTaken,
    /// The e-mail address is taken.
    EmailTaken,
    /// The last owner key stays.
    LastOwnerKey,
    /// The API key has ended or was replaced.
    ApiKeyNotActive,
    /// Others are changing the same thing.
    Contended,
    /// `If-Match` names another version.
    PreconditionFailed,
    /// The body is too large.
    BodyTooLarge,
    /// The answer would be too large.
    AnswerTooLarge,
    /// The body is of another type.
    UnsupportedMediaType,
    /// The idempotency key came with another request.
    IdempotencyKeyReused,
    /// Too many requests.
    RateLimited,
    /// A fault of ours.
    InternalError,
    /// Something that we need is away.
    Unavailable,
    /// Time ran out.
    Unfinished,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::MalformedJson,
        Self::MalformedRequest,
        Self::ValidationError,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::ExternalIdTaken,
        Self::EmailTaken,
        Self::LastOwnerKey,
        Self::ApiKeyNotActive,
        Self::Contended,
        Self::PreconditionFailed,
        Self::BodyTooLarge,
        Self::AnswerTooLarge,
        Self::UnsupportedMediaType,
        Self::IdempotencyKeyReused,
        Self::RateLimited,
        Self::InternalError,
        Self::Unavailable,
        Self::Unfinished,
    ];

    /// The code of an error.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Malformed(_) => Self::MalformedJson,
            Error::Invalid(_) => Self::ValidationError,
            Error::TooLarge => Self::BodyTooLarge,
            Error::Unreadable => Self::MalformedRequest,
            Error::AnswerTooLarge => Self::AnswerTooLarge,
            Error::UnsupportedMediaType => Self::UnsupportedMediaType,
            Error::MethodNotAllowed { .. } => Self::MethodNotAllowed,
            Error::Unauthenticated(_) => Self::Unauthenticated,
            Error::Denied(_) => Self::PermissionDenied,
            Error::NotFound => Self::NotFound,
            Error::ExternalIdTaken => Self::ExternalIdTaken,
            Error::EmailTaken => Self::EmailTaken,
            Error::ApiKey(ApiKeyConflict::LastOwner) => Self::LastOwnerKey,
            Error::ApiKey(ApiKeyConflict::NotActive) => Self::ApiKeyNotActive,
            Error::PreconditionFailed => Self::PreconditionFailed,
            Error::IdempotencyKeyReused => Self::IdempotencyKeyReused,
            Error::Contended => Self::Contended,
            Error::Throttled(_) => Self::RateLimited,
            Error::Unfinished => Self::Unfinished,
            Error::Aws(error) if error.is_transient() => Self::Unavailable,
            Error::Vault(VaultError::Random) | Error::KeySet(_) | Error::TimedOut(_) => {
                Self::Unavailable
            }
            Error::Vault(VaultError::Integrity | VaultError::NoKey(_) | VaultError::Aws(_))
            | Error::Aws(_)
            | Error::Panicked => Self::InternalError,
        }
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedJson => "malformed_json",
            Self::MalformedRequest => "malformed_request",
            Self::ValidationError => "validation_error",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::ExternalIdTaken => "external_id_taken",
            Self::EmailTaken => "email_taken",
            Self::LastOwnerKey => "last_owner_key",
            Self::ApiKeyNotActive => "api_key_not_active",
            Self::Contended => "contended",
            Self::PreconditionFailed => "precondition_failed",
            Self::BodyTooLarge => "body_too_large",
            Self::AnswerTooLarge => "answer_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::RateLimited => "rate_limited",
            Self::InternalError => "internal_error",
            Self::Unavailable => "unavailable",
            Self::Unfinished => "unfinished",
        }
    }

    /// The status that goes with it.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::MalformedJson
            | Self::MalformedRequest
            | Self::ValidationError
            | Self::AnswerTooLarge => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::ExternalIdTaken
            | Self::EmailTaken
            | Self::LastOwnerKey
            | Self::ApiKeyNotActive
            | Self::Contended => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable | Self::Unfinished => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// A short name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::MalformedJson => "Malformed JSON",
            Self::MalformedRequest => "Malformed Request",
            Self::ValidationError => "Validation Error",
            Self::Unauthenticated => "Unauthenticated",
            Self::PermissionDenied => "Permission Denied",
            Self::NotFound => "Not Found",
            Self::MethodNotAllowed => "Method Not Allowed",
            Self::ExternalIdTaken => "External Id Taken",
            Self::EmailTaken => "Email Taken",
            Self::LastOwnerKey => "Last Owner Key",
            Self::ApiKeyNotActive => "API Key Not Active",
            Self::Contended => "Changed By Others",
            Self::PreconditionFailed => "Precondition Failed",
            Self::BodyTooLarge => "Body Too Large",
            Self::AnswerTooLarge => "Answer Too Large",
            Self::UnsupportedMediaType => "Unsupported Media Type",
            Self::IdempotencyKeyReused => "Idempotency Key Reused",
            Self::RateLimited => "Rate Limited",
            Self::InternalError => "Internal Error",
            Self::Unavailable => "Unavailable",
            Self::Unfinished => "Unfinished",
        }
    }

    /// Whether the same request may succeed later.
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::Contended
            | Self::RateLimited
            | Self::InternalError
            | Self::Unavailable
            | Self::Unfinished => true,
            Self::MalformedJson
            | Self::MalformedRequest
            | Self::ValidationError
            | Self::Unauthenticated
            | Self::PermissionDenied
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::ExternalIdTaken
            | Self::EmailTaken
            | Self::LastOwnerKey
            | Self::ApiKeyNotActive
            | Self::PreconditionFailed
            | Self::BodyTooLarge
            | Self::AnswerTooLarge
            | Self::UnsupportedMediaType
            | Self::IdempotencyKeyReused => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `docs/errors.md` holds the same table.
    #[test]
    fn the_registry() {
        let row = |code: Code| {
            let retry = if code.is_retryable() { "yes" } else { "no" };
            format!(
                "| `{}` | {} | {} | {retry} |",
                code.as_str(),
                code.status().as_u16(),
                code.title()
            )
        };
        let head = [
            "| code | status | title | retry |".to_owned(),
            "| --- | --- | --- | --- |".to_owned(),
        ];
        let table = head.into_iter().chain(Code::ALL.map(row)).collect::<Vec<_>>().join("\n");
        let documented = include_str!("../../../docs/errors.md");
        assert!(documented.contains(&table), "docs/errors.md must hold:\n{table}");
    }
}
