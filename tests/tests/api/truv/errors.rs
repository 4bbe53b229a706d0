//! What is refused before a user comes into it.

use harness::world::World;
use serde_json::json;
use shared::auth::Role;

use super::{client, coded, detail, incorrect, john, make, owner, path, refused};

#[tokio::test]
async fn a_body_that_is_none_is_refused() {
    let (tenant, owner) = owner().await;
    let before = tenant.items().await;
    let typed = |text: &str| {
        owner.post("/v1/users/").header("content-type", "application/json").raw(text).send()
    };
    let parse = "JSON parse error - it ends too early at line 1, column 1";
    refused("half", &typed("{").await, 400, incorrect(&[("non_field_errors", parse)]));
    let list = "Invalid data. Expected a dictionary.";
    refused("list", &typed("[]").await, 400, incorrect(&[("non_field_errors", list)]));
    let untyped = owner.post("/v1/users/").raw("{}").send().await;
    let media = "Unsupported media type in request. Use application/json.";
    refused("untyped", &untyped, 415, detail(media));
    let huge = typed(&" ".repeat(256 * 1024 + 1)).await;
    let large = coded("body_too_large", "Request body exceeds 262144 bytes.");
    refused("huge", &huge, 413, large);
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn other_methods_are_named_and_refused() {
    let (_tenant, owner) = owner().await;
    let user = make(&owner, john()).await;
    let one = path(&user);
    for (method, at, allow) in [
        ("PUT", "/v1/users/", "GET, HEAD, POST"),
        ("DELETE", "/v1/users", "GET, HEAD, POST"),
        ("POST", one.as_str(), "DELETE, GET, HEAD, PATCH"),
    ] {
        let answer = owner.request(method.parse().unwrap(), at).json(json!({})).send().await;
        refused(at, &answer, 405, detail(&format!("Method \"{method}\" not allowed.")));
        assert_eq!(answer.header("allow"), Some(allow));
    }
}

#[tokio::test]
async fn too_many_requests_are_throttled() {
    let parameters = [("RateLimitReadsPerMinute", "2"), ("RateLimitWritesPerMinute", "0")];
    let world: &World = Box::leak(Box::new(World::with_parameters(&parameters)));
    let tenant = world.tenant().await;
    let owner = client(&tenant, Role::Owner).await;
    for _ in 0..2 {
        owner.get("/v1/users/").send().await.expect(200);
    }
    for request in [owner.get("/v1/users/"), owner.post("/v1/users/").json(john())] {
        let answer = request.send().await;
        let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=70).contains(&seconds), "{answer}");
        let unit = if seconds == 1 { "second" } else { "seconds" };
        let message = format!("Request was throttled. Expected available in {seconds} {unit}.");
        refused("throttled", &answer, 429, coded("throttled", &message));
        assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
    }
}
