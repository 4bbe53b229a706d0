//! A test key manages test keys; a live key manages both.

use harness::world::World;
use serde_json::json;
use shared::auth::Role;

use super::{id, make, make_of, revoke, rotate, secret};

#[tokio::test]
async fn a_test_key_manages_no_live_key() {
    let tenant = World::shared().tenant().await;
    let live = tenant.live_client(Role::Owner).await;
    let key = make_of(&live, "READER").await;
    assert_eq!(key["mode"], "live");
    assert!(secret(&key).starts_with("sk_live_"));
    let test = &tenant.owner;
    let body = json!({"role": "READER", "name": "x", "mode": "live"});
    for answer in [
        test.post("/v1/api-keys").json(body).send().await,
        test.get("/v1/api-keys?mode=live").send().await,
        rotate(test, &key, json!({})).await,
        revoke(test, &key).await,
    ] {
        let problem = answer.problem(403, "permission_denied");
        let detail = "A test key manages test keys only. Use a live key of an owner.";
        assert_eq!(problem["detail"], detail, "{answer}");
        assert!(!answer.text().contains(id(&key)), "{answer}");
    }
    let listed = live.get("/v1/api-keys").send().await.expect(200).json();
    assert_eq!(listed["data"][0]["id"], key["id"]);
    assert_eq!(listed["data"][0]["status"], "active");
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_live_key_manages_test_keys_too() {
    let tenant = World::shared().tenant().await;
    let live = tenant.live_client(Role::Owner).await;
    let key = make(&live, json!({"role": "READER", "name": "x", "mode": "test"})).await;
    assert_eq!(key["mode"], "test");
    assert!(secret(&key).starts_with("sk_test_"));
    let listed = live.get("/v1/api-keys?mode=test").send().await.expect(200).json();
    assert_eq!(listed["data"][0]["id"], key["id"]);
    let new = rotate(&live, &key, json!({})).await.expect(201).json();
    assert_eq!(new["mode"], "test");
    revoke(&live, &new).await.expect(204);
    assert_eq!(super::listed(&tenant.owner, &new).await["status"], "revoked");
}
