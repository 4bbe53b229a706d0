//! Which operation fires what, through every API.

use harness::client::Request;
use serde_json::{Value, json};

use crate::{office::Office, receiver::Receiver};

/// What one request must cause, and nothing else.
async fn fired(
    office: &Office,
    receiver: &Receiver,
    status: u16,
    request: Request,
) -> Option<Value> {
    let before = receiver.delivered().len();
    request.send().await.expect(status);
    office.run().await;
    let delivered = receiver.delivered();
    assert!(delivered.len() <= before + 1);
    delivered.get(before).map(crate::receiver::Delivered::json)
}

/// Fails unless a body has exactly these members besides those that every body has.
#[track_caller]
fn is(body: Option<Value>, kind: &str, vendor_data: &Value, mut expected: Value) {
    let mut body = body.unwrap_or_else(|| panic!("nothing was sent: {expected}"));
    let members = body.as_object_mut().unwrap();
    let mut take = |name: &str| members.remove(name).unwrap_or_else(|| panic!("no {name}"));
    assert_eq!(take("webhook_type"), kind);
    assert_eq!(take("environment"), "test");
    assert_eq!(take("vendor_data"), *vendor_data);
    assert_eq!(take("event_id").as_str().unwrap().len(), 36);
    assert_eq!(take("vendor_user_id").as_str().unwrap().len(), 36);
    let (timestamp, created_at) = (take("timestamp"), take("created_at"));
    assert!(timestamp.as_i64().unwrap() >= created_at.as_i64().unwrap());
    if expected.get("deleted_at").is_some() {
        assert!(take("deleted_at").as_str().unwrap().ends_with('Z'));
    }
    expected.as_object_mut().unwrap().remove("deleted_at");
    assert_eq!(body, expected);
}

const REDACTED: fn() -> Value = || json!({"previous": null, "current": null, "redacted": true});

#[tokio::test]
async fn didits_operations_fire_what_the_table_says() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    office.register(&receiver.url).await;
    let client = &office.didit;
    let create = client.post("/v3/users/create/").json(json!({
        "vendor_data": "a", "full_name": "Ada Lovelace", "date_of_birth": "1990-01-15",
        "metadata": {"tier": 1}, "approved_emails": ["ada@example.com"], "issuing_states": ["GBR"],
    }));
    let body = fired(&office, &receiver, 201, create).await;
    let a = &json!("a");
    is(
        body,
        "user.data.updated",
        a,
        json!({
            "changed_fields":
                ["vendor_data", "metadata", "issuing_states", "date_of_birth", "full_name", "approved_emails"],
            "changes": {
                "vendor_data": {"previous": null, "current": "a"},
                "metadata": {"previous": {}, "current": {"tier": 1}},
                "issuing_states": {"previous": [], "current": ["GBR"]},
                "date_of_birth": REDACTED(),
                "full_name": {"previous": null, "current": "Ada Lovelace"},
                "approved_emails": REDACTED(),
            },
        }),
    );

    let user = "/v3/users/a/";
    let update = client.patch(user).json(json!({
        "display_name": "Ada", "date_of_birth": "1990-01-16", "tags": ["vip"], "status": "FLAGGED",
    }));
    let body = fired(&office, &receiver, 200, update).await;
    is(
        body,
        "user.data.updated",
        a,
        json!({
            "changed_fields": ["date_of_birth", "display_name", "status", "tags"],
            "changes": {
                "date_of_birth": REDACTED(),
                "display_name": {"previous": null, "current": "Ada"},
                "status": {"previous": "ACTIVE", "current": "FLAGGED"},
                "tags": {"previous": [], "current": ["vip"]},
            },
        }),
    );

    let status = client.patch("/v3/users/a/update-status/");
    let status = status.json(json!({"status": "BLOCKED", "reason": "fraud"}));
    let body = fired(&office, &receiver, 200, status).await;
    let expected = json!({"status": "BLOCKED", "previous_status": "FLAGGED"});
    is(body, "user.status.updated", a, expected);

    let delete = client.post("/v3/users/delete/").json(json!({"vendor_data_list": ["a"]}));
    let body = fired(&office, &receiver, 200, delete).await;
    let expected = json!({"changed_fields": [], "changes": {}, "deleted_at": true});
    is(body, "user.data.updated", a, expected);
}

