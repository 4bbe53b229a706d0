//! Palm's API: `/v1/user…` and `/v1/vault/fields`.

mod catalogue;
mod create;
mod credentials;
mod events;
mod field_values;
mod idempotency;
mod ids;
mod if_match;
mod limits;
mod malformed;
mod methods;
mod pages;
mod random;
mod reveal;
mod roles;
pub(crate) mod samples;
mod search;
mod status;
mod text;
mod types;
mod update;
mod vault;
mod verification;
mod verification_bodies;
mod verification_locks;
mod verification_races;
mod verification_sessions;

use std::sync::Arc;

use harness::{
    client::{Answer, Client},
    world::Tenant,
};
use serde_json::Value;
use shared::domain::{Mode, Timestamp, User, UserId};

/// Makes a user.
async fn make(client: &Client, body: Value) -> Value {
    client.post("/v1/user").json(body).send().await.expect(201).json()
}

/// A user's id.
fn id(user: &Value) -> &str {
    user["id"].as_str().unwrap_or_else(|| panic!("no id in {user}"))
}

/// Where a user is found, and what lies below it.
fn path(user: &Value, below: &str) -> String {
    format!("/v1/user/{}{below}", id(user))
}

/// A user's version, from the entity tag.
fn version(answer: &Answer) -> u64 {
    let tag = answer.header("etag").unwrap_or_else(|| panic!("{answer}\nhas no ETag"));
    tag.trim_matches('"').parse().unwrap_or_else(|_| panic!("{tag} is no version"))
}

/// Fields in clear.
async fn reveal(client: &Client, user: &Value, fields: &[&str]) -> Value {
    let body = serde_json::json!({"fields": fields, "reason": "a test"});
    let answer = client.post(&path(user, "/vault/reveal")).json(body).send().await;
    answer.expect(200).json()["fields"].clone()
}

/// Changes a user behind the API, for what no endpoint changes yet.
pub(crate) async fn rewrite(
    tenant: &Tenant,
    id: &str,
    change: impl FnOnce(&mut User) + Send + 'static,
) {
    let (app, scope) = (Arc::clone(tenant.keys.app()), tenant.keys.scope(Mode::Test));
    let id = UserId::parse_uuid(id).unwrap();
    let write = async move {
        let mut user = app.store.user(&scope, id).await.unwrap().unwrap();
        change(&mut user);
        user.touch(Timestamp::now());
        let mut transaction = app.store.transaction(&scope);
        transaction.replace_user(&user).unwrap();
        transaction.commit().await.unwrap();
    };
    tenant.world.run(write).await;
}

/// Fails unless this is a validation error with these pointers.
#[track_caller]
fn invalid(case: &str, answer: &Answer, pointers: &[&str]) -> Value {
    let status = answer.status;
    assert_eq!(status, 400, "{case}: {answer}");
    let body = answer.problem(400, "validation_error");
    assert_eq!(answer.pointers(), pointers, "{case}: {answer}");
    body
}
