//! A repeated request makes no second key, and shows no secret.

use futures_util::future::join_all;
use harness::{
    client::{Answer, Client},
    world::World,
};
use serde_json::{Value, json};

use super::{id, list, secret, status};

async fn post(client: &Client, path: &str, key: &str, body: Value) -> Answer {
    client.post(path).header("idempotency-key", key).json(body).send().await
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

#[track_caller]
fn is_replay_of(answer: &Answer, first: &Value) {
    assert!(is_replayed(answer), "{answer}");
    let mut body = answer.expect(201).json();
    assert_eq!(body["secret"], Value::Null);
    assert_eq!(
        body["note"],
        "The secret was in the first answer to this request and is not kept. If it was lost, rotate this key."
    );
    for name in ["secret", "note"] {
        body[name] = first[name].clone();
    }
    assert_eq!(body, *first);
}

#[tokio::test]
async fn a_repeated_creation_answers_with_the_same_key() {
    let tenant = World::shared().tenant().await;
    let body = json!({"role": "READER", "name": "x"});
    let first = post(&tenant.owner, "/v1/api-keys", "k", body.clone()).await;
    assert!(!is_replayed(&first));
    let first = first.expect(201).json();
    for _round in 0..2 {
        let again = post(&tenant.owner, "/v1/api-keys", "k", body.clone()).await;
        is_replay_of(&again, &first);
    }
    let other = json!({"role": "OWNER", "name": "x"});
    post(&tenant.owner, "/v1/api-keys", "k", other).await.problem(422, "idempotency_key_reused");
    assert_eq!(list(&tenant.owner).await.len(), 2);
    assert_eq!(status(&tenant.world.anonymous(), secret(&first)).await, 200);
}

#[tokio::test]
async fn a_repeated_rotation_answers_with_the_same_key() {
    let tenant = World::shared().tenant().await;
    let old = super::make_of(&tenant.owner, "READER").await;
    let path = format!("/v1/api-keys/{}/rotate", id(&old));
    let body = json!({"overlap_seconds": 600});
    let first = post(&tenant.owner, &path, "k", body.clone()).await.expect(201).json();
    is_replay_of(&post(&tenant.owner, &path, "k", body.clone()).await, &first);
    let other = json!({"overlap_seconds": 601});
    post(&tenant.owner, &path, "k", other).await.problem(422, "idempotency_key_reused");
    post(&tenant.owner, &path, "l", body.clone()).await.problem(409, "api_key_not_active");
    super::revoke(&tenant.owner, &old).await.expect(204);
    is_replay_of(&post(&tenant.owner, &path, "k", body).await, &first);
    // The old key, the new one, and the tenant's own; the same word for a creation means something else.
    assert_eq!(list(&tenant.owner).await.len(), 3);
    let created =
        post(&tenant.owner, "/v1/api-keys", "k", json!({"role": "READER", "name": "x"})).await;
    assert!(!is_replayed(created.expect(201)));
}

#[tokio::test]
async fn a_replay_of_a_user_is_no_key() {
    let tenant = World::shared().tenant().await;
    post(&tenant.owner, "/v1/user", "k", json!({})).await.expect(201);
    let key =
        post(&tenant.owner, "/v1/api-keys", "k", json!({"role": "READER", "name": "x"})).await;
    assert!(!is_replayed(key.expect(201)));
}

#[tokio::test]
async fn of_sixteen_creations_at_once_one_makes_the_key() {
    let tenant = World::shared().tenant().await;
    let body = json!({"role": "READER", "name": "x"});
    let create = |_| post(&tenant.owner, "/v1/api-keys", "k", body.clone());
    let answers = join_all((0..16).map(create)).await;
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.problem(409, "contended");
    }
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.iter().filter(|answer| !is_replayed(answer)).count(), 1);
    let mut ids: Vec<_> = made.iter().map(|answer| answer.json()["id"].clone()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(list(&tenant.owner).await.len(), 2);
}
