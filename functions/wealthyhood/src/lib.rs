//! Wealthyhood's user API, `/users`: users by their e-mail address, which is unique here.
//!
//! One file per endpoint; `read` and `view` hold the wire shapes that they share.

mod create_user;
mod get_user;
mod profile;
mod read;
mod view;

use lambda_http::http::{HeaderMap, Method, StatusCode};
use shared::{
    Error,
    auth::{AccessToken, Action, ApiKey, Credential, Unauthenticated},
    domain::RequestId,
    http::{Api, Endpoint, Response, bearer, problem},
};

static WEALTHYHOOD: Api = Api { credential, render, endpoints: || &ENDPOINTS, words: &[] };

/// `Authorization: Bearer …`, an access token or a key.
fn credential(headers: &HeaderMap) -> Result<Credential, Unauthenticated> {
    let token = bearer(headers)?;
    if token.split('.').count() == 3 {
        return Ok(Credential::AccessToken(AccessToken::new(token)));
    }
    let key = ApiKey::parse(token).map_err(|_| Unauthenticated::Malformed)?;
    Ok(key.into())
}

/// A problem document, with 422 for what is well-formed and wrong.
fn render(error: &Error, request_id: &RequestId, base: &str) -> Response {
    if let Error::Invalid(_) = error {
        problem::render_as(StatusCode::UNPROCESSABLE_ENTITY, error, request_id, base)
    } else {
        problem::render(error, request_id, base)
    }
}

/// `POST /users`: makes a user.
pub static CREATE_USER: Endpoint = Endpoint {
    operation: "wealthyhood_create_user",
    method: Method::POST,
    path: "/users",
    action: Action::Create,
    api: &WEALTHYHOOD,
    handler: |app, call| Box::pin(create_user::handle(app, call)),
};

/// `GET /users/{id}`: one user.
pub static GET_USER: Endpoint = Endpoint {
    operation: "wealthyhood_get_user",
    method: Method::GET,
    path: "/users/{id}",
    action: Action::Get,
    api: &WEALTHYHOOD,
    handler: |app, call| Box::pin(get_user::handle(app, call)),
};

/// All endpoints of this API.
pub static ENDPOINTS: [&Endpoint; 2] = [&CREATE_USER, &GET_USER];