#[tokio::test]
async fn palms_changes_fire_the_same() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    office.register(&receiver.url).await;
    let client = &office.palm;
    let create = client.post("/v1/user").json(json!({
        "display_name": "Ada", "vault": {"identity.first_name": "Ada", "identity.ssn": "222233333"},
    }));
    let body = fired(&office, &receiver, 201, create).await;
    let id = body.as_ref().unwrap()["vendor_user_id"].as_str().unwrap().to_owned();
    is(
        body,
        "user.data.updated",
        &Value::Null,
        json!({
            "changed_fields": ["display_name", "first_name", "ssn"],
            "changes": {
                "display_name": {"previous": null, "current": "Ada"},
                "first_name": {"previous": null, "current": "Ada"},
                "ssn": REDACTED(),
            },
        }),
    );
    let user = format!("/v1/user/{id}");
    let update = client.patch(&user).json(json!({"metadata": {"tier": "gold"}}));
    let body = fired(&office, &receiver, 200, update).await;
    let change = json!({"metadata": {"previous": {}, "current": {"tier": "gold"}}});
    let expected = json!({"changed_fields": ["metadata"], "changes": change});
    is(body, "user.data.updated", &Value::Null, expected);
    let vault = client.patch(&format!("{user}/vault")).json(json!({"custom.pet": "cat"}));
    let body = fired(&office, &receiver, 200, vault).await;
    let change = json!({"custom.pet": REDACTED()});
    let expected = json!({"changed_fields": ["custom.pet"], "changes": change});
    is(body, "user.data.updated", &Value::Null, expected);
}

#[tokio::test]
async fn a_verification_tells_what_follows_from_it() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    office.register(&receiver.url).await;
    let create = office.didit.post("/v3/users/create/").json(json!({"vendor_data": "a"}));
    let user = fired(&office, &receiver, 201, create).await.unwrap();
    let path = format!("/v1/user/{}/verification", user["vendor_user_id"].as_str().unwrap());
    let record = |outcome: &str| {
        office.palm.post(&path).json(json!({
            "session_id": "kyc-1", "outcome": outcome, "risk_level": "low",
            "workflow": {"name": "KYC", "version": 1}, "executed_at": "2024-01-15T10:30:00Z",
            "features": {"LIVENESS": "Approved"}, "issuing_state": "GBR",
            "vault": {"identity.date_of_birth": "1990-01-15"},
        }))
    };
    let change =
        |previous: Value, current: Value| json!({"previous": previous, "current": current});
    let a = &json!("a");
    let body = fired(&office, &receiver, 200, record("in_review")).await;
    let at = "2024-01-15T10:30:00Z";
    let expected = json!({
        "changed_fields":
            ["session_count", "in_review_count", "features", "first_session_at", "last_session_at"],
        "changes": {
            "session_count": change(json!(0), json!(1)),
            "in_review_count": change(json!(0), json!(1)),
            "features": change(json!({}), json!({"LIVENESS": "Approved"})),
            "first_session_at": change(Value::Null, json!(at)),
            "last_session_at": change(Value::Null, json!(at)),
        },
    });
    is(body, "user.data.updated", a, expected);
    let body = fired(&office, &receiver, 200, record("approved")).await;
    let expected = json!({
        "changed_fields": ["date_of_birth", "issuing_states", "approved_count", "in_review_count"],
        "changes": {
            "date_of_birth": REDACTED(),
            "issuing_states": change(json!([]), json!(["GBR"])),
            "approved_count": change(json!(0), json!(1)),
            "in_review_count": change(json!(1), json!(0)),
        },
    });
    is(body, "user.data.updated", a, expected);
    assert_eq!(fired(&office, &receiver, 200, record("approved")).await, None);
}

