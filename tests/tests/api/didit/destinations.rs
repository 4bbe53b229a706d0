//! `/v3/webhook/destinations/…`: where events are sent.

mod roles;

use harness::client::{Answer, Client};
use serde_json::{Value, json};
use shared::{auth::Role, domain::Mode};

use super::{client_of, detail, owner, refused};

const BASE: &str = "/v3/webhook/destinations/";
const MISSING: &str = "Webhook destination not found.";

fn at(uuid: &str) -> String {
    format!("{BASE}{uuid}/")
}

async fn post(client: &Client, body: Value) -> Answer {
    client.post(BASE).json(body).send().await
}

async fn register(client: &Client, url: &str) -> Value {
    post(client, json!({"label": "x", "url": url})).await.expect(201).json()
}

fn uuid(destination: &Value) -> &str {
    destination["uuid"].as_str().unwrap_or_else(|| panic!("{destination}"))
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

const DETAIL: [&str; 9] = [
    "created_at",
    "enabled",
    "label",
    "subscribed_events",
    "summary",
    "updated_at",
    "url",
    "uuid",
    "webhook_version",
];

#[tokio::test]
async fn a_destination_is_made_with_a_secret_that_is_shown_once() {
    let (_tenant, owner) = owner().await;
    let made = post(
        &owner,
        json!({
            "label": "Prod", "url": "https://example.com/hook", "enabled": false,
            "webhook_version": "v2", "subscribed_events": ["user.data.updated", "transaction.created"],
            "unknown": 1,
        }),
    )
    .await;
    let mut made = made.expect(201).json();
    let secret = made.as_object_mut().unwrap().remove("secret_shared_key").unwrap();
    let secret = secret.as_str().unwrap();
    assert_eq!(secret.len(), 43);
    assert!(secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    assert_eq!(keys(&made), DETAIL);
    assert_eq!(made["label"], "Prod");
    assert_eq!(made["url"], "https://example.com/hook");
    assert_eq!((&made["enabled"], &made["webhook_version"]), (&json!(false), &json!("v2")));
    assert_eq!(made["subscribed_events"], json!(["user.data.updated", "transaction.created"]));
    assert_eq!(made["created_at"], made["updated_at"]);
    let summary = json!({
        "total_deliveries": 0, "failed_deliveries": 0, "error_rate_percentage": 0.0,
        "min_response_time_ms": null, "avg_response_time_ms": null, "max_response_time_ms": null,
        "last_delivery_at": null,
    });
    assert_eq!(made["summary"], summary);
    assert_eq!(owner.get(&at(uuid(&made))).send().await.expect(200).json(), made);

    let plain = register(&owner, "https://example.com/plain").await;
    assert_eq!((&plain["enabled"], &plain["webhook_version"]), (&json!(true), &json!("v3")));
    assert_eq!(plain["subscribed_events"], json!([]));
    assert_ne!(plain["secret_shared_key"], secret);
}

#[tokio::test]
async fn the_list_is_oldest_first_and_without_secrets() {
    let (_tenant, owner) = owner().await;
    assert_eq!(owner.get(BASE).send().await.expect(200).json(), json!([]));
    let mut made = vec![];
    for n in 0..12 {
        made.push(register(&owner, &format!("https://example.com/{n}")).await);
    }
    let list = owner.get(BASE).send().await.expect(200).json();
    let rows = list.as_array().unwrap();
    let ids: Vec<_> = rows.iter().map(uuid).collect();
    assert_eq!(ids, made.iter().map(uuid).collect::<Vec<_>>());
    assert_eq!(
        keys(&rows[0]),
        [
            "average_response_time_ms",
            "created_at",
            "deliveries_count",
            "enabled",
            "error_rate_percentage",
            "failed_deliveries_count",
            "label",
            "last_delivery_at",
            "subscribed_events",
            "subscribed_events_count",
            "updated_at",
            "url",
            "uuid",
            "webhook_version",
        ]
    );
    for destination in &made {
        let secret = destination["secret_shared_key"].as_str().unwrap();
        assert!(!list.to_string().contains(secret));
    }
}

#[tokio::test]
async fn a_url_belongs_to_one_destination_at_a_time() {
    let (tenant, owner) = owner().await;
    let (first, other) = ("https://example.com/a", "https://example.com/b");
    let destination = register(&owner, first).await;
    let taken = json!({"url": ["This webhook destination already exists for the application."]});
    for same in [first, "https://EXAMPLE.com:443/a", "https://example.com/x/../a#fragment"] {
        refused(same, &post(&owner, json!({"label": "y", "url": same})).await, 400, taken.clone());
    }
    let live = client_of(&tenant, Mode::Live, Role::Owner).await;
    register(&live, first).await;
    register(&super::owner().await.1, first).await;

    let second = register(&owner, other).await;
    let patch = |url: &str| owner.patch(&at(uuid(&second))).json(json!({ "url": url }));
    refused("patch", &patch(first).send().await, 400, taken.clone());
    assert_eq!(patch(other).send().await.expect(200).json()["url"], other);
    let moved = patch("https://example.com/c").send().await.expect(200).json();
    assert_eq!(moved["url"], "https://example.com/c");
    register(&owner, other).await;
    owner.delete(&at(uuid(&destination))).send().await.expect(204);
    register(&owner, first).await;
}

#[tokio::test]
async fn a_destination_is_changed_and_removed() {
    let (_tenant, owner) = owner().await;
    let mut made = register(&owner, "https://example.com/").await;
    made.as_object_mut().unwrap().remove("secret_shared_key");
    let place = at(uuid(&made));
    let patch = |body: Value| owner.patch(&place).json(body);
    let change = json!({
        "label": "new", "enabled": false, "webhook_version": "v1",
        "subscribed_events": ["user.status.updated"],
    });
    let changed = patch(change.clone()).send().await.expect(200).json();
    for (name, value) in change.as_object().unwrap() {
        assert_eq!(&changed[name], value);
    }
    assert_eq!(keys(&changed), DETAIL);
    assert_eq!(changed["created_at"], made["created_at"]);
    let replaced = patch(json!({"subscribed_events": ["user.data.updated"]})).send().await;
    assert_eq!(replaced.expect(200).json()["subscribed_events"], json!(["user.data.updated"]));
    assert_eq!(patch(json!({})).send().await.expect(200).json()["label"], "new");

    let deleted = owner.delete(&place).send().await;
    assert!(deleted.expect(204).body.is_empty());
    for request in [owner.delete(&place), owner.get(&place), patch(json!({}))] {
        refused("gone", &request.send().await, 404, detail(MISSING));
    }
    assert_eq!(owner.get(BASE).send().await.expect(200).json(), json!([]));
}

#[tokio::test]
async fn what_is_wrong_is_said_of_each_member() {
    let (tenant, owner) = owner().await;
    let good = register(&owner, "https://example.com/good").await;
    let before = tenant.items().await;
    let events = |message: &str| json!({"subscribed_events": [message]});
    let cases = [
        (
            json!({}),
            json!({"label": ["This field is required."], "url": ["This field is required."]}),
        ),
        (
            json!({"label": null, "url": null}),
            json!({"label": ["This field may not be null."], "url": ["This field may not be null."]}),
        ),
        (
            json!({"label": " ", "url": ""}),
            json!({"label": ["This field may not be blank."], "url": ["This field may not be blank."]}),
        ),
        (
            json!({"label": "x".repeat(256), "url": "https://example.com/"}),
            json!({"label": ["Ensure this field has no more than 255 characters."]}),
        ),
    ];
    for (body, expected) in cases {
        refused(&body.to_string(), &post(&owner, body.clone()).await, 400, expected);
    }
    for (body, expected) in [
        (json!({"url": "example.com"}), json!({"url": ["Enter a valid URL."]})),
        (json!({"url": null}), json!({"url": ["This field may not be null."]})),
        (json!({"label": null}), json!({"label": ["This field may not be null."]})),
        (json!({"enabled": "yes"}), json!({"enabled": ["Must be a valid boolean."]})),
        (
            json!({"webhook_version": "v4"}),
            json!({"webhook_version": ["\"v4\" is not a valid choice."]}),
        ),
        (
            json!({"webhook_version": null}),
            json!({"webhook_version": ["\"null\" is not a valid choice."]}),
        ),
        (json!({"subscribed_events": []}), events("At least one subscribed event is required.")),
        (json!({"subscribed_events": null}), events("Expected a list of items.")),
        (json!({"subscribed_events": "user.data.updated"}), events("Expected a list of items.")),
        (json!({"subscribed_events": ["foo.bar"]}), events("Unsupported webhook events: foo.bar")),
        (
            json!({"subscribed_events": ["user.*", "user.data.updated", 7]}),
            events("Unsupported webhook events: user.*, 7"),
        ),
        (
            json!({"subscribed_events": ["User.data.updated"]}),
            events("Unsupported webhook events: User.data.updated"),
        ),
        (
            json!({"subscribed_events": ["data.updated", "data.updated"]}),
            events("Subscribed events must be unique."),
        ),
    ] {
        let patch = owner.patch(&at(uuid(&good))).json(body.clone()).send().await;
        refused(&body.to_string(), &patch, 400, expected.clone());
        let mut whole = json!({"label": "x", "url": "https://example.com/new"});
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        refused(&whole.to_string(), &post(&owner, whole.clone()).await, 400, expected);
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn there_are_at_most_fifty() {
    let (_tenant, owner) = owner().await;
    let mut made = vec![];
    for n in 0..50 {
        made.push(register(&owner, &format!("https://example.com/{n}")).await);
    }
    let one_more = json!({"label": "x", "url": "https://example.com/more"});
    let message = "At most 50 webhook destinations are allowed.";
    let refusal = json!({"non_field_errors": [message]});
    refused("51st", &post(&owner, one_more.clone()).await, 400, refusal);
    owner.delete(&at(uuid(&made[7]))).send().await.expect(204);
    post(&owner, one_more).await.expect(201);
}
