//! Changing a profile.

use serde_json::{Value, json};

use super::{get, id, make, owner, patch, refused};

#[tokio::test]
async fn every_mutable_member_can_be_changed_and_emptied() {
    let (_tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a", "metadata": {"old": 1}})).await;
    let members = [
        ("display_name", json!("Annie"), Value::Null),
        ("full_name", json!("Ann Lee"), Value::Null),
        ("date_of_birth", json!("1990-01-15"), Value::Null),
        ("status", json!("BLOCKED"), json!("ACTIVE")),
        ("metadata", json!({"new": [1, null, {"a": "b"}]}), json!({})),
        ("approved_emails", json!(["ann@example.com"]), json!([])),
        ("approved_phones", json!(["+14155552671"]), json!([])),
        ("issuing_states", json!(["USA", "GBR"]), json!([])),
    ];
    for (member, value, empty) in members {
        for value in [value, empty] {
            let changed = patch(&owner, "a", json!({member: value})).await;
            assert_eq!(changed.status, 200, "{member}: {changed}");
            assert_eq!(changed.json()[member], value, "{member}");
            assert_eq!(get(&owner, "a").await.json(), changed.json(), "{member}");
        }
    }
    patch(&owner, "a", json!({"metadata": {"a": 1}})).await.expect(200);
    let emptied = patch(&owner, "a", json!({"metadata": null})).await.expect(200).json();
    assert_eq!(emptied["metadata"], json!({}));
}

#[tokio::test]
async fn metadata_is_replaced_whole() {
    let (_tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a", "metadata": {"a": 1, "b": {"c": 2}}})).await;
    let changed = patch(&owner, "a", json!({"metadata": {"b": {"d": 3}, "n": null}})).await;
    assert_eq!(changed.expect(200).json()["metadata"], json!({"b": {"d": 3}, "n": null}));
}

#[tokio::test]
async fn read_only_members_are_left_alone_and_the_event_says_so() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, json!({"vendor_data": "a"})).await;
    let before = get(&owner, "a").await.json();
    let names = [
        "portrait_image",
        "portrait_image_url",
        "session_count",
        "approved_count",
        "declined_count",
        "in_review_count",
        "features",
        "features_list",
        "first_session_at",
        "last_session_at",
        "last_activity_at",
        "effective_name",
        "vendor_data",
    ];
    for name in names {
        let changed = patch(&owner, "a", json!({name: "other"})).await.expect(200).json();
        for (member, value) in changed.as_object().unwrap() {
            if member != "updated_at" {
                assert_eq!(*value, before[member], "{member} after {name}");
            }
        }
        let events = tenant.events(id(&user)).await;
        let event = events.last().unwrap();
        assert_eq!((&event["kind"], &event["ignored"]), (&json!("user.updated"), &json!([name])));
        assert_eq!(event["fields"], json!([]));
    }
    assert_eq!(tenant.events(id(&user)).await.len(), names.len() + 1);
}

#[tokio::test]
async fn what_changes_nothing_writes_nothing() {
    let (tenant, owner) = owner().await;
    let body = json!({"vendor_data": "a", "display_name": "A", "metadata": {"a": 1}, "issuing_states": ["USA"]});
    make(&owner, body.clone()).await;
    patch(&owner, "a", json!({"tags": ["x"]})).await.expect(200);
    let before = tenant.items().await;
    let mut same = body;
    same["status"] = json!("ACTIVE");
    same["tags"] = json!(["x"]);
    same.as_object_mut().unwrap().remove("vendor_data");
    for body in [same, json!({}), json!({"unknown": 1, "id": 2})] {
        patch(&owner, "a", body).await.expect(200);
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn what_is_wrong_changes_nothing_at_all() {
    let (tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let before = tenant.items().await;
    let long: String = "é".repeat(200);
    let cut = format!("\"{}\" is not a valid choice.", "é".repeat(64));
    let cases = [
        (json!({"status": "INVALID"}), json!({"status": ["\"INVALID\" is not a valid choice."]})),
        (json!({"status": "active"}), json!({"status": ["\"active\" is not a valid choice."]})),
        (json!({"status": long}), json!({"status": [cut]})),
        (json!({"status": 3}), json!({"status": ["\"3\" is not a valid choice."]})),
        (json!({"metadata": []}), json!({"metadata": ["Metadata must be a JSON object."]})),
        (json!({"display_name": ""}), json!({"display_name": ["This field may not be blank."]})),
        (json!({"display_name": 1}), json!({"display_name": ["Not a valid string."]})),
        (
            json!({"date_of_birth": "x"}),
            json!({"date_of_birth": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]}),
        ),
        (
            json!({"approved_phones": ["1"]}),
            json!({"approved_phones": {"0": ["Enter a valid phone number with its country code, such as +14155552671."]}}),
        ),
    ];
    for (mut body, expected) in cases {
        if body.get("display_name").is_none() {
            body["display_name"] = json!("a good name");
        }
        refused(&body.to_string(), &patch(&owner, "a", body.clone()).await, 400, expected);
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn if_match_names_the_version_that_was_read() {
    let (_tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let tag = get(&owner, "a").await.header("etag").unwrap().to_owned();
    let request = || owner.patch("/v3/users/a/").header("if-match", &tag);
    let changed = request().json(json!({"display_name": "first"})).send().await;
    assert_ne!(changed.expect(200).header("etag"), Some(tag.as_str()));
    let late = request().json(json!({"display_name": "second"})).send().await;
    assert_eq!(late.status, 412, "{late}");
    assert_eq!(get(&owner, "a").await.json()["display_name"], "first");
}
