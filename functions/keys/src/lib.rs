//! The API of API keys, `/v1/api-keys`: an owner makes them, lists them, rotates them and revokes them. Coffer's own, in
//! Palm's manners.
//!
//! One file per endpoint; `read` and `view` hold the wire shapes that they share.

mod create_api_key;
mod list_api_keys;
mod read;
mod revoke_api_key;
mod rotate_api_key;
mod view;

use lambda_http::http::Method;
use shared::{
    auth::Action,
    http::{Api, Endpoint, bearer_api_key, problem},
};

pub use view::{ApiKeyView, ListedView};

static KEYS: Api = Api {
    credential: bearer_api_key,
    render: problem::render,
    endpoints: || &ENDPOINTS,
    words: &[],
};

/// `POST /v1/api-keys`: makes a key, and shows its secret once.
pub static CREATE_API_KEY: Endpoint = Endpoint {
    operation: "keys_create_api_key",
    method: Method::POST,
    path: "/v1/api-keys",
    action: Action::ApiKeys,
    api: &KEYS,
    handler: |app, call| Box::pin(create_api_key::handle(app, call)),
};

/// `GET /v1/api-keys`: the keys of one mode, newest first, without their secrets.
pub static LIST_API_KEYS: Endpoint = Endpoint {
    operation: "keys_list_api_keys",
    method: Method::GET,
    path: "/v1/api-keys",
    action: Action::ApiKeys,
    api: &KEYS,
    handler: |app, call| Box::pin(list_api_keys::handle(app, call)),
};

/// `POST /v1/api-keys/{key_id}/rotate`: makes a key in the place of another, which ends by itself.
pub static ROTATE_API_KEY: Endpoint = Endpoint {
    operation: "keys_rotate_api_key",
    method: Method::POST,
    path: "/v1/api-keys/{key_id}/rotate",
    action: Action::ApiKeys,
    api: &KEYS,
    handler: |app, call| Box::pin(rotate_api_key::handle(app, call)),
};

/// `DELETE /v1/api-keys/{key_id}`: withdraws a key for good.
pub static REVOKE_API_KEY: Endpoint = Endpoint {
    operation: "keys_revoke_api_key",
    method: Method::DELETE,
    path: "/v1/api-keys/{key_id}",
    action: Action::ApiKeys,
    api: &KEYS,
    handler: |app, call| Box::pin(revoke_api_key::handle(app, call)),
};

/// All endpoints of this API.
pub static ENDPOINTS: [&Endpoint; 4] =
    [&CREATE_API_KEY, &LIST_API_KEYS, &ROTATE_API_KEY, &REVOKE_API_KEY];
