//! Several sessions, and several reports of one.

use harness::world::World;
use serde_json::{Value, json};

use super::{
    id, make, path,
    verification::{Person, full, record, report, with},
    version,
};

#[tokio::test]
async fn the_same_report_again_changes_nothing() {
    let person = Person::new(json!({})).await;
    let first = person.record(full("approved")).await;
    let items = person.tenant.items().await;
    let mut respelled = full("approved");
    respelled["executed_at"] = json!("2024-01-15T10:30:00.042Z");
    respelled["approved_phones"] = json!(["+14155552671"]);
    for body in [full("approved"), respelled] {
        let again = person.record(body).await;
        assert_eq!(again.expect(200).json(), first.json());
        assert_eq!(version(&again), version(&first));
        assert_eq!(again.header("idempotent-replayed"), None);
    }
    assert_eq!(person.tenant.items().await, items);
    assert_eq!(person.counters().await, [1, 1, 0, 0]);
}

#[tokio::test]
async fn every_member_makes_another_report_of_the_same_session() {
    let person = Person::new(json!({})).await;
    let mut events = 1;
    for members in [
        json!({}),
        json!({"outcome": "in_review"}),
        json!({"risk_level": "medium"}),
        json!({"workflow": {"name": "Other", "version": 1}}),
        json!({"workflow": {"name": "Other", "version": 2}}),
        json!({"features": {"NFC": "Approved"}}),
        json!({"vault": {"identity.ssn": "222233333"}}),
        json!({"vault": {"identity.ssn": "222233334"}}),
        json!({"approved_emails": ["a@example.com"]}),
        json!({"approved_phones": ["+14155552671"]}),
        json!({"issuing_state": "USA"}),
        json!({"executed_at": "2024-01-15T10:30:00.001Z"}),
    ] {
        let body = with("s", "approved", members.clone());
        person.record(body.clone()).await.expect(200);
        person.record(body).await.expect(200);
        events += 1;
        assert_eq!(person.tenant.events(person.id()).await.len(), events, "{members}");
        assert_eq!(person.counters().await[0], 1, "{members}");
    }
}

#[tokio::test]
async fn a_session_moves_from_one_counter_to_the_other() {
    let person = Person::new(json!({})).await;
    for (outcome, counters) in [
        ("in_review", [1, 0, 0, 1]),
        ("approved", [1, 1, 0, 0]),
        ("declined", [1, 0, 1, 0]),
        ("in_review", [1, 0, 0, 1]),
        ("declined", [1, 0, 1, 0]),
        ("approved", [1, 1, 0, 0]),
    ] {
        person.record(report("s", outcome)).await.expect(200);
        assert_eq!(person.counters().await, counters, "{outcome}");
    }
    person.record(report("t", "declined")).await.expect(200);
    assert_eq!(person.counters().await, [2, 1, 1, 0]);
    let event = person.last_event().await;
    let changes: Value = serde_json::from_str(event["changes"].as_str().unwrap()).unwrap();
    assert_eq!(
        changes["verification"]["previous"],
        Value::Null,
        "another session's is not its own"
    );
    person.record(report("t", "approved")).await.expect(200);
    let event = person.last_event().await;
    let changes: Value = serde_json::from_str(event["changes"].as_str().unwrap()).unwrap();
    assert_eq!(changes["verification"]["previous"], json!({"outcome": "declined"}));
}

#[tokio::test]
async fn the_latest_session_is_shown_however_late_others_are_reported() {
    let person = Person::new(json!({})).await;
    let at = |session: &str, day: u8, features: Value| {
        let executed_at = format!("2024-01-{day:02}T10:30:00.500Z");
        with(session, "approved", json!({"executed_at": executed_at, "features": features}))
    };
    let shown = async |body: Value| {
        person.record(body).await.expect(200).json()["verification"]["id"].clone()
    };
    let low = json!({"AML": "Declined", "NFC": "Declined"});
    assert_eq!(shown(at("b", 10, json!({"AML": "Approved"}))).await, "b");
    assert_eq!(shown(at("a", 5, low)).await, "b");
    let seen = person.seen().await;
    assert_eq!(seen["features"], json!({"AML": "Approved", "NFC": "Declined"}));
    assert_eq!(seen["first_session_at"], "2024-01-05T10:30:00Z");
    assert_eq!(seen["last_session_at"], "2024-01-10T10:30:00Z");
    assert_eq!(shown(at("c", 20, json!({"NFC": "Not Finished"}))).await, "c");
    let seen = person.seen().await;
    assert_eq!(seen["features"], json!({"AML": "Approved", "NFC": "Not Finished"}));
    assert_eq!(seen["last_session_at"], "2024-01-20T10:30:00Z");
    assert_eq!(person.counters().await, [3, 3, 0, 0]);
}

