//! Where a user stands.

use harness::client::{Answer, Client};
use serde_json::{Value, json};

use super::{NOT_FOUND, detail, get, id, make, owner, path, refused};

const STATUSES: [&str; 3] = ["ACTIVE", "FLAGGED", "BLOCKED"];

async fn move_to(client: &Client, vendor_data: &str, body: Value) -> Answer {
    client.patch(&path(vendor_data, "update-status/")).json(body).send().await
}

#[tokio::test]
async fn any_status_follows_any_other() {
    let (tenant, owner) = owner().await;
    for from in STATUSES {
        for to in STATUSES {
            let vendor_data = format!("{from}-{to}");
            let user = make(&owner, json!({"vendor_data": vendor_data, "status": from})).await;
            let before = tenant.items().await;
            let reason = format!("from {from}");
            let moved =
                move_to(&owner, &vendor_data, json!({"status": to, "reason": reason})).await;
            let moved = moved.expect(200).json();
            assert_eq!(moved["status"], to);
            assert_eq!(get(&owner, &vendor_data).await.json(), moved);
            if from == to {
                assert_eq!(tenant.items().await, before, "{to} again");
                assert_eq!(moved["comments"], json!([]));
                continue;
            }
            let comment = &moved["comments"][0];
            assert_eq!(moved["comments"].as_array().unwrap().len(), 1);
            assert_eq!(comment["comment_type"], "STATUS_CHANGED");
            assert_eq!(comment["comment"], reason);
            assert_eq!(
                (&comment["previous_status"], &comment["new_status"]),
                (&json!(from), &json!(to))
            );
            assert_eq!(comment["changed_fields"], json!([]));
            let event = tenant.events(id(&user)).await.pop().unwrap();
            assert_eq!(
                (&event["kind"], &event["reason"]),
                (&json!("user.status_changed"), &json!(reason))
            );
        }
    }
}

#[tokio::test]
async fn a_reason_is_optional_and_has_a_limit() {
    let (_tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let long = "é".repeat(512);
    for (n, body) in
        [json!({}), json!({"reason": null}), json!({"reason": long})].into_iter().enumerate()
    {
        let mut body = body;
        body["status"] = json!(STATUSES[(n + 1) % 2]);
        let moved = move_to(&owner, "a", body.clone()).await.expect(200).json();
        assert_eq!(moved["comments"][0]["comment"], body["reason"]);
    }
    let message = "Ensure this field has no more than 512 characters.";
    let answer =
        move_to(&owner, "a", json!({"status": "BLOCKED", "reason": format!("{long}x")})).await;
    refused("long", &answer, 400, json!({"reason": [message]}));
    let answer = move_to(&owner, "a", json!({"status": "BLOCKED", "reason": 1})).await;
    refused("number", &answer, 400, json!({"reason": ["Not a valid string."]}));
}

#[tokio::test]
async fn a_status_is_required_and_one_of_three() {
    let (tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let before = tenant.items().await;
    let invalid =
        json!({"status": ["Invalid status. Valid options are: ACTIVE, FLAGGED, BLOCKED"]});
    let required = json!({"status": ["This field is required."]});
    let cases = [
        (json!({}), &required),
        (json!({"reason": "x"}), &required),
        (json!({"status": null}), &invalid),
        (json!({"status": ""}), &invalid),
        (json!({"status": "active"}), &invalid),
        (json!({"status": "Approved"}), &invalid),
        (json!({"status": "DELETED"}), &invalid),
        (json!({"status": ["ACTIVE"]}), &invalid),
        (json!({"status": true}), &invalid),
    ];
    for (body, expected) in cases {
        refused(
            &body.to_string(),
            &move_to(&owner, "a", body.clone()).await,
            400,
            expected.clone(),
        );
    }
    let both = json!({"status": ["This field is required."], "reason": ["Not a valid string."]});
    refused("both", &move_to(&owner, "a", json!({"reason": 1})).await, 400, both);
    let absent = move_to(&owner, "nobody", json!({"status": "ACTIVE"})).await;
    refused("absent", &absent, 404, detail(NOT_FOUND));
    assert_eq!(tenant.items().await, before);
}
