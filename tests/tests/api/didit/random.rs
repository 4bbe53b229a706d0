//! Random bodies, queries and paths: whatever is sent, the answer is ours.

use harness::{
    client::{Answer, Client},
    world::World,
};
use lambda_http::http::Method;
use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    sample::select,
    test_runner::{Config, TestCaseError, TestRunner},
};
use serde_json::{Value, json};
use shared::auth::Role;

use super::{client, encoded, make, path};

const NAMES: [&str; 14] = [
    "vendor_data",
    "full_name",
    "display_name",
    "date_of_birth",
    "status",
    "metadata",
    "approved_emails",
    "approved_phones",
    "issuing_states",
    "tags",
    "reason",
    "vendor_data_list",
    "didit_internal_id_list",
    "features",
];
const TEXTS: [&str; 14] = [
    "a@example.com",
    "+14155552671",
    "1990-01-15",
    "USA",
    "US",
    "ACTIVE",
    "FLAGGED",
    "a",
    "#aabbcc",
    "\u{0}",
    "🎉",
    "2026-01-01T00:00:00Z",
    "00000000-0000-8000-8000-000000000000",
    "-1",
];
const PARAMETERS: [&str; 12] = [
    "status",
    "search",
    "country_code",
    "created_after",
    "created_before",
    "last_activity_after",
    "last_activity_before",
    "limit",
    "offset",
    "page_size",
    "cursor",
    "x",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![6 => select(&NAMES[..]).prop_map(str::to_owned), 1 => any::<String>()]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => select(&TEXTS[..]).prop_map(str::to_owned), 1 => any::<String>(), 1 => "\\PC{0,300}"]
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(|number| json!(number)),
        4 => text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            2 => vec(inner.clone(), 0..6).prop_map(Value::from),
            2 => btree_map(name(), inner, 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn body() -> impl Strategy<Value = Value> {
    let object =
        btree_map(name(), json_value(), 0..5).prop_map(|members| members.into_iter().collect());
    prop_oneof![8 => object, 1 => json_value()]
}

/// Sends what `request` makes of each value; the answer has one of these statuses.
fn try_all<S: Strategy>(
    cases: u32,
    strategy: S,
    statuses: &[u16],
    request: &impl AsyncFn(&Client, S::Value) -> Answer,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let owner = runtime.block_on(async {
        let owner = client(&World::shared().tenant().await, Role::Owner).await;
        make(&owner, json!({"vendor_data": "a", "display_name": "a", "issuing_states": ["USA"]}))
            .await;
        owner
    });
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let check = |value| {
        let answer = runtime.block_on(request(&owner, value));
        let ours = statuses.contains(&answer.status);
        if ours { Ok(()) } else { Err(TestCaseError::fail(answer.to_string())) }
    };
    TestRunner::new(config).run(&strategy, check).unwrap();
}

#[test]
fn whatever_is_sent_to_create_is_taken_or_refused() {
    try_all(128, body(), &[201, 400], &async |client, body| {
        client.post("/v3/users/create/").json(body).send().await
    });
}

#[test]
fn whatever_is_sent_to_update_is_taken_or_refused() {
    try_all(128, body(), &[200, 400], &async |client, body| super::patch(client, "a", body).await);
}

#[test]
fn whatever_is_sent_to_update_status_is_taken_or_refused() {
    try_all(64, body(), &[200, 400], &async |client, body| {
        client.patch("/v3/users/a/update-status/").json(body).send().await
    });
}

#[test]
fn whatever_is_sent_to_delete_is_taken_or_refused() {
    try_all(64, body(), &[200, 400], &async |client, body| super::delete(client, body).await);
}

#[test]
fn whatever_is_asked_of_the_list_is_answered_or_refused() {
    let value = prop_oneof![text(), "[0-9]{1,25}", "[0-9TZ:+-]{8,24}", "[A-Z]{2,3}"];
    let query = vec((select(&PARAMETERS[..]), value), 0..4);
    try_all(192, query, &[200, 400], &async |client, query| {
        let pairs: Vec<_> =
            query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        client.get(&format!("/v3/users/?{}", pairs.join("&"))).send().await
    });
}

#[test]
fn whoever_is_asked_for_is_there_or_not() {
    let name = prop_oneof![text(), "[./%a?#]{1,8}"]
        .prop_filter("a dot is a place", |text| !matches!(text.as_str(), "" | "." | ".."));
    try_all(96, name, &[200, 404], &async |client, name| {
        let below = if name.len().is_multiple_of(2) { "" } else { "update-status/" };
        let method = if below.is_empty() { Method::GET } else { Method::PATCH };
        client.request(method, &path(&name, below)).json(json!({"status": "ACTIVE"})).send().await
    });
}
