//! `GET /v1/user/{user_id}/events`

use harness::{client::Client, world::World};
use serde_json::{Value, json};
use shared::{
    auth::Role,
    domain::{Mode, Status, Timestamp},
};
use time::Duration;

use super::{
    id, make, path, rewrite,
    verification::{Person, full, report},
};

async fn page(client: &Client, user: &Value, query: &str) -> Value {
    client.get(&path(user, &format!("/events{query}"))).send().await.expect(200).json()
}

fn types(page: &Value) -> Vec<&str> {
    let events = page["data"].as_array().unwrap();
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

const KEYS: [&str; 14] = [
    "actor",
    "created_at",
    "fields",
    "id",
    "ignored",
    "new_status",
    "object",
    "operation",
    "previous_status",
    "reason",
    "request_id",
    "type",
    "verification",
    "version",
];

#[tokio::test]
async fn every_kind_of_event_is_shown_newest_first_and_without_values() {
    let person = Person::new(json!({"full_name": "Ann", "date_of_birth": "1990-01-15"})).await;
    let tenant = &person.tenant;
    let key = tenant.world.key(&tenant.keys, Mode::Test, Role::Owner).await;
    let (owner, didit) = (
        tenant.world.anonymous().bearer(key.expose_secret()),
        tenant.world.anonymous().header("x-api-key", key.expose_secret()),
    );
    for (status, reason) in [("FLAGGED", "a hit"), ("BLOCKED", "fraud")] {
        let change = didit.patch("/v3/users/a/update-status/");
        change.json(json!({"status": status, "reason": reason})).send().await.expect(200);
    }
    let reveal = json!({"fields": ["identity.date_of_birth"], "reason": "ticket 1"});
    owner.post(&path(&person.user, "/vault/reveal")).json(reveal).send().await.expect(200);
    let recorded = owner.post(&path(&person.user, "/verification")).json(full("approved"));
    let recorded = recorded.send().await;
    let update = owner.patch(&path(&person.user, "/vault"));
    update.json(json!({"identity.email": "eve@example.com"})).send().await.expect(200);

    let shown = page(&owner, &person.user, "").await;
    let keys: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["data", "has_more", "next_cursor", "object"]);
    assert_eq!(
        (&shown["object"], &shown["has_more"], &shown["next_cursor"]),
        (&json!("list"), &json!(false), &Value::Null)
    );
    let expected = [
        "user.updated",
        "user.verified",
        "user.revealed",
        "user.status_changed",
        "user.status_changed",
        "user.created",
    ];
    assert_eq!(types(&shown), expected);
    let stored = tenant.events(person.id()).await;
    for (event, stored) in shown["data"].as_array().unwrap().iter().zip(stored.iter().rev()) {
        let keys: Vec<_> = event.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, KEYS, "{event}");
        assert_eq!((&event["object"], &event["id"]), (&json!("event"), &stored["event_id"]));
        let at = Timestamp::from_unix_millis(stored["at"].as_i64().unwrap());
        assert_eq!(event["created_at"], at.to_millis_string());
        for name in ["operation", "request_id", "fields", "version"] {
            assert_eq!(event[name], stored[name], "{name}");
        }
    }
    let [updated, verified, revealed, blocked, flagged, created] =
        serde_json::from_value::<[Value; 6]>(shown["data"].clone()).unwrap();
    let member = |event: &Value, names: [&str; 4]| names.map(|name| event[name].clone());
    let names = ["fields", "ignored", "reason", "verification"];
    let nothing = Value::Null;
    assert_eq!(
        member(&updated, names),
        [json!([]), json!(["identity.email"]), nothing.clone(), nothing.clone()]
    );
    assert_eq!(verified["actor"], json!({"kind": "api_key", "id": key.id}));
    assert_eq!(verified["request_id"].as_str(), recorded.header("x-request-id"));
    assert_eq!(
        verified["verification"],
        json!({
            "id": "550e8400-e29b-41d4-a716-446655440000", "previous_outcome": null,
            "outcome": "approved", "risk_level": "low",
            "workflow": {"name": "KYC Verification", "version": 1},
            "features": {"AML": "In Review", "ID_VERIFICATION": "Approved", "LIVENESS": "Approved"},
            "executed_at": "2024-01-15T10:30:00.042Z",
        })
    );
    let fields = json!(["identity.date_of_birth"]);
    assert_eq!(member(&revealed, names), [fields, json!([]), json!("ticket 1"), nothing.clone()]);
    assert_eq!(revealed["version"], nothing);
    let names = ["previous_status", "new_status", "reason", "type"];
    let change = |from: &str, to: &str, reason: &str| {
        [json!(from), json!(to), json!(reason), json!("user.status_changed")]
    };
    assert_eq!(member(&blocked, names), change("flagged", "suspended", "fraud"));
    assert_eq!(member(&flagged, names), change("active", "flagged", "a hit"));
    assert_eq!(
        member(&created, names),
        [nothing.clone(), nothing.clone(), nothing, json!("user.created")]
    );
    let text = shown.to_string();
    for value in ["1990-01-15", "@example.com", "4155552671", "X1234567", "\"Ann\"", "Lee"] {
        assert!(!text.contains(value), "{value} is shown");
    }
}

