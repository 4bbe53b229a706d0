//! Palm's user API, `/v1/user`: Coffer's native one, and the one that carries its extensions.
//!
//! One file per endpoint; `read` and `view` hold the wire shapes that they share.

mod create_user;
mod get_user;
mod list_events;
mod list_vault_fields;
mod read;
mod record_verification;
mod reveal_vault;
mod search_users;
mod update_user;
mod update_vault;
mod view;

use lambda_http::http::Method;
use shared::{
    auth::Action,
    http::{Api, Endpoint, bearer_api_key, problem},
};

static PALM: Api = Api {
    credential: bearer_api_key,
    render: problem::render,
    endpoints: || &ENDPOINTS,
    words: &[],
};

/// `POST /v1/user`: makes a user.
pub static CREATE_USER: Endpoint = Endpoint {
    operation: "palm_create_user",
    method: Method::POST,
    path: "/v1/user",
    action: Action::Create,
    api: &PALM,
    handler: |app, call| Box::pin(create_user::handle(app, call)),
};

/// `GET /v1/user/{user_id}`: one user, as far as it may be shown without a reveal.
pub static GET_USER: Endpoint = Endpoint {
    operation: "palm_get_user",
    method: Method::GET,
    path: "/v1/user/{user_id}",
    action: Action::Get,
    api: &PALM,
    handler: |app, call| Box::pin(get_user::handle(app, call)),
};

/// `PATCH /v1/user/{user_id}`: changes the display name and the metadata.
pub static UPDATE_USER: Endpoint = Endpoint {
    operation: "palm_update_user",
    method: Method::PATCH,
    path: "/v1/user/{user_id}",
    action: Action::Update,
    api: &PALM,
    handler: |app, call| Box::pin(update_user::handle(app, call)),
};

/// `POST /v1/user/search`: finds users.
pub static SEARCH_USERS: Endpoint = Endpoint {
    operation: "palm_search_users",
    method: Method::POST,
    path: "/v1/user/search",
    action: Action::List,
    api: &PALM,
    handler: |app, call| Box::pin(search_users::handle(app, call)),
};

/// `PATCH /v1/user/{user_id}/vault`: sets vault fields, and erases those that are null.
pub static UPDATE_VAULT: Endpoint = Endpoint {
    operation: "palm_update_vault",
    method: Method::PATCH,
    path: "/v1/user/{user_id}/vault",
    action: Action::Update,
    api: &PALM,
    handler: |app, call| Box::pin(update_vault::handle(app, call)),
};

/// `POST /v1/user/{user_id}/vault/reveal`: shows vault fields in clear, audited.
pub static REVEAL_VAULT: Endpoint = Endpoint {
    operation: "palm_reveal_vault",
    method: Method::POST,
    path: "/v1/user/{user_id}/vault/reveal",
    action: Action::Reveal,
    api: &PALM,
    handler: |app, call| Box::pin(reveal_vault::handle(app, call)),
};

/// `POST /v1/user/{user_id}/verification`: records the outcome of a KYC session.
pub static RECORD_VERIFICATION: Endpoint = Endpoint {
    operation: "palm_record_verification",
    method: Method::POST,
    path: "/v1/user/{user_id}/verification",
    action: Action::Verify,
    api: &PALM,
    handler: |app, call| Box::pin(record_verification::handle(app, call)),
};

/// `GET /v1/user/{user_id}/events`: what happened to a user.
pub static LIST_EVENTS: Endpoint = Endpoint {
    operation: "palm_list_events",
    method: Method::GET,
    path: "/v1/user/{user_id}/events",
    action: Action::Get,
    api: &PALM,
    handler: |app, call| Box::pin(list_events::handle(app, call)),
};

/// `GET /v1/vault/fields`: the catalogue of vault fields.
pub static LIST_VAULT_FIELDS: Endpoint = Endpoint {
    operation: "palm_list_vault_fields",
    method: Method::GET,
    path: "/v1/vault/fields",
    action: Action::Get,
    api: &PALM,
    handler: |_app, _call| Box::pin(async { Ok(list_vault_fields::handle()) }),
};

/// All endpoints of this API.
pub static ENDPOINTS: [&Endpoint; 9] = [
    &CREATE_USER,
    &GET_USER,
    &UPDATE_USER,
    &SEARCH_USERS,
    &UPDATE_VAULT,
    &REVEAL_VAULT,
    &RECORD_VERIFICATION,
    &LIST_EVENTS,
    &LIST_VAULT_FIELDS,
];
