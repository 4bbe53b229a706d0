//! `POST /v1/user/{user_id}/verification`: what each outcome leaves behind, seen through both APIs.

use harness::{
    client::{Answer, Client},
    world::{Tenant, World},
};
use serde_json::{Value, json};
use shared::{auth::Role, domain::Mode};

use super::{id, make, path, reveal, version};

/// A user of both APIs: Palm's `id`, and what Didit shows of them.
pub(super) struct Person {
    pub(super) tenant: Tenant,
    pub(super) user: Value,
    didit: Client,
}

impl Person {
    pub(super) async fn new(mut body: Value) -> Self {
        let tenant = World::shared().tenant().await;
        let key = tenant.world.key(&tenant.keys, Mode::Test, Role::Owner).await;
        let didit = tenant.world.anonymous().header("x-api-key", key.expose_secret());
        body["vendor_data"] = json!("a");
        let made = didit.post("/v3/users/create/").json(body).send().await.expect(201).json();
        let user = json!({"id": made["didit_internal_id"]});
        Self { tenant, user, didit }
    }

    pub(super) fn id(&self) -> &str {
        id(&self.user)
    }

    pub(super) async fn record(&self, body: Value) -> Answer {
        record(&self.tenant.owner, &self.user, body).await
    }

    /// What Didit shows.
    pub(super) async fn seen(&self) -> Value {
        self.didit.get("/v3/users/a/").send().await.expect(200).json()
    }

    pub(super) async fn patch(&self, body: Value) -> Value {
        self.didit.patch("/v3/users/a/").json(body).send().await.expect(200).json()
    }

    /// How many sessions Didit counts: all, approved, declined, in review.
    pub(super) async fn counters(&self) -> [u64; 4] {
        let seen = self.seen().await;
        ["session_count", "approved_count", "declined_count", "in_review_count"]
            .map(|name| seen[name].as_u64().unwrap())
    }

    pub(super) async fn listed(&self, query: &str) -> Value {
        let list = self.didit.get(&format!("/v3/users/?{query}")).send().await;
        list.expect(200).json()["results"].clone()
    }

    pub(super) async fn last_event(&self) -> Value {
        self.tenant.events(self.id()).await.pop().unwrap()
    }
}

pub(super) async fn record(client: &Client, user: &Value, body: Value) -> Answer {
    client.post(&path(user, "/verification")).json(body).send().await
}

/// The least that a report says.
pub(super) fn report(session: &str, outcome: &str) -> Value {
    json!({
        "session_id": session, "workflow": {"name": "KYC Verification", "version": 1},
        "risk_level": "low", "outcome": outcome, "executed_at": "2024-01-15T10:30:00.000Z",
    })
}

/// A report with other members beside, or in place of, the least.
pub(super) fn with(session: &str, outcome: &str, members: Value) -> Value {
    let mut body = report(session, outcome);
    let Value::Object(members) = members else { panic!("{members} are no members") };
    body.as_object_mut().unwrap().extend(members);
    body
}

/// A report of everything that a session can establish.
pub(super) fn full(outcome: &str) -> Value {
    with(
        "550e8400-e29b-41d4-a716-446655440000",
        outcome,
        json!({
            "features": {"ID_VERIFICATION": "Approved", "LIVENESS": "Approved", "AML": "In Review"},
            "vault": {
                "identity.first_name": "Ann", "identity.last_name": "Lee",
                "identity.date_of_birth": "1990-01-15", "identity.email": "Ann@example.com",
                "identity.passport_number": "X1234567",
            },
            "approved_emails": ["second@example.com"], "approved_phones": ["+1 415 555 2671"],
            "issuing_state": "GBR", "executed_at": "2024-01-15T11:30:00.042+01:00",
        }),
    )
}

fn shown_verification() -> Value {
    json!({
        "id": "550e8400-e29b-41d4-a716-446655440000", "risk_level": "low",
        "workflow": {"name": "KYC Verification", "version": 1},
        "executed_at": "2024-01-15T10:30:00.042Z",
    })
}

