//! Another tenant's key is no key.

use harness::world::World;
use lambda_http::http::Method;
use serde_json::json;

use super::{id, make_of, secret, status};

#[tokio::test]
async fn a_foreign_key_looks_exactly_like_an_absent_one() {
    let (tenant, other) = (World::shared().tenant().await, World::shared().tenant().await);
    let foreign = make_of(&other.owner, "READER").await;
    let long = "0".repeat(1_000);
    let whos = [
        id(&foreign),
        "0123456789abcdef",
        "0123456789ABCDEF",
        "nobody",
        "%23",
        "0123456789abcdefg",
        &long,
        secret(&foreign),
    ];
    for (method, rest) in [(Method::DELETE, ""), (Method::POST, "/rotate")] {
        let mut answers = vec![];
        for who in whos {
            let path = format!("/v1/api-keys/{who}{rest}");
            let answer = tenant.owner.request(method.clone(), &path).send().await;
            answer.problem(404, "not_found");
            let request_id = answer.header("x-request-id").unwrap();
            let body = answer.text().replace(request_id, "<request>");
            let mut headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
            headers.sort();
            answers.push((body, headers));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
    }
    let request = tenant.owner.post(&format!("/v1/api-keys/{}/rotate", id(&foreign)));
    let request = request.header("idempotency-key", "k").json(json!({})).send().await;
    request.problem(404, "not_found");
    let nobody = tenant.world.anonymous();
    assert_eq!(status(&nobody, secret(&foreign)).await, 200, "nothing has happened to it");
    let listed = tenant.owner.get("/v1/api-keys").send().await;
    assert!(!listed.text().contains(id(&foreign)));
}
