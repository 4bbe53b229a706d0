//! Random bodies: whatever is sent, the answer is ours.

use harness::world::World;
use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    sample::select,
    test_runner::{Config, TestCaseError, TestRunner},
};
use serde_json::{Value, json};

use super::{id, make, verification::report};

const NAMES: [&str; 31] = [
    "metadata",
    "display_name",
    "vault",
    "identity.email",
    "identity.phone_number",
    "identity.ssn",
    "identity.date_of_birth",
    "identity.full_name",
    "identity.nationality",
    "custom.a",
    "email",
    "phone",
    "ssn",
    "external_id",
    "status",
    "cursor",
    "limit",
    "sort",
    "order",
    "session_id",
    "workflow",
    "version",
    "risk_level",
    "outcome",
    "features",
    "AML",
    "approved_emails",
    "issuing_state",
    "executed_at",
    "",
    "a/b~c",
];
const TEXTS: [&str; 16] = [
    "a@example.com",
    "+14155552671",
    "222-23-3333",
    "1990-01-15",
    "GB",
    "GBR",
    "low",
    "In Review",
    "2024-01-15T10:30:00Z",
    "asc",
    "name",
    "active",
    "crs_AAAA",
    "Ann Lee",
    "\u{0}",
    "🎉",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => select(&NAMES[..]).prop_map(str::to_owned), 1 => "\\PC{0,12}", 1 => any::<String>()]
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        (0..120_u8).prop_map(Value::from),
        select(&TEXTS[..]).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "\\PC{0,300}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..6).prop_map(Value::from),
            3 => btree_map(name(), inner, 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Mostly objects: the rest is refused at once.
fn body() -> impl Strategy<Value = Value> {
    let object =
        btree_map(name(), json_value(), 0..5).prop_map(|members| members.into_iter().collect());
    prop_oneof![6 => object, 1 => json_value()]
}

/// Sends bodies to a path below `/v1/user`, with their members in place of those of a good one.
fn try_all(below: impl Fn(&Value) -> String, good: u16, sample: &Value) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tenant = runtime.block_on(World::shared().tenant());
    let user = runtime.block_on(make(&tenant.owner, json!({})));
    let path = format!("/v1/user{}", below(&user));
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    let check = |mut body: Value| {
        if let Value::Object(members) = &mut body {
            for (name, value) in sample.as_object().into_iter().flatten() {
                members.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        let answer = runtime.block_on(tenant.owner.post(&path).json(body).send());
        let ours = answer.status == good || answer.status == 400;
        if ours { Ok(()) } else { Err(TestCaseError::fail(answer.to_string())) }
    };
    TestRunner::new(config).run(&body(), check).unwrap();
}

#[test]
fn whatever_is_sent_to_create_is_taken_or_refused() {
    try_all(|_| String::new(), 201, &json!({}));
}

#[test]
fn whatever_is_sent_to_search_is_taken_or_refused() {
    try_all(|_| "/search".to_owned(), 200, &json!({}));
}

#[test]
fn whatever_is_sent_as_a_verification_is_taken_or_refused() {
    let below = |user: &Value| format!("/{}/verification", id(user));
    try_all(below, 200, &report("s", "approved"));
}