#[tokio::test]
async fn truvs_and_wealthyhoods_changes_fire_the_same() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    office.register(&receiver.url).await;
    let truv = &office.truv;
    let create = truv.post("/v1/users/").json(json!({
        "external_user_id": "12345", "first_name": "John", "last_name": "Doe",
        "ssn": "222233333",
    }));
    let body = fired(&office, &receiver, 201, create).await;
    let id = body.as_ref().unwrap()["vendor_user_id"].as_str().unwrap().replace('-', "");
    let external_id = &json!("12345");
    let expected = json!({
        "changed_fields": ["vendor_data", "first_name", "last_name", "ssn"],
        "changes": {
            "vendor_data": {"previous": null, "current": "12345"},
            "first_name": {"previous": null, "current": "John"},
            "last_name": {"previous": null, "current": "Doe"},
            "ssn": REDACTED(),
        },
    });
    is(body, "user.data.updated", external_id, expected);
    let update = truv.patch(&format!("/v1/users/{id}/")).json(json!({"phone": "+14155552671"}));
    let body = fired(&office, &receiver, 200, update).await;
    let change = json!({"phone_number": REDACTED()});
    let expected = json!({"changed_fields": ["phone_number"], "changes": change});
    is(body, "user.data.updated", external_id, expected);
    let delete = truv.delete(&format!("/v1/users/{id}/"));
    let body = fired(&office, &receiver, 204, delete).await;
    let expected = json!({"changed_fields": [], "changes": {}, "deleted_at": true});
    is(body, "user.data.updated", external_id, expected);

    let create = office.palm.post("/users").json(json!({
        "email": "jane@example.com", "firstName": "Jane", "lastName": "Doe",
        "dateOfBirth": "1990-05-15", "residencyCountry": "GB",
    }));
    let body = fired(&office, &receiver, 201, create).await;
    let expected = json!({
        "changed_fields":
            ["country_of_residence", "date_of_birth", "email", "first_name", "last_name"],
        "changes": {
            "country_of_residence": REDACTED(),
            "date_of_birth": REDACTED(),
            "email": REDACTED(),
            "first_name": {"previous": null, "current": "Jane"},
            "last_name": {"previous": null, "current": "Doe"},
        },
    });
    is(body, "user.data.updated", &Value::Null, expected);
}

#[tokio::test]
async fn what_changes_nothing_or_is_not_subscribed_fires_nothing() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    let destination = office.register(&receiver.url).await;
    let make = office.didit.post("/v3/users/create/").json(json!({"vendor_data": "a"}));
    assert!(fired(&office, &receiver, 201, make).await.is_some());
    let id = office.didit.get("/v3/users/a/").send().await.expect(200).json();
    let id = id["didit_internal_id"].as_str().unwrap().to_owned();
    let reveal = office.palm.post(&format!("/v1/user/{id}/vault/reveal"));
    let path = format!("/v3/webhook/destinations/{}/", destination["uuid"].as_str().unwrap());
    let status = |status: &str| {
        let request = office.didit.patch("/v3/users/a/update-status/");
        request.json(json!({ "status": status }))
    };
    for request in [
        office.didit.patch("/v3/users/a/").json(json!({})),
        office.didit.patch("/v3/users/a/").json(json!({"session_count": 3})),
        status("ACTIVE"),
        office.didit.get("/v3/users/a/"),
        reveal.json(json!({"fields": ["identity.ssn"], "reason": "a call"})),
        office.didit.patch(&path).json(json!({"subscribed_events": ["user.data.updated"]})),
        status("BLOCKED"),
        office.didit.patch(&path).json(json!({"subscribed_events": ["user.status.updated"]})),
        office.didit.patch("/v3/users/a/").json(json!({"display_name": "A"})),
    ] {
        assert_eq!(fired(&office, &receiver, 200, request).await, None);
    }
    assert!(fired(&office, &receiver, 200, status("ACTIVE")).await.is_some());
    office.didit.patch(&path).json(json!({"enabled": false})).send().await.expect(200);
    assert_eq!(fired(&office, &receiver, 200, status("BLOCKED")).await, None);
}