#[tokio::test]
async fn an_approved_session_is_seen_through_both_apis() {
    let person = Person::new(json!({"full_name": "ann lee", "display_name": "Annie"})).await;
    let answer = person.record(full("approved")).await;
    let user = answer.expect(200).json();
    let keys: Vec<_> = user.as_object().unwrap().keys().cloned().collect();
    let all = [
        "created_at",
        "display_name",
        "email_fingerprint",
        "id",
        "metadata",
        "object",
        "phone_fingerprint",
        "status",
        "updated_at",
        "vault",
        "verification",
    ];
    assert_eq!((keys, version(&answer)), (all.map(str::to_owned).to_vec(), 2));
    assert_eq!(user["verification"], shown_verification());
    assert_eq!(user["vault"], json!({"identity.first_name": "Ann", "identity.last_name": "Lee"}));
    assert!(user["email_fingerprint"].is_string());
    assert_eq!(user["phone_fingerprint"], Value::Null, "an approved number is not the user's own");
    assert_eq!(person.tenant.owner.get(&path(&user, "")).send().await.json(), user);
    let shown = ["identity.date_of_birth", "identity.email", "identity.passport_number"];
    assert_eq!(
        reveal(&person.tenant.owner, &user, &shown).await,
        json!({"identity.date_of_birth": "1990-01-15", "identity.email": "Ann@example.com",
               "identity.passport_number": "X1234567"})
    );

    let seen = person.seen().await;
    for (member, expected) in [
        ("full_name", json!("Ann Lee")),
        ("display_name", json!("Annie")),
        ("date_of_birth", json!("1990-01-15")),
        ("session_count", json!(1)),
        ("approved_count", json!(1)),
        ("declined_count", json!(0)),
        ("in_review_count", json!(0)),
        ("issuing_states", json!(["GBR"])),
        ("approved_emails", json!(["second@example.com", "Ann@example.com"])),
        ("approved_phones", json!(["+14155552671"])),
        (
            "features",
            json!({"AML": "In Review", "ID_VERIFICATION": "Approved", "LIVENESS": "Approved"}),
        ),
        (
            "features_list",
            json!([
                {"feature": "AML", "status": "In Review"},
                {"feature": "ID_VERIFICATION", "status": "Approved"},
                {"feature": "LIVENESS", "status": "Approved"},
            ]),
        ),
        ("first_session_at", json!("2024-01-15T10:30:00Z")),
        ("last_session_at", json!("2024-01-15T10:30:00Z")),
        ("last_activity_at", json!("2024-01-15T10:30:00Z")),
        ("status", json!("ACTIVE")),
    ] {
        assert_eq!(seen[member], expected, "{member}");
    }
    let comment = &seen["comments"][0];
    assert_eq!(comment["comment_type"], "PROFILE_UPDATED");
    let mut fields: Vec<_> = comment["changed_fields"].as_array().unwrap().clone();
    fields.sort_by_key(Value::to_string);
    let established = [
        "approved_emails",
        "approved_phones",
        "date_of_birth",
        "email",
        "first_name",
        "full_name",
        "issuing_states",
        "last_name",
        "passport_number",
    ];
    assert_eq!(json!(fields), json!(established));
}

#[tokio::test]
async fn a_session_that_is_not_approved_establishes_nothing() {
    for (outcome, counters) in [("declined", [1, 0, 1, 0]), ("in_review", [1, 0, 0, 1])] {
        let person = Person::new(json!({"full_name": "Jo Doe"})).await;
        let user = person.record(full(outcome)).await.expect(200).json();
        assert_eq!(user["verification"], shown_verification(), "{outcome}");
        assert_eq!(user["vault"], json!({"identity.full_name": "Jo Doe"}), "{outcome}");
        assert_eq!(user["email_fingerprint"], Value::Null, "{outcome}");
        assert_eq!(person.counters().await, counters, "{outcome}");
        let seen = person.seen().await;
        for list in ["issuing_states", "approved_emails", "approved_phones", "comments"] {
            assert_eq!(seen[list], json!([]), "{outcome}: {list}");
        }
        assert_eq!(seen["date_of_birth"], Value::Null, "{outcome}");
        assert_eq!(seen["features"]["LIVENESS"], "Approved", "{outcome}");
        assert_eq!(seen["last_session_at"], "2024-01-15T10:30:00Z", "{outcome}");
        let item = person.tenant.user_item(person.id()).await;
        assert_eq!((&item["locked"], &item["sealed"]), (&Value::Null, &json!({})), "{outcome}");
        let event = person.last_event().await;
        let counter = format!("{outcome}_count");
        let mut fields = vec!["verification", "session_count", counter.as_str()];
        fields.extend(["features", "first_session_at", "last_session_at"]);
        assert_eq!(event["fields"], json!(fields), "{outcome}");
        let ignored = [
            "identity.date_of_birth",
            "identity.email",
            "identity.first_name",
            "identity.last_name",
            "identity.passport_number",
            "approved.emails",
            "approved.phones",
            "issuing_states",
        ];
        assert_eq!(event["ignored"], json!(ignored), "{outcome}");
    }
}

