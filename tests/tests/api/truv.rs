//! Truv's API: `/v1/users/…`.

mod create;
mod credentials;
mod cross;
mod delete;
mod errors;
mod list;
mod read;
mod roles;
mod ssn;
mod update;

use harness::{
    client::{Answer, Client},
    world::{Tenant, World},
};
use serde_json::{Value, json};
use shared::{
    auth::{IssuedApiKey, Role},
    domain::{Mode, UserId},
};

/// A client with the two headers of a key.
fn with_key(nobody: &Client, key: &IssuedApiKey) -> Client {
    nobody.header("x-access-client-id", &key.id).header("x-access-secret", key.expose_secret())
}

/// A client with a fresh key of a role and mode.
async fn client_of(tenant: &Tenant, mode: Mode, role: Role) -> Client {
    let key = tenant.world.key(&tenant.keys, mode, role).await;
    with_key(&tenant.world.anonymous(), &key)
}

/// The same in test mode.
pub(crate) async fn client(tenant: &Tenant, role: Role) -> Client {
    client_of(tenant, Mode::Test, role).await
}

/// A tenant of its own, and its owner.
async fn owner() -> (Tenant, Client) {
    let tenant = World::shared().tenant().await;
    let owner = client(&tenant, Role::Owner).await;
    (tenant, owner)
}

/// What the documentation sends.
fn john() -> Value {
    json!({
        "external_user_id": "12345",
        "first_name": "John",
        "last_name": "Doe",
        "email": "john.doe@example.com",
        "phone": "+14155554193",
        "ssn": "222233333",
    })
}

/// Somebody with no more than what is required.
fn somebody(external_user_id: &str) -> Value {
    json!({"external_user_id": external_user_id, "first_name": "Ada", "last_name": "Lovelace"})
}

/// Makes a user.
async fn make(client: &Client, body: Value) -> Value {
    client.post("/v1/users/").json(body).send().await.expect(201).json()
}

/// A user's id.
fn id(user: &Value) -> &str {
    user["id"].as_str().unwrap_or_else(|| panic!("no id in {user}"))
}

/// The UUID spelling of a user's id.
fn uuid(user: &Value) -> String {
    UserId::parse_simple(id(user)).unwrap().to_uuid().to_string()
}

/// Where a user is found.
fn path(user: &Value) -> String {
    format!("/v1/users/{}/", id(user))
}

/// One user.
async fn get(client: &Client, user: &Value) -> Answer {
    client.get(&path(user)).send().await
}

/// Changes a user.
async fn patch(client: &Client, user: &Value, body: Value) -> Answer {
    client.patch(&path(user)).json(body).send().await
}

/// A page of the list.
async fn list(client: &Client, query: &str) -> Value {
    client.get(&format!("/v1/users/?{query}")).send().await.expect(200).json()
}

/// The `external_user_id` of the rows of a page.
fn names(page: &Value) -> Vec<&str> {
    let rows = page["results"].as_array().unwrap_or_else(|| panic!("no results in {page}"));
    rows.iter().map(|row| row["external_user_id"].as_str().unwrap()).collect()
}

/// The names of an object's members, sorted.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Fails unless this is that error, to the letter.
#[track_caller]
fn refused(case: &str, answer: &Answer, status: u16, body: Value) {
    assert_eq!((answer.status, answer.json()), (status, body), "{case}: {answer}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{case}");
    assert_eq!(answer.header("x-amzn-remapped-www-authenticate"), None, "{case}");
}

/// The error of wrong parameters: each field with what is said of it.
fn incorrect(params: &[(&str, &str)]) -> Value {
    let params: Vec<_> =
        params.iter().map(|(field, message)| json!({"field": field, "message": message})).collect();
    json!({"error": {
        "code": "incorrect_parameters",
        "message": "Incorrect request parameters",
        "extra": {"invalid-params": params},
    }})
}

/// An error with a code and a message.
fn coded(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

/// `{"detail": …}`.
fn detail(text: &str) -> Value {
    json!({"detail": text})
}

const NINE: [&str; 9] = [
    "created_at",
    "email",
    "external_user_id",
    "first_name",
    "id",
    "last_name",
    "phone",
    "ssn",
    "updated_at",
];
