//! `Idempotency-Key`

use futures_util::future::join_all;
use harness::{
    client::{Answer, Client},
    world::World,
};
use serde_json::{Value, json};

use super::{id, make, path};

async fn create(client: &Client, key: &str, body: Value) -> Answer {
    client.post("/v1/user").header("idempotency-key", key).json(body).send().await
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

async fn count(client: &Client) -> usize {
    let found = client.post("/v1/user/search").json(json!({"limit": 100})).send().await;
    found.expect(200).json()["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_repeated_request_answers_with_the_same_user() {
    let tenant = World::shared().tenant().await;
    let body = json!({"display_name": "A", "vault": {"identity.email": "a@example.com"}});
    let first = create(&tenant.owner, "key", body.clone()).await;
    assert!(!is_replayed(&first) && first.status == 201, "{first}");
    let items = tenant.items().await;
    for round in 0..3 {
        let again = create(&tenant.owner, "key", body.clone()).await;
        assert!(is_replayed(&again), "{round}: {again}");
        assert_eq!(again.expect(201).json(), first.json(), "{round}");
        assert_eq!(again.header("etag"), first.header("etag"), "{round}");
    }
    assert_eq!(tenant.items().await, items);
    assert_eq!(count(&tenant.owner).await, 1);
    // The key is no part of what is stored, but a digest of it.
    assert!(!tenant.items().await.iter().any(|item| item["pk"].as_str().unwrap().contains("key")));
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_operation_one_tenant_and_one_mode() {
    let (tenant, other) = (World::shared().tenant().await, World::shared().tenant().await);
    let live = tenant.live_client(shared::auth::Role::Owner).await;
    let first = create(&tenant.owner, "key", json!({"display_name": "A"})).await;
    first.expect(201);
    for body in
        [json!({"display_name": "B"}), json!({}), json!({"display_name": "A", "metadata": {}})]
    {
        create(&tenant.owner, "key", body).await.problem(422, "idempotency_key_reused");
    }
    assert_eq!(count(&tenant.owner).await, 1);
    for (whose, client) in [("another tenant's", &other.owner), ("the other mode's", &live)] {
        let foreign = create(client, "key", json!({"display_name": "B"})).await;
        assert!(foreign.status == 201 && !is_replayed(&foreign), "{whose}: {foreign}");
    }
    let reveal =
        tenant.owner.post(&path(&first.json(), "/vault/reveal")).header("idempotency-key", "key");
    let reveal = reveal.json(json!({"fields": ["identity.email"], "reason": "x"})).send().await;
    assert!(reveal.status == 200 && !is_replayed(&reveal), "{reveal}");
    let case = create(&tenant.owner, "KEY", json!({"display_name": "C"})).await;
    assert!(case.status == 201 && !is_replayed(&case), "{case}");
}

#[tokio::test]
async fn a_key_has_1_to_255_visible_characters() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let before = tenant.items().await;
    let reveal = path(&user, "/vault/reveal");
    let posts = [
        ("/v1/user", json!({})),
        ("/v1/user/search", json!({})),
        (reveal.as_str(), json!({"fields": ["identity.email"], "reason": "x"})),
    ];
    for (to, body) in &posts {
        for key in ["", &"k".repeat(256), "é", "a\tb"] {
            let request = tenant.owner.post(to).header("idempotency-key", key);
            let answer = request.json(body.clone()).send().await;
            assert_eq!(answer.status, 400, "{to} with {key:?}: {answer}");
            let problem = answer.problem(400, "validation_error");
            assert_eq!(problem["errors"][0]["header"], "Idempotency-Key", "{to} with {key:?}");
        }
    }
    assert_eq!(tenant.items().await, before);
    for (to, body) in &posts {
        for key in ["k", &"k".repeat(255), "a b~!"] {
            let request = tenant.owner.post(to).header("idempotency-key", key);
            let answer = request.json(body.clone()).send().await;
            assert!(answer.status < 300, "{to} with {key:?}: {answer}");
        }
    }
}

#[tokio::test]
async fn of_sixteen_creates_at_once_with_one_key_one_makes_the_user() {
    let tenant = World::shared().tenant().await;
    let body = json!({"display_name": "A", "vault": {"identity.email": "a@example.com"}});
    let answers = join_all((0..16).map(|_| create(&tenant.owner, "key", body.clone()))).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.problem(409, "contended");
    }
    assert_eq!(made.iter().filter(|answer| !is_replayed(answer)).count(), 1, "{made:?}");
    let mut ids: Vec<_> = made.iter().map(|answer| answer.json()["id"].clone()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(count(&tenant.owner).await, 1);
    assert_eq!(tenant.events(ids[0].as_str().unwrap()).await.len(), 1);
}

#[tokio::test]
async fn a_repeated_showing_is_written_down_again() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({"vault": {"identity.email": "a@example.com"}})).await;
    let show = async |reason: &str| {
        let request =
            tenant.owner.post(&path(&user, "/vault/reveal")).header("idempotency-key", "key");
        request.json(json!({"fields": ["identity.email"], "reason": reason})).send().await
    };
    let (first, again) = (show("one").await, show("one").await);
    assert!(!is_replayed(&first) && is_replayed(&again), "{first}\n{again}");
    assert_eq!(first.expect(200).json(), again.expect(200).json());
    assert_eq!(tenant.events(id(&user)).await.len(), 3);
    show("another").await.problem(422, "idempotency_key_reused");
    assert_eq!(tenant.events(id(&user)).await.len(), 3, "what was refused was not shown");
}
