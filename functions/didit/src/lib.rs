//! Didit's user API, `/v3/users/…`: lists, statuses, roles and batch deletion; and `/v3/webhook/destinations/…`.
//!
//! One file per endpoint; `read`, `view`, `comments` and `errors` hold the wire shapes that they share.

mod comments;
mod create_user;
mod delete_users;
mod destinations;
mod errors;
mod get_user;
mod list_users;
mod read;
mod update_user;
mod update_user_status;
mod view;

use lambda_http::http::{HeaderMap, Method, header::AUTHORIZATION};
use shared::{
    auth::{Action, ApiKey, Credential, Unauthenticated},
    http::{Api, Endpoint},
};

static DIDIT: Api = Api {
    credential,
    render: errors::render,
    endpoints: || &ENDPOINTS,
    words: &["create", "delete"],
};

/// As [`DIDIT`], but that a missing credential is refused like a wrong one.
static WEBHOOKS: Api = Api {
    credential,
    render: errors::render_of_destinations,
    endpoints: || &WEBHOOK_ENDPOINTS,
    words: &[],
};

/// `x-api-key: sk_…`. A credential of another kind is one all the same: it is refused, and not missing.
fn credential(headers: &HeaderMap) -> Result<Credential, Unauthenticated> {
    match headers.get("x-api-key") {
        Some(key) => {
            let text = key.to_str().map_err(|_| Unauthenticated::Malformed)?;
            let key = ApiKey::parse(text.trim()).map_err(|_| Unauthenticated::Malformed)?;
            Ok(key.into())
        }
        None if headers.contains_key(AUTHORIZATION) => Err(Unauthenticated::Malformed),
        None => Err(Unauthenticated::Missing),
    }
}

/// `GET /v3/users/`: a page of users.
pub static LIST_USERS: Endpoint = Endpoint {
    operation: "didit_list_users",
    method: Method::GET,
    path: "/v3/users",
    action: Action::List,
    api: &DIDIT,
    handler: |app, call| Box::pin(list_users::handle(app, call)),
};

/// `GET /v3/users/{vendor_data}/`: one user.
pub static GET_USER: Endpoint = Endpoint {
    operation: "didit_get_user",
    method: Method::GET,
    path: "/v3/users/{vendor_data}",
    action: Action::Get,
    api: &DIDIT,
    handler: |app, call| Box::pin(get_user::handle(app, call)),
};

/// `POST /v3/users/create/`: makes a user.
pub static CREATE_USER: Endpoint = Endpoint {
    operation: "didit_create_user",
    method: Method::POST,
    path: "/v3/users/create",
    action: Action::Create,
    api: &DIDIT,
    handler: |app, call| Box::pin(create_user::handle(app, call)),
};

/// `PATCH /v3/users/{vendor_data}/`: changes a user's profile.
pub static UPDATE_USER: Endpoint = Endpoint {
    operation: "didit_update_user",
    method: Method::PATCH,
    path: "/v3/users/{vendor_data}",
    action: Action::Update,
    api: &DIDIT,
    handler: |app, call| Box::pin(update_user::handle(app, call)),
};

/// `PATCH /v3/users/{vendor_data}/update-status/`: changes where a user stands.
pub static UPDATE_USER_STATUS: Endpoint = Endpoint {
    operation: "didit_update_user_status",
    method: Method::PATCH,
    path: "/v3/users/{vendor_data}/update-status",
    action: Action::UpdateStatus,
    api: &DIDIT,
    handler: |app, call| Box::pin(update_user_status::handle(app, call)),
};

/// `POST /v3/users/delete/`: deletes users.
pub static DELETE_USERS: Endpoint = Endpoint {
    operation: "didit_delete_users",
    method: Method::POST,
    path: "/v3/users/delete",
    action: Action::Delete,
    api: &DIDIT,
    handler: |app, call| Box::pin(delete_users::handle(app, call)),
};

/// All endpoints of users.
pub static ENDPOINTS: [&Endpoint; 6] =
    [&LIST_USERS, &GET_USER, &CREATE_USER, &UPDATE_USER, &UPDATE_USER_STATUS, &DELETE_USERS];

/// `GET /v3/webhook/destinations/`: all webhook destinations.
pub static LIST_WEBHOOK_DESTINATIONS: Endpoint = Endpoint {
    operation: "didit_list_webhook_destinations",
    method: Method::GET,
    path: "/v3/webhook/destinations",
    action: Action::Webhooks,
    api: &WEBHOOKS,
    handler: |app, call| Box::pin(destinations::list::handle(app, call)),
};

/// `POST /v3/webhook/destinations/`: makes a webhook destination.
pub static CREATE_WEBHOOK_DESTINATION: Endpoint = Endpoint {
    operation: "didit_create_webhook_destination",
    method: Method::POST,
    path: "/v3/webhook/destinations",
    action: Action::Webhooks,
    api: &WEBHOOKS,
    handler: |app, call| Box::pin(destinations::create::handle(app, call)),
};

