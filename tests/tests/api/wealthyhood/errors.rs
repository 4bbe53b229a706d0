//! What is refused before a user comes into it.

use harness::world::World;
use serde_json::json;

use super::{john, owner};

#[tokio::test]
async fn a_body_that_is_none_is_refused() {
    let (tenant, owner) = owner().await;
    let before = tenant.items().await;
    let typed = |text: &str| {
        owner.post("/users").header("content-type", "application/json").raw(text).send()
    };
    typed("{").await.problem(400, "malformed_json");
    typed(r#"{"email":"a@example.com","email":"b@example.com"}"#)
        .await
        .problem(400, "malformed_json");
    owner
        .post("/users")
        .raw(john("a@example.com").to_string())
        .send()
        .await
        .problem(415, "unsupported_media_type");
    typed(&" ".repeat(256 * 1024 + 1)).await.problem(413, "body_too_large");
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn other_methods_are_named_and_refused() {
    let (_tenant, owner) = owner().await;
    for (method, path, allow) in
        [("GET", "/users", "POST"), ("DELETE", "/users/64f0c51e7fb3fc001234a001", "GET, HEAD")]
    {
        let answer = owner.request(method.parse().unwrap(), path).json(json!({})).send().await;
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(allow));
    }
}

#[tokio::test]
async fn too_many_requests_are_limited() {
    let world: &World =
        Box::leak(Box::new(World::with_parameters(&[("RateLimitWritesPerMinute", "0")])));
    let owner = world.tenant().await.owner;
    let answer = owner.post("/users").json(john("a@example.com")).send().await;
    answer.problem(429, "rate_limited");
    assert!(answer.header("retry-after").is_some());
}
