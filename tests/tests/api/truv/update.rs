//! Changing users: every documented member.

use serde_json::{Value, json};

use super::{NINE, get, incorrect, john, keys, make, owner, patch, refused, somebody, uuid};
use crate::palm::rewrite;

#[tokio::test]
async fn every_documented_member_can_be_changed_by_itself() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, john()).await;
    let mut expected = user.clone();
    let steps = [
        ("external_user_id", json!("67890"), json!("67890")),
        ("first_name", json!("Jane"), json!("Jane")),
        ("last_name", json!("Roe"), json!("Roe")),
        ("email", json!("jane@example.com"), json!("jane@example.com")),
        ("phone", json!("+1 415 555 2671"), json!("+14155552671")),
        ("ssn", json!("111-22-3333"), json!("111223333")),
        ("email", Value::Null, Value::Null),
        ("phone", Value::Null, Value::Null),
        ("ssn", Value::Null, Value::Null),
    ];
    for (number, (member, sent, kept)) in steps.into_iter().enumerate() {
        let answer = patch(&owner, &user, json!({member: sent})).await;
        let changed = answer.expect(200).json();
        assert_eq!(keys(&changed), NINE);
        expected[member] = kept;
        expected["updated_at"] = changed["updated_at"].clone();
        assert_eq!(changed, expected, "{member}");
        assert_eq!(answer.header("etag"), Some(format!("\"{}\"", number + 2).as_str()));
        let read = get(&owner, &user).await.expect(200).json();
        assert_eq!(read[member], expected[member]);
    }
    let events = tenant.events(&uuid(&user)).await;
    let fields: Vec<_> = events
        .iter()
        .filter(|event| event["kind"] == "user.updated")
        .map(|event| event["fields"][0].as_str().unwrap())
        .collect();
    let identity = ["first_name", "last_name", "email", "phone_number", "ssn"];
    let identity = identity.map(|name| format!("identity.{name}"));
    assert_eq!(fields[0], "external_id");
    assert_eq!(fields[1..6], identity);
}

#[tokio::test]
async fn what_is_wrong_changes_nothing() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, john()).await;
    make(&owner, somebody("other")).await;
    let before = tenant.items().await;
    let cases = [
        (json!({"first_name": null}), ("first_name", "First name is required")),
        (json!({"external_user_id": null}), ("external_user_id", "External user id is required")),
        (json!({"last_name": 1}), ("last_name", "Last name must be a string")),
        (
            json!({"external_user_id": "other", "first_name": "Jane"}),
            ("external_user_id", "External user id belongs to another user"),
        ),
        (json!([]), ("non_field_errors", "Invalid data. Expected a dictionary.")),
    ];
    for (body, fault) in cases {
        let answer = patch(&owner, &user, body.clone()).await;
        refused(&body.to_string(), &answer, 400, incorrect(&[fault]));
    }
    for nothing in [
        json!({}),
        json!({"external_user_id": "12345", "first_name": "John"}),
        json!({"id": "x", "unknown": 1}),
    ] {
        let mut answer = patch(&owner, &user, nothing).await.expect(200).json();
        answer["ssn"] = user["ssn"].clone();
        assert_eq!(answer, user);
    }
    let stale = owner.patch(&super::path(&user)).header("if-match", "\"7\"");
    let stale = stale.json(json!({"first_name": "Jane"})).send().await;
    let body = super::coded("precondition_failed", "If-Match names another version.");
    refused("stale", &stale, 412, body);
    let without_showings = |items: Vec<Value>| -> Vec<Value> {
        items.into_iter().filter(|item| item["kind"] != "user.revealed").collect()
    };
    assert_eq!(without_showings(tenant.items().await), before);
}

#[tokio::test]
async fn an_external_user_id_that_was_given_up_is_free() {
    let (_tenant, owner) = owner().await;
    let user = make(&owner, john()).await;
    patch(&owner, &user, json!({"external_user_id": "new"})).await.expect(200);
    make(&owner, somebody("12345")).await;
    assert_eq!(super::list(&owner, "external_user_id=new").await["results"][0]["id"], user["id"]);
}

#[tokio::test]
async fn what_a_verification_established_stays() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, john()).await;
    rewrite(&tenant, &uuid(&user), |user| {
        use shared::domain::field::FieldId;
        user.locked.extend([FieldId::FIRST_NAME, FieldId::SSN]);
    })
    .await;
    let change = json!({"first_name": "Jane", "ssn": "111223333", "last_name": "Roe"});
    let changed = patch(&owner, &user, change).await.expect(200).json();
    let shown = ["first_name", "last_name", "ssn"].map(|name| changed[name].as_str().unwrap());
    assert_eq!(shown, ["John", "Roe", "222233333"]);
    let events = tenant.events(&uuid(&user)).await;
    let update = events.iter().find(|event| event["kind"] == "user.updated").unwrap();
    assert_eq!(update["ignored"], json!(["identity.first_name", "identity.ssn"]));
    let showing = events.iter().find(|event| event["kind"] == "user.revealed").unwrap();
    assert_eq!(showing["fields"], json!(["identity.ssn"]), "it was shown, and not set");
}
