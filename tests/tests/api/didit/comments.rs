//! The activity log.

use serde_json::{Value, json};

use super::{get, make, owner, patch, path};

fn kinds(user: &Value) -> Vec<&str> {
    let comments = user["comments"].as_array().unwrap();
    comments.iter().map(|comment| comment["comment_type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn comments_are_there_in_the_answer_to_the_change_newest_first() {
    let (_tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a", "metadata": {"a": 1}})).await;
    let first =
        patch(&owner, "a", json!({"display_name": "Ann", "full_name": "Ann Lee"})).await.json();
    assert_eq!(kinds(&first), ["PROFILE_UPDATED"]);
    let fields = &first["comments"][0]["changed_fields"];
    assert_eq!(*fields, json!(["full_name", "display_name"]));
    let second = patch(&owner, "a", json!({"metadata": {"b": 2}})).await.json();
    assert_eq!(kinds(&second), ["METADATA_UPDATED", "PROFILE_UPDATED"]);
    let comment = &second["comments"][0];
    assert_eq!(
        (&comment["previous_value"], &comment["new_value"]),
        (&json!({"a": 1}), &json!({"b": 2}))
    );
    let third = patch(&owner, "a", json!({"tags": ["x", "y"]})).await.json();
    assert_eq!(kinds(&third)[..2], ["TAG_ADDED", "TAG_ADDED"]);
    let fourth = patch(&owner, "a", json!({"tags": ["y"]})).await.json();
    assert_eq!(fourth["comments"][0]["comment_type"], "TAG_REMOVED");
    assert_eq!(
        (&fourth["comments"][0]["previous_value"], &fourth["comments"][0]["new_value"]),
        (&json!("x"), &Value::Null)
    );
    let moved = owner
        .patch(&path("a", "update-status/"))
        .json(json!({"status": "FLAGGED", "reason": "why"}));
    let fifth = moved.send().await.json();
    assert_eq!(fifth["comments"][0]["comment_type"], "STATUS_CHANGED");
    let read = get(&owner, "a").await.json();
    assert_eq!(read, fifth);
    assert_eq!(
        kinds(&read),
        [
            "STATUS_CHANGED",
            "TAG_REMOVED",
            "TAG_ADDED",
            "TAG_ADDED",
            "METADATA_UPDATED",
            "PROFILE_UPDATED"
        ]
    );
    let times: Vec<_> = read["comments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["created_at"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
}

#[tokio::test]
async fn a_status_that_comes_with_a_profile_leaves_no_status_changed() {
    let (_tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let user = patch(&owner, "a", json!({"status": "BLOCKED"})).await.expect(200).json();
    assert_eq!((&user["status"], &user["comments"]), (&json!("BLOCKED"), &json!([])));
    let user = patch(&owner, "a", json!({"status": "FLAGGED", "display_name": "x"})).await.json();
    assert_eq!(kinds(&user), ["PROFILE_UPDATED"]);
    assert_eq!(user["comments"][0]["changed_fields"], json!(["display_name"]));
    assert_eq!(user["comments"][0]["new_status"], Value::Null);
}

#[tokio::test]
async fn comments_name_sealed_members_and_hold_none_of_their_values() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, json!({"vendor_data": "a"})).await;
    let change = json!({"date_of_birth": "1987-06-05", "approved_emails": ["canary@example.com"], "approved_phones": ["+14155552671"]});
    let changed = patch(&owner, "a", change).await.expect(200).json();
    let fields = &changed["comments"][0]["changed_fields"];
    assert_eq!(*fields, json!(["date_of_birth", "approved_emails", "approved_phones"]));
    let mut events = tenant.events(super::id(&user)).await;
    events.push(changed["comments"].clone());
    events.push(tenant.user_item(super::id(&user)).await);
    for canary in ["1987-06-05", "canary", "4155552671"] {
        assert!(!json!(events).to_string().contains(canary), "{canary}");
    }
}

#[tokio::test]
async fn a_user_shows_the_latest_hundred_events() {
    let (_tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    for n in 0..101 {
        patch(&owner, "a", json!({"metadata": {"n": n}})).await.expect(200);
    }
    let user = get(&owner, "a").await.json();
    let comments = user["comments"].as_array().unwrap();
    assert_eq!(comments.len(), 100);
    assert_eq!(comments[0]["new_value"], json!({"n": 100}));
    assert_eq!(comments[99]["new_value"], json!({"n": 1}));
}
