//! The API of API keys: `/v1/api-keys…`

mod bodies;
mod cache;
mod foreign;
mod idempotency;
mod last_owner;
mod life;
mod modes;
mod pages;
mod roles;
mod rotation;
mod tenants;

use harness::client::{Answer, Client};
use serde_json::{Value, json};
use shared::domain::Timestamp;

/// Makes a key.
async fn make(client: &Client, body: Value) -> Value {
    client.post("/v1/api-keys").json(body).send().await.expect(201).json()
}

/// Makes a key of a role.
async fn make_of(client: &Client, role: &str) -> Value {
    make(client, json!({"role": role, "name": "a test"})).await
}

fn id(key: &Value) -> &str {
    key["id"].as_str().unwrap_or_else(|| panic!("no id in {key}"))
}

fn secret(key: &Value) -> &str {
    key["secret"].as_str().unwrap_or_else(|| panic!("no secret in {key}"))
}

async fn rotate(client: &Client, key: &Value, body: Value) -> Answer {
    client.post(&format!("/v1/api-keys/{}/rotate", id(key))).json(body).send().await
}

async fn revoke(client: &Client, key: &Value) -> Answer {
    client.delete(&format!("/v1/api-keys/{}", id(key))).send().await
}

/// The keys of the caller's mode.
async fn list(client: &Client) -> Vec<Value> {
    let listed = client.get("/v1/api-keys?limit=50").send().await.expect(200).json();
    assert_eq!(listed["has_more"], false, "{listed}");
    listed["data"].as_array().unwrap().clone()
}

/// One key as the list has it.
async fn listed(client: &Client, key: &Value) -> Value {
    let keys = list(client).await;
    let found = keys.iter().find(|listed| listed["id"] == key["id"]);
    found.unwrap_or_else(|| panic!("{key} is not among {keys:?}")).clone()
}

/// What a key opens the catalogue with.
async fn status(nobody: &Client, secret: &str) -> u16 {
    nobody.bearer(secret).get("/v1/vault/fields").send().await.status
}

/// A time of an answer, in milliseconds since the epoch.
fn millis(time: &Value) -> i64 {
    let text = time.as_str().unwrap_or_else(|| panic!("{time} is no time"));
    assert_eq!((text.len(), text.chars().last()), (24, Some('Z')), "{text}");
    Timestamp::parse(text).unwrap().unix_millis()
}

/// Fails unless `time` is within some seconds of `expected`.
#[track_caller]
fn is_about(time: &Value, expected: i64, seconds: i64) {
    let off = millis(time) - expected;
    assert!(off.abs() <= seconds * 1_000, "{time} is {off} ms off");
}

fn now() -> i64 {
    Timestamp::now().unix_millis()
}

fn members(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
