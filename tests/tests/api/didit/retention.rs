//! How long what is left of a deleted user is kept.

use harness::world::{Tenant, World};
use serde_json::{Value, json};
use shared::{
    auth::Role,
    domain::{Timestamp, UserId},
};

use super::{NOT_FOUND, client, delete, detail, get, id, list, make, patch, refused, world};

const UNLIMITED: [(&str, &str); 2] =
    [("RateLimitReadsPerMinute", "1000000"), ("RateLimitWritesPerMinute", "1000000")];

/// Makes a user with everything a user can have, changes them and deletes them. Answers their id, and what is left.
async fn deleted(tenant: &Tenant) -> (String, Vec<Value>, [i64; 2]) {
    let owner = client(tenant, Role::Owner).await;
    let empty = tenant.items().await;
    let body = json!({
        "vendor_data": "a", "display_name": "Ann Bee Cee", "full_name": "Ann Lee", "date_of_birth": "1990-01-15",
        "approved_emails": ["a@example.com", "b@example.com"], "approved_phones": ["+14155552671"],
        "issuing_states": ["USA", "GBR"], "metadata": {"a": 1},
    });
    let user = make(&owner, body).await;
    for n in 0..3 {
        patch(&owner, "a", json!({"metadata": {"n": n}, "display_name": format!("Name{n}")}))
            .await
            .expect(200);
    }
    let now = || Timestamp::now().unix_seconds();
    let before = now();
    let answer = delete(&owner, json!({"vendor_data_list": ["a"]})).await;
    assert_eq!(answer.expect(200).json(), json!({"deleted": 1}));
    let mut items = tenant.items().await;
    items.retain(|item| !empty.contains(item));
    refused("get", &get(&owner, "a").await, 404, detail(NOT_FOUND));
    assert_eq!(list(&owner, "").await["count"], 0);
    (id(&user).to_owned(), items, [before, now()])
}

fn in_days(item: &Value, days: i64, [from, to]: [i64; 2]) {
    let ttl = item["ttl"].as_i64().unwrap_or_else(|| panic!("{item} stays for ever"));
    assert!((from + days * 86_400..=to + days * 86_400).contains(&ttl), "{item}");
}

fn kinds(id: &str, items: &[Value]) -> Vec<String> {
    let hex = UserId::parse_uuid(id).unwrap().to_hex();
    let kind = |item: &Value| {
        assert!(
            item["pk"].as_str().unwrap().ends_with(&format!("#U#{hex}")),
            "{item} is left over"
        );
        item["sk"].as_str().unwrap().chars().take(2).collect()
    };
    let mut kinds: Vec<String> = items.iter().map(kind).collect();
    kinds.sort();
    kinds
}

#[tokio::test]
async fn everything_goes_after_thirty_days_and_nothing_else_is_left() {
    let tenant = World::shared().tenant().await;
    let (id, items, at) = deleted(&tenant).await;
    assert_eq!(kinds(&id, &items), ["DE", "E#", "E#", "E#", "E#", "E#", "U"]);
    for item in &items {
        in_days(item, 30, at);
    }
}

#[tokio::test]
async fn the_period_is_the_deployments_to_choose() {
    let tenant = world(&[&UNLIMITED[..], &[("RetentionDays", "7")]].concat()).tenant().await;
    let (id, items, at) = deleted(&tenant).await;
    assert_eq!(kinds(&id, &items).len(), 7);
    for item in &items {
        in_days(item, 7, at);
    }
}

#[tokio::test]
async fn without_a_period_the_data_key_is_gone_at_once() {
    let tenant = world(&[&UNLIMITED[..], &[("RetentionDays", "0")]].concat()).tenant().await;
    let (id, items, at) = deleted(&tenant).await;
    assert_eq!(kinds(&id, &items), ["E#", "E#", "E#", "E#", "E#", "U"]);
    for item in &items {
        // Receivers of webhooks may have to be told of the deletion itself for more than a day.
        in_days(item, if item["kind"] == "user.deleted" { 2 } else { 0 }, at);
    }
    tenant.owner.get(&format!("/v1/user/{id}")).send().await.problem(404, "not_found");
    let owner = client(&tenant, Role::Owner).await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let again = delete(&owner, json!({"didit_internal_id_list": [id], "delete_all": true})).await;
    assert_eq!(again.expect(200).json(), json!({"deleted": 1}));
}

#[tokio::test]
async fn however_many_and_large_the_events_were_all_of_them_go() {
    let tenant = World::shared().tenant().await;
    let owner = client(&tenant, Role::Owner).await;
    let user = make(&owner, json!({"vendor_data": "a"})).await;
    // More than one page of DynamoDB's holds: each event has the value before and the one after.
    for n in 0..14_u8 {
        let large = char::from(b'a' + n).to_string().repeat(60_000);
        patch(&owner, "a", json!({"metadata": {"a": large}})).await.expect(200);
    }
    for n in 0..90 {
        patch(&owner, "a", json!({"metadata": {"n": n}})).await.expect(200);
    }
    delete(&owner, json!({"vendor_data_list": ["a"]})).await.expect(200);
    let events = tenant.events(id(&user)).await;
    assert_eq!(events.len(), 106);
    let forever: Vec<_> =
        events.iter().filter(|event| event["ttl"].is_null()).map(|event| &event["kind"]).collect();
    assert_eq!(forever, Vec::<&Value>::new());
}