#[tokio::test]
async fn a_report_that_is_older_than_the_recorded_one_is_refused() {
    let person = Person::new(json!({})).await;
    person.record(report("s", "approved")).await.expect(200);
    let before = person.tenant.items().await;
    let late = with("s", "in_review", json!({"executed_at": "2024-01-15T10:29:59.999Z"}));
    let answer = person.record(late).await;
    super::invalid("older", &answer, &["/executed_at"]);
    assert_eq!(person.tenant.items().await, before);
}

#[tokio::test]
async fn a_session_id_is_one_users_own() {
    let tenant = World::shared().tenant().await;
    let (one, two) = (make(&tenant.owner, json!({})).await, make(&tenant.owner, json!({})).await);
    for user in [&one, &two] {
        let shown = record(&tenant.owner, user, report("s", "approved")).await.expect(200).json();
        assert_eq!(shown["verification"]["id"], "s");
        assert_eq!(shown["id"], id(user));
    }
}

/// The key stands for the request, as the session's id does for the session.
#[tokio::test]
async fn an_idempotency_key_is_good_for_one_report() {
    let person = Person::new(json!({})).await;
    let send = async |key: &str, body: Value| {
        let request = person.tenant.owner.post(&path(&person.user, "/verification"));
        request.header("idempotency-key", key).json(body).send().await
    };
    let first = send("k", report("s", "in_review")).await;
    first.expect(200);
    person.record(report("s", "approved")).await.expect(200);
    let replay = send("k", report("s", "in_review")).await;
    assert_eq!(replay.expect(200).header("idempotent-replayed"), Some("true"));
    assert_eq!(version(&replay), 3, "the present is shown, and nothing is done");
    assert_eq!(person.counters().await, [1, 1, 0, 0]);
    send("k", report("s", "approved")).await.problem(422, "idempotency_key_reused");
    // A report that changes nothing uses its key up too.
    let same = send("l", report("s", "approved")).await;
    assert_eq!((same.expect(200).header("idempotent-replayed"), version(&same)), (None, 3));
    let again = send("l", report("s", "approved")).await;
    assert_eq!(again.expect(200).header("idempotent-replayed"), Some("true"));
    send("l", report("t", "approved")).await.problem(422, "idempotency_key_reused");
    assert_eq!(person.tenant.events(person.id()).await.len(), 3);
}

#[tokio::test]
async fn everything_of_a_deleted_user_goes_with_them() {
    let person = Person::new(json!({})).await;
    for session in ["s", "t"] {
        person.record(report(session, "approved")).await.expect(200);
    }
    let key = person.tenant.world.key(&person.tenant.keys, shared::domain::Mode::Test, OWNER).await;
    let didit = person.tenant.world.anonymous().header("x-api-key", key.expose_secret());
    let delete = didit.post("/v3/users/delete/").json(json!({"vendor_data_list": ["a"]}));
    delete.send().await.expect(200);
    person.record(report("u", "approved")).await.problem(404, "not_found");
    let mut sessions = 0;
    for item in person.tenant.items().await {
        let own = item["pk"].as_str().unwrap().contains("#U#");
        assert!(!own || item["ttl"].is_i64(), "{item} stays for ever");
        sessions += usize::from(item["sk"].as_str().unwrap().starts_with("V#"));
    }
    assert_eq!(sessions, 2);
}

const OWNER: shared::auth::Role = shared::auth::Role::Owner;
