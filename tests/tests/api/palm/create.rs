//! `POST /v1/user`

use harness::world::World;
use serde_json::{Value, json};
use shared::auth::Role;

use super::{id, make, path};

const DOCUMENTED: [&str; 11] = [
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

fn documented_request() -> Value {
    json!({
        "metadata": {"external_id": "user_789_in_my_system", "customer_tier": "standard", "signup_source": "web"},
        "display_name": "John Doe",
        "vault": {
            "identity.first_name": "John",
            "identity.last_name": "Doe",
            "identity.email": "john.doe@example.com",
            "identity.date_of_birth": "1990-01-15"
        }
    })
}

fn is_fingerprint(value: &Value) -> bool {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    value.as_str().is_some_and(|text| text.len() == 64 && text.chars().all(hex))
}

#[tokio::test]
async fn the_documented_request_makes_a_user_with_exactly_the_documented_members() {
    let tenant = World::shared().tenant().await;
    let answer = tenant.owner.post("/v1/user").json(documented_request()).send().await;
    let user = answer.expect(201).json();
    assert_eq!(user.as_object().unwrap().keys().collect::<Vec<_>>(), DOCUMENTED);
    assert_eq!(user["object"], "user");
    assert_eq!(user["status"], "active");
    assert_eq!(user["display_name"], "John Doe");
    assert_eq!(user["metadata"], documented_request()["metadata"]);
    assert_eq!(user["vault"], json!({"identity.first_name": "John", "identity.last_name": "Doe"}));
    assert!(is_fingerprint(&user["email_fingerprint"]), "{user}");
    assert_eq!(user["phone_fingerprint"], Value::Null);
    assert_eq!(user["verification"], Value::Null);
    assert_eq!(user["updated_at"], user["created_at"]);
    let created_at = user["created_at"].as_str().unwrap();
    assert!(created_at.len() == 20 && created_at.ends_with('Z'), "{created_at}");
    assert_eq!(answer.header("etag"), Some("\"1\""));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));

    let read = tenant.owner.get(&path(&user, "")).send().await;
    assert_eq!(read.expect(200).json(), user);
    assert_eq!(read.header("etag"), Some("\"1\""));
}

#[tokio::test]
async fn an_empty_object_and_nulls_make_an_empty_user() {
    let tenant = World::shared().tenant().await;
    let bodies = [
        json!({}),
        json!({"display_name": null, "metadata": null, "vault": null}),
        json!({"metadata": {"gone": null}, "vault": {"identity.email": null, "custom.a": null}}),
    ];
    for body in bodies {
        let user = make(&tenant.owner, body.clone()).await;
        assert_eq!(user.as_object().unwrap().keys().collect::<Vec<_>>(), DOCUMENTED, "{body}");
        for name in ["display_name", "email_fingerprint", "phone_fingerprint", "verification"] {
            assert_eq!(user[name], Value::Null, "{name} after {body}");
        }
        for name in ["metadata", "vault"] {
            assert_eq!(user[name], json!({}), "{name} after {body}");
        }
    }
}

#[tokio::test]
async fn a_fingerprint_is_of_the_value_the_tenant_and_the_mode() {
    let (tenant, other) = (World::shared().tenant().await, World::shared().tenant().await);
    let live = tenant.live_client(Role::Owner).await;
    let with = |email: &str| json!({"vault": {"identity.email": email, "identity.phone_number": "+1 415 555 2671"}});
    let first = make(&tenant.owner, with("john.doe@example.com")).await;
    let same = make(&tenant.owner, with(" John.DOE@example.COM ")).await;
    let another = make(&tenant.owner, with("jane.doe@example.com")).await;
    assert_ne!(id(&first), id(&same));
    assert!(is_fingerprint(&first["phone_fingerprint"]), "{first}");
    assert_eq!(first["email_fingerprint"], same["email_fingerprint"]);
    assert_ne!(first["email_fingerprint"], another["email_fingerprint"]);
    assert_ne!(first["email_fingerprint"], first["phone_fingerprint"]);
    for (whose, client) in [("another tenant", &other.owner), ("the other mode", &live)] {
        let foreign = make(client, with("john.doe@example.com")).await;
        for kind in ["email_fingerprint", "phone_fingerprint"] {
            assert_ne!(first[kind], foreign[kind], "{kind} in {whose}");
        }
    }
}

#[tokio::test]
async fn what_was_made_stands_in_one_event_without_a_sealed_value() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, documented_request()).await;
    let events = tenant.events(id(&user)).await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["kind"], "user.created");
    assert_eq!(events[0]["operation"], "palm_create_user");
    assert_eq!(events[0]["version"], 1);
    let mut fields: Vec<_> =
        events[0]["fields"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "display_name",
            "identity.date_of_birth",
            "identity.email",
            "identity.first_name",
            "identity.last_name",
            "metadata"
        ]
    );
    let stored = tenant.items().await.iter().map(Value::to_string).collect::<String>();
    assert!(
        stored.contains("John") && !stored.contains("john.doe") && !stored.contains("1990-01-15")
    );
}
