//! What stands in the place of a user's id.

use harness::world::World;
use serde_json::json;

use super::{id, make, samples::request};

#[tokio::test]
async fn what_is_no_id_of_ours_is_not_found() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let (id, before) = (id(&user), tenant.items().await);
    let mut wrong = vec![
        "palm_usr_1a2b3c4d5e6f7g8h".to_owned(),
        "00000000-0000-0000-0000-000000000000".to_owned(),
        "ffffffff-ffff-ffff-ffff-ffffffffffff".to_owned(),
        "123e4567-e89b-12d3-a456-426614174000".to_owned(),
        id.replace("-8000-8000-", "-4000-8000-"),
        id.replace("-8000-8000-", "-8001-8000-"),
        id.replace("-8000-8000-", "-8000-9000-"),
        id.replace("-8000-8000-", "-8000-8001-"),
        id.replace('-', ""),
        id.replace('-', "_"),
        format!("{{{id}}}"),
        format!("urn:uuid:{id}"),
        id[1..].to_owned(),
        format!("{id}0"),
        "%00".to_owned(),
        "%25".to_owned(),
        "%2525".to_owned(),
        "%ff%fe".to_owned(),
        "%2F%2F".to_owned(),
        "..%2F..".to_owned(),
        format!("{id}%00"),
        format!("{id}%20"),
        format!("%20{id}"),
        format!("{id}%3Fx=1"),
        format!("{id}%23x"),
        "%E2%80%AE%F0%9F%8E%89".to_owned(),
        "%0D%0Ax-injected:%201".to_owned(),
        "T%23tenant%23test".to_owned(),
        "*".to_owned(),
        "{user_id}".to_owned(),
        "a".repeat(8_000),
        "%41".repeat(2_000),
    ];
    // 36 bytes that are not 36 characters.
    wrong.push("%C3%A9".repeat(18));
    for endpoint in
        palm::ENDPOINTS.into_iter().filter(|endpoint| endpoint.path.contains("{user_id}"))
    {
        for wrong in &wrong {
            let answer = request(&tenant.owner, endpoint, wrong).send().await;
            assert_eq!(answer.status, 404, "{} of {wrong}: {answer}", endpoint.operation);
            answer.problem(404, "not_found");
        }
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn an_id_is_hex_of_either_case() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let upper = format!("/v1/user/{}", id(&user).to_uppercase());
    assert_eq!(tenant.owner.get(&upper).send().await.expect(200).json(), user);
    let query = format!("/v1/user/{}?expand=vault&x=%00", id(&user));
    assert_eq!(tenant.owner.get(&query).send().await.expect(200).json(), user);
}
