//! What is no good request.

use harness::world::World;
use serde_json::{Value, json};

use super::{id, list, make_of};

#[tokio::test]
async fn a_key_is_made_of_good_members_only() {
    let tenant = World::shared().tenant().await;
    let before = list(&tenant.owner).await.len();
    let long = "n".repeat(101);
    let good = json!({"role": "READER", "name": "x"});
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let cases = [
        (json!({}), vec!["/role", "/name"]),
        (json!([]), vec!["", "/role", "/name"]),
        (json!({"role": "READER"}), vec!["/name"]),
        (json!({"name": "x"}), vec!["/role"]),
        (with("role", json!("ROOT")), vec!["/role"]),
        (with("role", json!("reader")), vec!["/role"]),
        (with("role", json!("")), vec!["/role"]),
        (with("role", json!(null)), vec!["/role"]),
        (with("role", json!(["OWNER"])), vec!["/role"]),
        (with("name", json!("")), vec!["/name"]),
        (with("name", json!("  ")), vec!["/name"]),
        (with("name", json!(long)), vec!["/name"]),
        (with("name", json!("a\u{7}b")), vec!["/name"]),
        (with("name", json!(7)), vec!["/name"]),
        (with("mode", json!("TEST")), vec!["/mode"]),
        (with("mode", json!(true)), vec!["/mode"]),
        (with("expires_at", json!("2020-01-01T00:00:00Z")), vec!["/expires_at"]),
        (with("expires_at", json!("2020-01-01")), vec!["/expires_at"]),
        (with("expires_at", json!("tomorrow")), vec!["/expires_at"]),
        (with("expires_at", json!("")), vec!["/expires_at"]),
        (with("expires_at", json!(4_000_000_000_i64)), vec!["/expires_at"]),
        (with("secret", json!("sk_test_mine")), vec!["/secret"]),
        (with("tenant", json!("other")), vec!["/tenant"]),
        (with("a/b~c", json!(1)), vec!["/a~1b~0c"]),
        (
            json!({"role": 1, "name": 1, "mode": 1, "expires_at": 1, "x": 1}),
            vec!["/role", "/name", "/mode", "/expires_at", "/x"],
        ),
    ];
    for (body, pointers) in cases {
        let answer = tenant.owner.post("/v1/api-keys").json(body.clone()).send().await;
        assert_eq!(answer.status, 400, "{body}: {answer}");
        answer.problem(400, "validation_error");
        assert_eq!(answer.pointers(), pointers, "{body}");
    }
    let post = || tenant.owner.post("/v1/api-keys");
    post().raw(good.to_string()).send().await.problem(415, "unsupported_media_type");
    let typed = || post().header("content-type", "application/json");
    typed().raw("{garbage").send().await.problem(400, "malformed_json");
    typed().raw("").send().await.problem(400, "malformed_json");
    typed().raw(vec![b' '; 262_145]).send().await.problem(413, "body_too_large");
    let twice = r#"{"role": "READER", "role": "OWNER", "name": "x"}"#;
    typed().raw(twice).send().await.problem(400, "malformed_json");
    for key in ["", "é", &"k".repeat(256)] {
        let answer = post().header("idempotency-key", key).json(good.clone()).send().await;
        let problem = answer.problem(400, "validation_error");
        assert_eq!(problem["errors"][0]["header"], "Idempotency-Key", "{key:?}");
    }
    assert_eq!(list(&tenant.owner).await.len(), before, "nothing was made");
    for body in [
        with("name", json!("n".repeat(100))),
        with("mode", json!(null)),
        with("expires_at", json!(null)),
        with("expires_at", json!("2999-12-31")),
        with("expires_at", json!("2999-12-31T23:59:59.5+01:00")),
    ] {
        post().json(body).send().await.expect(201);
    }
}

#[tokio::test]
async fn a_rotation_has_good_members_only() {
    let tenant = World::shared().tenant().await;
    let key = make_of(&tenant.owner, "READER").await;
    let path = format!("/v1/api-keys/{}/rotate", id(&key));
    for (body, pointers) in [
        (json!({"overlap_seconds": -1}), vec!["/overlap_seconds"]),
        (json!({"overlap_seconds": 604_801}), vec!["/overlap_seconds"]),
        (json!({"overlap_seconds": 1.5}), vec!["/overlap_seconds"]),
        (json!({"overlap_seconds": "60"}), vec!["/overlap_seconds"]),
        (json!({"overlap_seconds": [60]}), vec!["/overlap_seconds"]),
        (json!({"overlap_seconds": u64::MAX}), vec!["/overlap_seconds"]),
        (json!({"expires_at": "2020-01-01"}), vec!["/expires_at"]),
        (json!({"expires_at": 1}), vec!["/expires_at"]),
        (json!({"role": "OWNER"}), vec!["/role"]),
        (json!("x"), vec![""]),
        (
            json!({"overlap_seconds": "x", "expires_at": "x", "x": 1}),
            vec!["/overlap_seconds", "/expires_at", "/x"],
        ),
    ] {
        let answer = tenant.owner.post(&path).json(body.clone()).send().await;
        answer.problem(400, "validation_error");
        assert_eq!(answer.pointers(), pointers, "{body}");
    }
    let garbage = tenant.owner.post(&path).header("content-type", "application/json");
    garbage.raw("{").send().await.problem(400, "malformed_json");
    tenant.owner.post(&path).raw("{}").send().await.problem(415, "unsupported_media_type");
    assert_eq!(super::listed(&tenant.owner, &key).await["replaced_by"], Value::Null);
    tenant.owner.post(&path).send().await.expect(201);
}