#[tokio::test]
async fn pages_hold_each_event_once() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    for n in 0..29 {
        let update = tenant.owner.patch(&path(&user, "")).json(json!({"metadata": {"n": n}}));
        update.send().await.expect(200);
    }
    let stored = tenant.events(id(&user)).await;
    let mut all: Vec<_> = stored.iter().map(|event| event["event_id"].clone()).collect();
    all.reverse();
    for (limit, sizes) in [
        ("limit=1", vec![1; 30]),
        ("limit=7", vec![7, 7, 7, 7, 2]),
        ("limit=10", vec![10, 10, 10]),
        ("limit=29", vec![29, 1]),
        ("limit=30", vec![30]),
        ("limit=100", vec![30]),
        ("", vec![25, 5]),
    ] {
        let (mut seen, mut query) = (vec![], format!("?{limit}"));
        for (number, size) in sizes.iter().enumerate() {
            let page = page(&tenant.owner, &user, &query).await;
            let events = page["data"].as_array().unwrap();
            assert_eq!(events.len(), *size, "{limit}, page {number}");
            seen.extend(events.iter().map(|event| event["id"].clone()));
            let last = number + 1 == sizes.len();
            assert_eq!((&page["has_more"], page["next_cursor"].is_null()), (&json!(!last), last));
            query = format!("?{limit}&cursor={}", page["next_cursor"].as_str().unwrap_or(""));
        }
        assert_eq!(seen, all, "{limit}");
    }
}

/// DynamoDB ends a page at a megabyte, which these are more than.
#[tokio::test]
async fn large_events_make_short_pages_and_none_is_left_out() {
    let person = Person::new(json!({})).await;
    for n in 0..16_u8 {
        let large = char::from(b'a' + n).to_string().repeat(60_000);
        person.patch(json!({"metadata": {"a": large}})).await;
    }
    let (mut events, mut query) = (0, "?limit=100".to_owned());
    for pages in 1.. {
        let page = page(&person.tenant.owner, &person.user, &query).await;
        events += page["data"].as_array().unwrap().len();
        if page["has_more"] == false {
            assert!(pages > 1);
            break;
        }
        query = format!("?limit=100&cursor={}", page["next_cursor"].as_str().unwrap());
    }
    assert_eq!(events, 17);
}

#[tokio::test]
async fn a_cursor_is_good_for_the_list_that_it_is_of() {
    let (tenant, other) = (World::shared().tenant().await, World::shared().tenant().await);
    let live = tenant.live_client(Role::Owner).await;
    let mut users = vec![];
    for client in [&tenant.owner, &tenant.owner, &other.owner, &live] {
        let user = make(client, json!({})).await;
        let change = client.patch(&path(&user, "")).json(json!({"display_name": "A"}));
        change.send().await.expect(200);
        users.push((client, user));
    }
    let (client, user) = &users[0];
    let cursor = page(client, user, "?limit=1").await["next_cursor"].clone();
    let cursor = cursor.as_str().unwrap();
    let flipped = cursor.replace(&cursor[20..21], if &cursor[20..21] == "A" { "B" } else { "A" });
    let search = tenant.owner.post("/v1/user/search").json(json!({"limit": 1})).send().await.json();
    let foreign = search["next_cursor"].as_str().unwrap().to_owned();
    let refused = async |client: &Client, user: &Value, query: &str, place: &str| {
        let answer = client.get(&path(user, &format!("/events?{query}"))).send().await;
        let problem = answer.problem(400, "validation_error");
        assert_eq!(problem["errors"][0]["parameter"], place, "{query}");
    };
    for (client, user) in &users[1..] {
        refused(client, user, &format!("cursor={cursor}"), "cursor").await;
    }
    for wrong in
        ["", "x", "crs_", "crs_AAAA", "%00", &flipped, &foreign, cursor.trim_start_matches("crs_")]
    {
        refused(client, user, &format!("cursor={wrong}"), "cursor").await;
    }
    for limit in ["", "0", "101", "-1", "1.5", "ten", "99999999999999999999"] {
        refused(client, user, &format!("limit={limit}"), "limit").await;
    }
    let next = page(client, user, &format!("?limit=50&cursor={cursor}")).await;
    assert_eq!(types(&next), ["user.created"]);
}

#[tokio::test]
async fn the_history_of_a_deleted_user_is_there_until_the_user_is_purged() {
    let person = Person::new(json!({})).await;
    person.record(report("s", "approved")).await.expect(200);
    let tenant = &person.tenant;
    let key = tenant.world.key(&tenant.keys, Mode::Test, Role::Owner).await;
    let didit = tenant.world.anonymous().header("x-api-key", key.expose_secret());
    let delete = didit.post("/v3/users/delete/").json(json!({"vendor_data_list": ["a"]}));
    delete.send().await.expect(200);
    let shown = page(&tenant.owner, &person.user, "").await;
    assert_eq!(types(&shown), ["user.deleted", "user.verified", "user.created"]);
    let deleted = &shown["data"][0];
    assert_eq!(
        [&deleted["previous_status"], &deleted["new_status"]],
        [&json!("active"), &json!("deleted")]
    );
    rewrite(tenant, person.id(), |user| {
        assert_eq!(user.status, Status::Deleted);
        user.purge_at = Some(Timestamp::now().plus(Duration::seconds(-1)));
    })
    .await;
    let gone = tenant.owner.get(&path(&person.user, "/events")).send().await;
    gone.problem(404, "not_found");
}