#[tokio::test]
async fn the_event_says_what_was_reported_and_holds_no_sealed_value() {
    let person = Person::new(json!({})).await;
    let answer = person.record(full("approved")).await;
    let event = person.last_event().await;
    assert_eq!(event["kind"], "user.verified");
    assert_eq!(event["operation"], "palm_record_verification");
    assert_eq!(event["request_id"].as_str(), answer.header("x-request-id"));
    assert_eq!(event["version"], 2);
    let fields = [
        "verification",
        "identity.date_of_birth",
        "identity.email",
        "identity.first_name",
        "identity.last_name",
        "identity.passport_number",
        "approved.emails",
        "approved.phones",
        "issuing_states",
        "session_count",
        "approved_count",
        "features",
        "first_session_at",
        "last_session_at",
    ];
    assert_eq!(event["fields"], json!(fields));
    let changes: Value = serde_json::from_str(event["changes"].as_str().unwrap()).unwrap();
    let name = |current: &str| json!({"previous": null, "current": current});
    assert_eq!(
        changes,
        json!({
            "verification": {"previous": null, "current": {
                "id": "550e8400-e29b-41d4-a716-446655440000", "outcome": "approved",
                "risk_level": "low", "workflow": {"name": "KYC Verification", "version": 1},
                "features": {"AML": "In Review", "ID_VERIFICATION": "Approved", "LIVENESS": "Approved"},
                "executed_at": "2024-01-15T10:30:00.042Z",
            }},
            "identity.first_name": name("Ann"), "identity.last_name": name("Lee"),
            "issuing_states": {"previous": [], "current": ["GBR"]},
            "session_count": {"previous": 0, "current": 1},
            "approved_count": {"previous": 0, "current": 1},
            "features": {"previous": {}, "current":
                {"AML": "In Review", "ID_VERIFICATION": "Approved", "LIVENESS": "Approved"}},
            "first_session_at": {"previous": null, "current": "2024-01-15T10:30:00Z"},
            "last_session_at": {"previous": null, "current": "2024-01-15T10:30:00Z"},
        })
    );
    let stored = person.tenant.items().await.iter().map(Value::to_string).collect::<String>();
    for value in ["1990-01-15", "nn@example", "second@", "4155552671", "X1234567"] {
        assert!(!stored.contains(value), "{value} is stored in clear");
    }
}

#[tokio::test]
async fn a_verified_user_is_found_by_contacts_and_country_and_sorted_by_risk_and_time() {
    let person = Person::new(json!({})).await;
    let owner = &person.tenant.owner;
    let other = make(owner, json!({})).await;
    person.record(full("approved")).await.expect(200);
    let found = async |query: Value| {
        let answer = owner.post("/v1/user/search").json(query).send().await.expect(200).json();
        let users = answer["data"].as_array().unwrap().clone();
        users.iter().map(|user| id(user).to_owned()).collect::<Vec<_>>()
    };
    let only = vec![person.id().to_owned()];
    for query in [
        json!({"email": "ANN@example.com"}),
        json!({"email": "second@example.com"}),
        json!({"email": "second@example.com", "sort": "name"}),
        json!({"phone": "+14155552671"}),
    ] {
        assert_eq!(found(query.clone()).await, only, "{query}");
    }
    assert_eq!(found(json!({"email": "third@example.com"})).await, Vec::<String>::new());
    for sort in ["risk_level", "last_verified"] {
        let descending = found(json!({"sort": sort, "order": "desc"})).await;
        assert_eq!(descending, [person.id(), id(&other)], "{sort}");
    }
    for query in ["country_code=GBR", "country_code=GB", "search=second@example.com"] {
        assert_eq!(person.listed(query).await.as_array().unwrap().len(), 1, "{query}");
    }
    assert_eq!(person.listed("").await[0]["vendor_data"], "a", "those with a session come first");
    assert_eq!(person.listed("last_activity_before=2024-02-01").await[0]["vendor_data"], "a");
}
