//! `Authorization: Bearer …` ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).

use lambda_http::http::{HeaderMap, header::AUTHORIZATION};

use crate::auth::{ApiKey, Unauthenticated};

/// The token behind the word, which may be in any case
/// ([RFC 9110 §11.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.1)).
pub fn bearer(headers: &HeaderMap) -> Result<&str, Unauthenticated> {
    let header = headers.get(AUTHORIZATION).ok_or(Unauthenticated::Missing)?;
    let text = header.to_str().map_err(|_| Unauthenticated::Malformed)?;
    let (scheme, token) = text.trim().split_once(' ').ok_or(Unauthenticated::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Unauthenticated::Malformed);
    }
    Ok(token.trim())
}

/// `Authorization: Bearer sk_…`.
pub fn bearer_api_key(headers: &HeaderMap) -> Result<ApiKey, Unauthenticated> {
    ApiKey::parse(bearer(headers)?).map_err(|_| Unauthenticated::Malformed)
}
