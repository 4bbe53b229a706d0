//! `POST /v1/user/{user_id}/vault/reveal`

use harness::world::World;
use serde_json::{Value, json};

use super::{id, invalid, make, path};

fn stored() -> Value {
    json!({"vault": {
        "identity.first_name": "Ann", "identity.email": "Canary@Example.com", "identity.phone_number": "+1 (415) 555-2671",
        "identity.ssn": "222-23-3333", "custom.note": "canary note"
    }})
}

#[tokio::test]
async fn values_are_shown_as_they_are_stored_and_absent_ones_as_null() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, stored()).await;
    let fields = [
        "identity.first_name",
        "identity.email",
        "identity.phone_number",
        "identity.ssn",
        "custom.note",
        "identity.last_name",
        "identity.passport_number",
        "custom.never_set",
    ];
    let body = json!({"fields": fields, "reason": "a subject-access request"});
    let answer = tenant.owner.post(&path(&user, "/vault/reveal")).json(body).send().await;
    let expected = json!({
        "object": "vault_reveal",
        "user_id": id(&user),
        "fields": {
            "identity.first_name": "Ann", "identity.email": "Canary@Example.com",
            "identity.phone_number": "+14155552671", "identity.ssn": "222233333", "custom.note": "canary note",
            "identity.last_name": null, "identity.passport_number": null, "custom.never_set": null
        }
    });
    assert_eq!(answer.expect(200).json(), expected);
    assert_eq!(answer.header("etag"), Some("\"1\""));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_showing_is_written_down_with_the_fields_and_the_reason_and_never_a_value() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, stored()).await;
    let body = json!({"fields": ["identity.ssn", "identity.email", "identity.ssn"], "reason": "ticket 4711 🎫"});
    let answer = tenant.owner.post(&path(&user, "/vault/reveal")).json(body).send().await;
    assert_eq!(answer.expect(200).json()["fields"].as_object().unwrap().len(), 2);
    let events = tenant.events(id(&user)).await;
    assert_eq!(events.len(), 2, "{events:?}");
    let event = &events[1];
    assert_eq!(event["kind"], "user.revealed");
    assert_eq!(event["operation"], "palm_reveal_vault");
    assert_eq!(event["fields"], json!(["identity.ssn", "identity.email"]));
    assert_eq!(event["reason"], "ticket 4711 🎫");
    assert_eq!(event["request_id"].as_str(), answer.header("x-request-id"));
    assert!(event["actor"].as_str().unwrap().starts_with("key:"), "{event}");
    let text = tenant.items().await.iter().map(Value::to_string).collect::<String>();
    for value in ["222233333", "222-23-3333", "anary@", "canary note", "14155552671"] {
        assert!(!text.contains(value), "{value} is stored in clear");
    }
    // A showing is no change.
    assert_eq!(tenant.owner.get(&path(&user, "")).send().await.json(), user);
}

#[tokio::test]
async fn fields_and_reason_must_be_good_and_nothing_is_written_otherwise() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, stored()).await;
    let (one, many) = (json!(["identity.email"]), |n: usize| Value::from("é".repeat(n)));
    let before = tenant.items().await;
    let custom = |n: u32| Value::from((0..n).map(|n| format!("custom.f{n}")).collect::<Vec<_>>());
    let cases: [(&str, Value, &[&str]); 16] = [
        ("no members", json!({}), &["/reason", "/fields"]),
        ("no reason", json!({"fields": one}), &["/reason"]),
        ("no fields", json!({"reason": "x"}), &["/fields"]),
        ("null fields", json!({"reason": "x", "fields": null}), &["/fields"]),
        ("empty list", json!({"reason": "x", "fields": []}), &["/fields"]),
        (
            "unknown field",
            json!({"reason": "x", "fields": ["identity.email", "identity.emial"]}),
            &["/fields/1"],
        ),
        (
            "field of another type",
            json!({"reason": "x", "fields": [1, null, {}, "identity.email"]}),
            &["/fields/0", "/fields/1", "/fields/2"],
        ),
        ("101 fields", json!({"reason": "x", "fields": custom(101)}), &["/fields"]),
        ("empty reason", json!({"reason": "", "fields": one}), &["/reason"]),
        ("blank reason", json!({"reason": " \t\u{2003}", "fields": one}), &["/reason"]),
        ("long reason", json!({"reason": many(257), "fields": one}), &["/reason"]),
        ("null reason", json!({"reason": null, "fields": one}), &["/reason"]),
        ("reason of another type", json!({"reason": 1, "fields": one}), &["/reason"]),
        ("reason with NUL", json!({"reason": "a\0", "fields": one}), &["/reason"]),
        ("reason of two lines", json!({"reason": "a\nb", "fields": one}), &["/reason"]),
        ("unknown member", json!({"reason": "x", "fields": one, "why": "x"}), &["/why"]),
    ];
    for (case, body, pointers) in cases {
        let answer = tenant.owner.post(&path(&user, "/vault/reveal")).json(body).send().await;
        invalid(case, &answer, pointers);
    }
    assert_eq!(tenant.items().await, before);
    for (case, reason, fields) in
        [("one character", json!("x"), one.clone()), ("256 characters", many(256), custom(100))]
    {
        let body = json!({"reason": reason, "fields": fields});
        let answer = tenant.owner.post(&path(&user, "/vault/reveal")).json(body).send().await;
        assert_eq!(answer.status, 200, "{case}: {answer}");
    }
}

#[tokio::test]
async fn a_showing_of_nobody_writes_nothing() {
    let tenant = World::shared().tenant().await;
    let before = tenant.items().await;
    let absent = "/v1/user/00000000-0000-8000-8000-000000000000/vault/reveal";
    let request = tenant.owner.post(absent).header("idempotency-key", "k");
    let answer = request.json(json!({"fields": ["identity.email"], "reason": "x"})).send().await;
    answer.problem(404, "not_found");
    assert_eq!(tenant.items().await, before);
}
