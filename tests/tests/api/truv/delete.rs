//! Deleting users.

use serde_json::json;

use super::{detail, get, john, list, make, owner, patch, path, refused, uuid};

#[tokio::test]
async fn a_deleted_user_is_gone_and_their_id_is_free() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, john()).await;
    let answer = owner.delete(&path(&user)).send().await;
    // A REST API names a content type where the function names none.
    assert_eq!(answer.expect(204).text(), "");
    refused("read", &get(&owner, &user).await, 404, detail("Not Found."));
    refused("change", &patch(&owner, &user, json!({})).await, 404, detail("Not Found."));
    refused("again", &owner.delete(&path(&user)).send().await, 404, detail("Not Found."));
    for query in ["", "external_user_id=12345"] {
        assert_eq!(list(&owner, query).await["count"], 0, "{query}");
    }
    let events = tenant.events(&uuid(&user)).await;
    let kinds: Vec<_> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["user.created", "user.deleted"]);
    let again = make(&owner, john()).await;
    assert_ne!(again["id"], user["id"]);
}

#[tokio::test]
async fn of_deletions_that_race_one_deletes() {
    let (_tenant, owner) = owner().await;
    let user = make(&owner, john()).await;
    let mut race = tokio::task::JoinSet::new();
    for _ in 0..8 {
        race.spawn(owner.delete(&path(&user)).send());
    }
    let mut statuses: Vec<_> = race.join_all().await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (204, [404; 7].as_slice()));
}
