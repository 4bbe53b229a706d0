//! Didit's API: `/v3/users/…`.

mod bodies;
mod bounds;
mod comments;
mod create;
mod cross;
mod dates;
mod delete;
mod filters;
mod links;
mod many;
mod order;
mod pages;
mod paths;
mod races;
mod random;
mod rate_limit;
mod retention;
mod roles;
mod search;
mod shapes;
mod status;
mod tags;
mod types;
mod update;
mod verified;

use futures_util::{StreamExt as _, stream};
use harness::{
    client::{Answer, Client},
    world::{Tenant, World},
};
use serde_json::{Value, json};
use shared::{auth::Role, domain::Mode};

/// A client with a fresh key of a role, in test mode.
pub(crate) async fn client(tenant: &Tenant, role: Role) -> Client {
    client_of(tenant, Mode::Test, role).await
}

/// A client with a fresh key of a role and mode.
async fn client_of(tenant: &Tenant, mode: Mode, role: Role) -> Client {
    let key = tenant.world.key(&tenant.keys, mode, role).await;
    tenant.world.anonymous().header("x-api-key", key.expose_secret())
}

/// A tenant of the shared world and its owner.
async fn owner() -> (Tenant, Client) {
    let tenant = World::shared().tenant().await;
    let owner = client(&tenant, Role::Owner).await;
    (tenant, owner)
}

/// A world of one's own that lives as long as the process, for its tenants' sake.
fn world(parameters: &[(&str, &str)]) -> &'static World {
    Box::leak(Box::new(World::with_parameters(parameters)))
}

/// Makes a user.
async fn make(client: &Client, body: Value) -> Value {
    client.post("/v3/users/create/").json(body).send().await.expect(201).json()
}

/// Makes many users, several at a time.
async fn make_all(client: &Client, bodies: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let requests: Vec<_> = bodies.into_iter().map(|body| make(client, body)).collect();
    stream::iter(requests).buffered(16).collect().await
}

/// A user's id.
fn id(user: &Value) -> &str {
    user["didit_internal_id"].as_str().unwrap_or_else(|| panic!("no id in {user}"))
}

/// A user's name for themselves.
fn name(user: &Value) -> &str {
    user["vendor_data"].as_str().unwrap_or_else(|| panic!("no vendor_data in {user}"))
}

/// A text as a segment of a path or a value of a query.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// Where a user is found, and what lies below it.
fn path(vendor_data: &str, below: &str) -> String {
    format!("/v3/users/{}/{below}", encoded(vendor_data))
}

/// One user.
async fn get(client: &Client, vendor_data: &str) -> Answer {
    client.get(&path(vendor_data, "")).send().await
}

/// Changes a user.
async fn patch(client: &Client, vendor_data: &str, body: Value) -> Answer {
    client.patch(&path(vendor_data, "")).json(body).send().await
}

/// Deletes users.
async fn delete(client: &Client, body: Value) -> Answer {
    client.post("/v3/users/delete/").json(body).send().await
}

/// The first page of a list.
async fn list(client: &Client, query: &str) -> Value {
    client.get(&format!("/v3/users/?{query}")).send().await.expect(200).json()
}

/// The `vendor_data` of the rows of a page.
fn names(page: &Value) -> Vec<&str> {
    page["results"]
        .as_array()
        .unwrap_or_else(|| panic!("no results in {page}"))
        .iter()
        .map(name)
        .collect()
}

/// A link of a page, as a path with its query.
fn link<'a>(world: &World, page: &'a Value, which: &str) -> Option<&'a str> {
    let url = page[which].as_str()?;
    Some(url.strip_prefix(world.base_url()).unwrap_or_else(|| panic!("{url} is elsewhere")))
}

/// Fails unless this is that error, to the letter.
#[track_caller]
fn refused(case: &str, answer: &Answer, status: u16, body: Value) {
    assert_eq!((answer.status, answer.json()), (status, body), "{case}: {answer}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{case}");
}

/// `{"detail": …}`.
fn detail(text: &str) -> Value {
    json!({"detail": text})
}

const NOT_FOUND: &str = "Not found.";
const DENIED: &str = "You do not have permission to perform this action.";
