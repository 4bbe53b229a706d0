//! What a user looks like, key by key.

use serde_json::{Value, json};

use super::{get, id, list, make, owner, patch, path};

const ROW: [&str; 22] = [
    "approved_count",
    "approved_emails",
    "approved_phones",
    "created_at",
    "date_of_birth",
    "declined_count",
    "didit_internal_id",
    "display_name",
    "effective_name",
    "features",
    "features_list",
    "first_session_at",
    "full_name",
    "in_review_count",
    "issuing_states",
    "last_activity_at",
    "last_session_at",
    "portrait_image_url",
    "session_count",
    "status",
    "tags",
    "vendor_data",
];
const DETAIL_ONLY: [&str; 3] = ["comments", "metadata", "updated_at"];
const COMMENT: [&str; 13] = [
    "actor_email",
    "actor_name",
    "changed_fields",
    "comment",
    "comment_type",
    "created_at",
    "mentioned_emails",
    "metadata",
    "new_status",
    "new_value",
    "previous_status",
    "previous_value",
    "uuid",
];

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn detail_keys() -> Vec<&'static str> {
    let mut keys = [&ROW[..], &DETAIL_ONLY[..]].concat();
    keys.sort_unstable();
    keys
}

/// `2026-01-31T10:30:00Z`: nothing below the second.
fn is_second(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.len() == 20 && text.ends_with('Z') && !text.contains('.')
}

#[tokio::test]
async fn a_fresh_user_has_the_documented_values() {
    let (_tenant, owner) = owner().await;
    let user = make(&owner, json!({"vendor_data": "fresh", "full_name": "Ann Lee"})).await;
    assert!(is_second(&user["created_at"]), "{user}");
    let at = &user["created_at"];
    let id = id(&user);
    assert_eq!(id.len(), 36);
    assert_eq!(
        user,
        json!({
            "didit_internal_id": id,
            "vendor_data": "fresh",
            "display_name": null,
            "full_name": "Ann Lee",
            "date_of_birth": null,
            "effective_name": "Ann Lee",
            "status": "ACTIVE",
            "portrait_image_url": null,
            "session_count": 0,
            "approved_count": 0,
            "declined_count": 0,
            "in_review_count": 0,
            "issuing_states": [],
            "approved_emails": [],
            "approved_phones": [],
            "features": {},
            "features_list": [],
            "last_session_at": null,
            "last_activity_at": at,
            "first_session_at": null,
            "tags": [],
            "created_at": at,
            "metadata": {},
            "comments": [],
            "updated_at": at,
        })
    );
    assert_eq!(get(&owner, "fresh").await.expect(200).json(), user);
    let nameless = make(&owner, json!({"vendor_data": "nameless"})).await;
    assert_eq!(nameless["effective_name"], Value::Null);
}

#[tokio::test]
async fn rows_have_22_keys_and_users_25() {
    let (_tenant, owner) = owner().await;
    let body = json!({"vendor_data": "a", "display_name": "Annie", "full_name": "Ann Lee"});
    let created = make(&owner, body).await;
    assert_eq!(created["effective_name"], "Annie");
    let tagged = json!({"tags": ["vip"], "metadata": {"a": 1}});
    let updated = patch(&owner, "a", tagged).await.expect(200).json();
    let moved = owner.patch(&path("a", "update-status/")).json(json!({"status": "FLAGGED"}));
    let moved = moved.send().await.expect(200).json();
    let read = get(&owner, "a").await.expect(200).json();
    for user in [&created, &updated, &moved, &read] {
        assert_eq!(keys(user), detail_keys());
    }
    assert_eq!(moved, read);
    let page = list(&owner, "").await;
    assert_eq!(keys(&page), ["count", "next", "previous", "results"]);
    let row = &page["results"][0];
    assert_eq!(keys(row), ROW);
    for key in ROW.iter().filter(|key| **key != "tags") {
        assert_eq!(row[key], read[key], "{key}");
    }
    for key in ["created_at", "updated_at", "last_activity_at"] {
        assert!(is_second(&read[key]), "{key}");
    }
}

#[tokio::test]
async fn tags_have_one_shape_in_a_list_and_another_on_a_user() {
    let (_tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let tags = json!({"tags": [{"name": "vip", "color": "#00FF00"}]});
    let user = patch(&owner, "a", tags).await.expect(200).json();
    let link = &user["tags"][0];
    assert_eq!(
        keys(link),
        ["added_by_email", "added_by_name", "created_at", "tag", "uuid"],
        "{link}"
    );
    let tag = &link["tag"];
    assert_eq!(
        keys(tag),
        ["color", "created_at", "description", "name", "source", "updated_at", "uuid"],
        "{tag}"
    );
    assert_eq!((&tag["name"], &tag["color"]), (&json!("vip"), &json!("#00FF00")));
    assert_eq!((&tag["source"], &tag["description"]), (&json!("custom"), &Value::Null));
    assert_eq!((&link["added_by_email"], &link["added_by_name"]), (&Value::Null, &Value::Null));
    assert!(is_second(&link["created_at"]) && is_second(&tag["updated_at"]), "{link}");
    assert_ne!(link["uuid"], tag["uuid"]);
    let row = &list(&owner, "").await["results"][0];
    let in_row = json!([{"uuid": tag["uuid"], "name": "vip", "color": "#00FF00"}]);
    assert_eq!(row["tags"], in_row);
}

#[tokio::test]
async fn every_comment_has_13_keys() {
    let (_tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a", "metadata": {"a": 1}})).await;
    let change = json!({"metadata": {}, "tags": ["x"], "display_name": "Ann"});
    patch(&owner, "a", change).await.expect(200);
    let moved = owner.patch(&path("a", "update-status/")).json(json!({"status": "BLOCKED"}));
    let user = moved.send().await.expect(200).json();
    let comments = user["comments"].as_array().unwrap();
    assert_eq!(comments.len(), 4, "{user}");
    for comment in comments {
        assert_eq!(keys(comment), COMMENT);
        assert_eq!(comment["uuid"].as_str().unwrap().len(), 36);
        assert!(is_second(&comment["created_at"]));
        for key in ["actor_email", "actor_name", "metadata"] {
            assert_eq!(comment[key], Value::Null);
        }
        assert_eq!(comment["mentioned_emails"], json!([]));
    }
    let ids: std::collections::BTreeSet<_> =
        comments.iter().map(|comment| comment["uuid"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn every_path_is_served_with_its_last_slash_and_without() {
    let (_tenant, owner) = owner().await;
    for (vendor_data, slash) in [("a", ""), ("b", "/")] {
        let body = json!({"vendor_data": vendor_data});
        owner.post(&format!("/v3/users/create{slash}")).json(body).send().await.expect(201);
        let user = format!("/v3/users/{vendor_data}");
        owner.get(&format!("{user}{slash}")).send().await.expect(200);
        let change = json!({"display_name": "x"});
        owner.patch(&format!("{user}{slash}")).json(change).send().await.expect(200);
        let status = json!({"status": "FLAGGED"});
        owner.patch(&format!("{user}/update-status{slash}")).json(status).send().await.expect(200);
        owner.get(&format!("/v3/users{slash}")).send().await.expect(200);
        let list = json!({"vendor_data_list": [vendor_data]});
        owner.post(&format!("/v3/users/delete{slash}")).json(list).send().await.expect(200);
    }
}
