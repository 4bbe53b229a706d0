//! `PATCH /v1/user/{user_id}`

use futures_util::future::join_all;
use harness::world::World;
use serde_json::{Map, Value, json};

use super::{id, invalid, make, path, version};

#[tokio::test]
async fn the_documented_request_merges_the_metadata() {
    let tenant = World::shared().tenant().await;
    let body = json!({"metadata": {"customer_tier": "standard", "signup_source": "web"}, "vault": {"identity.email": "a@example.com"}});
    let user = make(&tenant.owner, body).await;
    let patch = json!({"metadata": {"customer_tier": "premium", "notes": "Upgraded to premium tier"}, "display_name": "John Doe"});
    let answer = tenant.owner.patch(&path(&user, "")).json(patch).send().await;
    let mut expected = user.clone();
    let updated = answer.expect(200).json();
    expected["metadata"] = json!({"customer_tier": "premium", "signup_source": "web", "notes": "Upgraded to premium tier"});
    expected["display_name"] = json!("John Doe");
    expected["updated_at"] = updated["updated_at"].clone();
    assert_eq!(updated, expected);
    assert_eq!(version(&answer), 2);
    let read = tenant.owner.get(&path(&user, "")).send().await;
    assert_eq!((read.json(), version(&read)), (updated, 2));
}

#[tokio::test]
async fn a_null_removes_and_an_absence_keeps() {
    let tenant = World::shared().tenant().await;
    let user = make(
        &tenant.owner,
        json!({"display_name": "A", "metadata": {"a": 1, "b": true, "c": "x"}}),
    )
    .await;
    let cases = [
        (json!({"metadata": {"a": null}}), json!("A"), json!({"b": true, "c": "x"})),
        (
            json!({"metadata": {"a": null, "b": null, "d": ""}}),
            json!("A"),
            json!({"c": "x", "d": ""}),
        ),
        (json!({"display_name": null}), Value::Null, json!({"c": "x", "d": ""})),
        (json!({"metadata": null}), Value::Null, json!({"c": "x", "d": ""})),
        (json!({"display_name": "B"}), json!("B"), json!({"c": "x", "d": ""})),
    ];
    for (patch, name, metadata) in cases {
        let answer = tenant.owner.patch(&path(&user, "")).json(patch.clone()).send().await;
        let updated = answer.expect(200).json();
        assert_eq!(updated["display_name"], name, "after {patch}");
        assert_eq!(updated["metadata"], metadata, "after {patch}");
    }
}

#[tokio::test]
async fn what_changes_nothing_writes_nothing() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({"display_name": "A", "metadata": {"a": 1}})).await;
    let before = tenant.items().await;
    let patches = [
        json!({}),
        json!({"display_name": "A"}),
        json!({"metadata": {}}),
        json!({"metadata": {"a": 1, "b": null}}),
    ];
    for patch in patches {
        let answer = tenant.owner.patch(&path(&user, "")).json(patch.clone()).send().await;
        assert_eq!(answer.expect(200).json(), user, "after {patch}");
        assert_eq!(version(&answer), 1, "after {patch}");
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn every_change_has_its_version_its_time_and_its_event() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({"display_name": "A"})).await;
    let mut earlier = user["updated_at"].clone();
    for (round, name) in ["B", "C", "D"].into_iter().enumerate() {
        let patch = json!({"display_name": name, "metadata": {"round": round}});
        let answer = tenant.owner.patch(&path(&user, "")).json(patch).send().await;
        let updated = answer.expect(200).json();
        assert_eq!(version(&answer), u64::try_from(round).unwrap() + 2, "{name}");
        assert_eq!(updated["created_at"], user["created_at"], "{name}");
        assert!(updated["updated_at"].as_str() >= earlier.as_str(), "{name}: {updated}");
        earlier = updated["updated_at"].clone();
    }
    let events = tenant.events(id(&user)).await;
    let kinds: Vec<_> = events.iter().map(|event| (&event["kind"], &event["version"])).collect();
    let [created, updated] = [json!("user.created"), json!("user.updated")];
    let versions = [1, 2, 3, 4].map(|version| json!(version));
    assert_eq!(
        kinds,
        [&created, &updated, &updated, &updated].into_iter().zip(&versions).collect::<Vec<_>>()
    );
    assert_eq!(events[1]["fields"], json!(["display_name", "metadata"]));
    let changes: Value = serde_json::from_str(events[3]["changes"].as_str().unwrap()).unwrap();
    assert_eq!(
        changes,
        json!({"display_name": {"previous": "C", "current": "D"}, "metadata": {"previous": {"round": 1}, "current": {"round": 2}}})
    );
    let item = tenant.user_item(id(&user)).await;
    assert_eq!((&item["updated_at"], &item["created_at"]), (&events[3]["at"], &events[0]["at"]));
}

#[tokio::test]
async fn fifty_pairs_are_reached_by_merging_and_not_passed() {
    let tenant = World::shared().tenant().await;
    let pairs = |range: std::ops::Range<u32>| {
        range.map(|n| (format!("key_{n}"), json!(n))).collect::<Map<_, _>>()
    };
    let user = make(&tenant.owner, json!({"metadata": pairs(0..49)})).await;
    let to = path(&user, "");
    let send = |metadata: Value| tenant.owner.patch(&to).json(json!({"metadata": metadata})).send();
    send(json!({"key_49": 49})).await.expect(200);
    let before = tenant.items().await;
    invalid("51 pairs", &send(json!({"key_50": 50})).await, &["/metadata"]);
    assert_eq!(tenant.items().await, before);
    // As many as before: one goes, one comes; or one is only changed.
    send(json!({"key_0": null, "key_50": 50})).await.expect(200);
    let answer = send(json!({"key_50": "changed", "key_51": null})).await;
    assert_eq!(answer.expect(200).json()["metadata"].as_object().unwrap().len(), 50);
}

#[tokio::test]
async fn of_sixteen_changes_at_once_none_is_lost() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let to = path(&user, "");
    let changes = (0..16).map(|n| {
        let metadata = json!({"metadata": {format!("key_{n}"): n}});
        tenant.owner.patch(&to).json(metadata).send()
    });
    let mut expected = Map::new();
    for (n, answer) in join_all(changes).await.into_iter().enumerate() {
        if answer.status == 200 {
            assert_eq!(answer.json()["metadata"][format!("key_{n}")], n, "{answer}");
            expected.insert(format!("key_{n}"), json!(n));
        } else {
            answer.problem(409, "contended");
        }
    }
    let read = tenant.owner.get(&to).send().await;
    assert_eq!(read.json()["metadata"], Value::Object(expected.clone()));
    let count = u64::try_from(expected.len()).unwrap();
    assert!(count > 0);
    assert_eq!(version(&read), count + 1);
    assert_eq!(tenant.events(id(&user)).await.len(), expected.len() + 1);
}

#[tokio::test]
async fn the_vault_is_not_a_member_of_this_body() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let patch = json!({"vault": {"identity.email": "a@example.com"}, "status": "deleted"});
    let answer = tenant.owner.patch(&path(&user, "")).json(patch).send().await;
    let body = invalid("vault", &answer, &["/status", "/vault"]);
    assert_eq!(body["errors"][0]["detail"], "is not known here; known are: display_name, metadata");
}