/// `GET /v3/webhook/destinations/{uuid}/`: one webhook destination.
pub static GET_WEBHOOK_DESTINATION: Endpoint = Endpoint {
    operation: "didit_get_webhook_destination",
    method: Method::GET,
    path: "/v3/webhook/destinations/{uuid}",
    action: Action::Webhooks,
    api: &WEBHOOKS,
    handler: |app, call| Box::pin(destinations::get::handle(app, call)),
};

/// `PATCH /v3/webhook/destinations/{uuid}/`: changes a webhook destination.
pub static UPDATE_WEBHOOK_DESTINATION: Endpoint = Endpoint {
    operation: "didit_update_webhook_destination",
    method: Method::PATCH,
    path: "/v3/webhook/destinations/{uuid}",
    action: Action::Webhooks,
    api: &WEBHOOKS,
    handler: |app, call| Box::pin(destinations::update::handle(app, call)),
};

/// `DELETE /v3/webhook/destinations/{uuid}/`: removes a webhook destination.
pub static DELETE_WEBHOOK_DESTINATION: Endpoint = Endpoint {
    operation: "didit_delete_webhook_destination",
    method: Method::DELETE,
    path: "/v3/webhook/destinations/{uuid}",
    action: Action::Webhooks,
    api: &WEBHOOKS,
    handler: |app, call| Box::pin(destinations::delete::handle(app, call)),
};

/// `POST /v3/webhook/destinations/{uuid}/rotate-secret/`: gives a webhook destination a new secret.
pub static ROTATE_WEBHOOK_SECRET: Endpoint = Endpoint {
    operation: "didit_rotate_webhook_secret",
    method: Method::POST,
    path: "/v3/webhook/destinations/{uuid}/rotate-secret",
    action: Action::Webhooks,
    api: &WEBHOOKS,
    handler: |app, call| Box::pin(destinations::rotate_secret::handle(app, call)),
};

/// `GET /v3/webhook/destinations/{uuid}/attempts/`: what was attempted for a webhook destination.
pub static LIST_WEBHOOK_ATTEMPTS: Endpoint = Endpoint {
    operation: "didit_list_webhook_attempts",
    method: Method::GET,
    path: "/v3/webhook/destinations/{uuid}/attempts",
    action: Action::Webhooks,
    api: &WEBHOOKS,
    handler: |app, call| Box::pin(destinations::attempts::handle(app, call)),
};

/// `GET /v3/webhook/destinations/{uuid}/dead-letters/`: what was given up for a webhook destination.
pub static LIST_WEBHOOK_DEAD_LETTERS: Endpoint = Endpoint {
    operation: "didit_list_webhook_dead_letters",
    method: Method::GET,
    path: "/v3/webhook/destinations/{uuid}/dead-letters",
    action: Action::Webhooks,
    api: &WEBHOOKS,
    handler: |app, call| Box::pin(destinations::dead_letters::handle(app, call)),
};

/// `POST /v3/webhook/destinations/{uuid}/dead-letters/replay/`: sends what was given up again.
pub static REPLAY_WEBHOOK_DEAD_LETTERS: Endpoint = Endpoint {
    operation: "didit_replay_webhook_dead_letters",
    method: Method::POST,
    path: "/v3/webhook/destinations/{uuid}/dead-letters/replay",
    action: Action::Webhooks,
    api: &WEBHOOKS,
    handler: |app, call| Box::pin(destinations::replay::handle(app, call)),
};

/// `POST /v3/webhook/destinations/{uuid}/events/{event_id}/send/`: sends one event again.
pub static SEND_WEBHOOK_EVENT: Endpoint = Endpoint {
    operation: "didit_send_webhook_event",
    method: Method::POST,
    path: "/v3/webhook/destinations/{uuid}/events/{event_id}/send",
    action: Action::Webhooks,
    api: &WEBHOOKS,
    handler: |app, call| Box::pin(destinations::send_event::handle(app, call)),
};

/// `POST /v3/webhook/destinations/{uuid}/test/`: sends a test event.
pub static TEST_WEBHOOK_DESTINATION: Endpoint = Endpoint {
    operation: "didit_test_webhook_destination",
    method: Method::POST,
    path: "/v3/webhook/destinations/{uuid}/test",
    action: Action::Webhooks,
    api: &WEBHOOKS,
    handler: |app, call| Box::pin(destinations::test::handle(app, call)),
};

/// All endpoints of webhook destinations.
pub static WEBHOOK_ENDPOINTS: [&Endpoint; 11] = [
    &LIST_WEBHOOK_DESTINATIONS,
    &CREATE_WEBHOOK_DESTINATION,
    &GET_WEBHOOK_DESTINATION,
    &UPDATE_WEBHOOK_DESTINATION,
    &DELETE_WEBHOOK_DESTINATION,
    &ROTATE_WEBHOOK_SECRET,
    &LIST_WEBHOOK_ATTEMPTS,
    &LIST_WEBHOOK_DEAD_LETTERS,
    &REPLAY_WEBHOOK_DEAD_LETTERS,
    &SEND_WEBHOOK_EVENT,
    &TEST_WEBHOOK_DESTINATION,
];
