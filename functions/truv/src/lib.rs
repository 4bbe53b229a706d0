//! Truv's user API, `/v1/users/…`: users by the caller's own id, with their social security numbers.
//!
//! One file per endpoint; `read`, `view` and `errors` hold the wire shapes that they share.

mod create_user;
mod delete_user;
mod errors;
mod get_user;
mod list_users;
mod read;
mod update_user;
mod view;

use lambda_http::http::{HeaderMap, HeaderValue, Method};
use shared::{
    auth::{Action, ApiKey, Credential, Unauthenticated},
    http::{Api, Endpoint},
};

static TRUV: Api = Api { credential, render: errors::render, endpoints: || &ENDPOINTS, words: &[] };

/// `X-Access-Client-Id`, the id of a key, and `X-Access-Secret`, the whole key: the one must belong to the other.
fn credential(headers: &HeaderMap) -> Result<Credential, Unauthenticated> {
    let (id, secret) = match (headers.get("x-access-client-id"), headers.get("x-access-secret")) {
        (Some(id), Some(secret)) => (text(id)?, text(secret)?),
        (None, None) => return Err(Unauthenticated::Missing),
        (Some(_), None) | (None, Some(_)) => return Err(Unauthenticated::Malformed),
    };
    let key = ApiKey::parse(secret).map_err(|_| Unauthenticated::Malformed)?;
    if key.id() == id { Ok(key.into()) } else { Err(Unauthenticated::Rejected) }
}

fn text(header: &HeaderValue) -> Result<&str, Unauthenticated> {
    header.to_str().map(str::trim).map_err(|_| Unauthenticated::Malformed)
}

/// `POST /v1/users/`: makes a user.
pub static CREATE_USER: Endpoint = Endpoint {
    operation: "truv_create_user",
    method: Method::POST,
    path: "/v1/users",
    action: Action::Create,
    api: &TRUV,
    handler: |app, call| Box::pin(create_user::handle(app, call)),
};

/// `GET /v1/users/`: a page of users.
pub static LIST_USERS: Endpoint = Endpoint {
    operation: "truv_list_users",
    method: Method::GET,
    path: "/v1/users",
    action: Action::List,
    api: &TRUV,
    handler: |app, call| Box::pin(list_users::handle(app, call)),
};

/// `GET /v1/users/{user_id}/`: one user.
pub static GET_USER: Endpoint = Endpoint {
    operation: "truv_get_user",
    method: Method::GET,
    path: "/v1/users/{user_id}",
    action: Action::Get,
    api: &TRUV,
    handler: |app, call| Box::pin(get_user::handle(app, call)),
};

/// `PATCH /v1/users/{user_id}/`: changes a user.
pub static UPDATE_USER: Endpoint = Endpoint {
    operation: "truv_update_user",
    method: Method::PATCH,
    path: "/v1/users/{user_id}",
    action: Action::Update,
    api: &TRUV,
    handler: |app, call| Box::pin(update_user::handle(app, call)),
};

/// `DELETE /v1/users/{user_id}/`: deletes a user.
pub static DELETE_USER: Endpoint = Endpoint {
    operation: "truv_delete_user",
    method: Method::DELETE,
    path: "/v1/users/{user_id}",
    action: Action::Delete,
    api: &TRUV,
    handler: |app, call| Box::pin(delete_user::handle(app, call)),
};

/// All endpoints of this API.
pub static ENDPOINTS: [&Endpoint; 5] =
    [&CREATE_USER, &LIST_USERS, &GET_USER, &UPDATE_USER, &DELETE_USER];
