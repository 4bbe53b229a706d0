//! Every member, with every JSON type it does not take.

use harness::world::World;
use lambda_http::http::Method;
use serde_json::{Value, json};

use super::{id, make, verification::with};

const NULL: u8 = 1;
const BOOLEAN: u8 = 2;
const NUMBER: u8 = 4;
const STRING: u8 = 8;
const LIST: u8 = 16;
const OBJECT: u8 = 32;

fn values() -> Vec<(u8, Value)> {
    vec![
        (NULL, Value::Null),
        (BOOLEAN, json!(true)),
        (BOOLEAN, json!(false)),
        (NUMBER, json!(0)),
        (NUMBER, json!(-1.5)),
        (STRING, json!("text")),
        (LIST, json!([])),
        (LIST, json!(["text"])),
        (OBJECT, json!({})),
        (OBJECT, json!({"a": 1})),
    ]
}

/// Where a value stands, what types may stand there, and a body with the value in it.
type Member = (Method, &'static str, &'static str, u8, fn(Value) -> Value);

const TEXT: u8 = STRING | NULL;
const VERIFICATION: &str = "/{id}/verification";

fn members() -> Vec<Member> {
    let (post, patch) = (Method::POST, Method::PATCH);
    vec![
        (post.clone(), "", "/display_name", TEXT, |value| json!({"display_name": value})),
        (post.clone(), "", "/metadata", OBJECT | NULL, |value| json!({"metadata": value})),
        (
            post.clone(),
            "",
            "/metadata/k",
            TEXT | BOOLEAN | NUMBER,
            |value| json!({"metadata": {"k": value}}),
        ),
        (post.clone(), "", "/vault", OBJECT | NULL, |value| json!({"vault": value})),
        (post.clone(), "", "/vault/custom.a", TEXT, |value| json!({"vault": {"custom.a": value}})),
        (
            post.clone(),
            "",
            "/vault/identity.ssn",
            TEXT,
            |value| json!({"vault": {"identity.ssn": value}}),
        ),
        (patch.clone(), "/{id}", "/display_name", TEXT, |value| json!({"display_name": value})),
        (patch.clone(), "/{id}", "/metadata", OBJECT | NULL, |value| json!({"metadata": value})),
        (
            patch.clone(),
            "/{id}",
            "/metadata/k",
            TEXT | BOOLEAN | NUMBER,
            |value| json!({"metadata": {"k": value}}),
        ),
        (patch.clone(), "/{id}/vault", "/custom.a", TEXT, |value| json!({"custom.a": value})),
        (patch, "/{id}/vault", "/identity.email", TEXT, |value| json!({"identity.email": value})),
        (
            post.clone(),
            "/{id}/vault/reveal",
            "/reason",
            STRING,
            |value| json!({"fields": ["custom.a"], "reason": value}),
        ),
        (
            post.clone(),
            "/{id}/vault/reveal",
            "/fields",
            LIST,
            |value| json!({"fields": value, "reason": "x"}),
        ),
        (
            post.clone(),
            "/{id}/vault/reveal",
            "/fields/0",
            STRING,
            |value| json!({"fields": [value], "reason": "x"}),
        ),
        (post.clone(), VERIFICATION, "/session_id", STRING, |value| {
            with("s", "approved", json!({"session_id": value}))
        }),
        (post.clone(), VERIFICATION, "/workflow", OBJECT, |value| {
            with("s", "approved", json!({"workflow": value}))
        }),
        (post.clone(), VERIFICATION, "/risk_level", STRING, |value| {
            with("s", "approved", json!({"risk_level": value}))
        }),
        (post.clone(), VERIFICATION, "/outcome", STRING, |value| {
            with("s", "approved", json!({"outcome": value}))
        }),
        (post.clone(), VERIFICATION, "/features", OBJECT | NULL, |value| {
            with("s", "approved", json!({"features": value}))
        }),
        (post.clone(), VERIFICATION, "/vault", OBJECT | NULL, |value| {
            with("s", "approved", json!({"vault": value}))
        }),
        (post.clone(), VERIFICATION, "/approved_emails", LIST | NULL, |value| {
            with("s", "approved", json!({"approved_emails": value}))
        }),
        (post.clone(), VERIFICATION, "/approved_phones", LIST | NULL, |value| {
            with("s", "approved", json!({"approved_phones": value}))
        }),
        (post.clone(), VERIFICATION, "/issuing_state", TEXT, |value| {
            with("s", "approved", json!({"issuing_state": value}))
        }),
        (post.clone(), VERIFICATION, "/executed_at", STRING, |value| {
            with("s", "approved", json!({"executed_at": value}))
        }),
        (post.clone(), "/search", "/display_name", TEXT, |value| json!({"display_name": value})),
        (post.clone(), "/search", "/email", TEXT, |value| json!({"email": value})),
        (post.clone(), "/search", "/phone", TEXT, |value| json!({"phone": value})),
        (post.clone(), "/search", "/ssn", TEXT, |value| json!({"ssn": value})),
        (post.clone(), "/search", "/external_id", TEXT, |value| json!({"external_id": value})),
        (post.clone(), "/search", "/status", TEXT, |value| json!({"status": value})),
        (post.clone(), "/search", "/cursor", TEXT, |value| json!({"cursor": value})),
        (post.clone(), "/search", "/limit", NUMBER | NULL, |value| json!({"limit": value})),
        (post.clone(), "/search", "/sort", TEXT, |value| json!({"sort": value})),
        (post, "/search", "/order", TEXT, |value| json!({"order": value})),
    ]
}

#[tokio::test]
async fn every_member_says_what_it_takes() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let before = tenant.items().await;
    for (method, path, pointer, accepted, body) in members() {
        let path = format!("/v1/user{}", path.replace("{id}", id(&user)));
        for (kind, value) in values() {
            let right = accepted & kind != 0;
            if right {
                continue;
            }
            let answer =
                tenant.owner.request(method.clone(), &path).json(body(value.clone())).send().await;
            assert_eq!(answer.status, 400, "{pointer} = {value}: {answer}");
            answer.problem(400, "validation_error");
            assert_eq!(answer.pointers(), [pointer], "{value}: {answer}");
        }
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn null_is_an_absence_wherever_it_may_stand() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    for (method, path, pointer, accepted, body) in members() {
        if accepted & NULL == 0 {
            continue;
        }
        let path = format!("/v1/user{}", path.replace("{id}", id(&user)));
        let answer =
            tenant.owner.request(method.clone(), &path).json(body(Value::Null)).send().await;
        assert!(answer.status < 300, "{method} {path} {pointer}: {answer}");
    }
}
