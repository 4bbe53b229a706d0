//! A credential in the header `Authorization`.

use lambda_http::http::{HeaderMap, header::AUTHORIZATION};

use crate::auth::{ApiKey, Unauthenticated};

/// `Authorization: Bearer sk_…`; the scheme's name in any case
/// ([RFC 9110 §11.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.1)).
pub fn bearer(headers: &HeaderMap) -> Result<ApiKey, Unauthenticated> {
    let header = headers.get(AUTHORIZATION).ok_or(Unauthenticated::Missing)?;
    let text = header.to_str().map_err(|_| Unauthenticated::Malformed)?;
    let (scheme, key) = text.trim().split_once(' ').ok_or(Unauthenticated::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Unauthenticated::Malformed);
    }
    ApiKey::parse(key.trim()).map_err(|_| Unauthenticated::Malformed)
}
