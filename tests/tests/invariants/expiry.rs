//! What has expired is gone, even while DynamoDB has not removed it: that takes days.

use aws_sdk_dynamodb::{Client as DynamoDb, types::AttributeValue};
use harness::world::{TenantKeys, World};
use serde_json::json;
use shared::domain::{Mode, Timestamp};

use crate::tables::{Tables, USERS, key, partition, text};

async fn set_ttl(world: &World, pk: &str, sk: &str, seconds_from_now: i64) {
    let at = Timestamp::now().unix_seconds() + seconds_from_now;
    let update = DynamoDb::new(world.stack().sdk_config()).update_item().table_name(USERS);
    let update = update.set_key(Some(key(pk, sk))).update_expression("SET #ttl = :at");
    let update = update.expression_attribute_names("#ttl", "ttl");
    let update = update.expression_attribute_values(":at", AttributeValue::N(at.to_string()));
    world.run(async move { update.send().await.unwrap() }).await;
}

async fn tables(world: &World, tenant: &TenantKeys) -> Tables {
    Tables::of(world, &tenant.scope(Mode::Test)).await
}

#[tokio::test]
async fn a_user_whose_time_is_over_is_gone_everywhere() {
    let tenant = World::shared().tenant().await;
    let (world, client) = (tenant.world, &tenant.owner);
    let body = json!({
        "display_name": "Ada Lovelace",
        "vault": {"identity.email": "ada@example.com", "identity.ssn": "222233333"},
    });
    let user = client.post("/v1/user").json(body).send().await.expect(201).json();
    let at = |rest: &str| format!("/v1/user/{}{rest}", user["id"].as_str().unwrap());
    let pk = partition(&tenant.keys.scope(Mode::Test), user["id"].as_str().unwrap());
    let queries = [
        json!({}),
        json!({"sort": "name"}),
        json!({"email": "ada@example.com"}),
        json!({"ssn": "222233333", "sort": "name"}),
        json!({"display_name": "Ada"}),
    ];

    set_ttl(world, &pk, "U", 60).await;
    client.get(&at("")).send().await.expect(200);
    for query in &queries {
        let found = client.post("/v1/user/search").json(query.clone()).send().await;
        assert_eq!(found.expect(200).json()["data"][0]["id"], user["id"], "{query}");
    }

    set_ttl(world, &pk, "U", 0).await;
    let before = tables(world, &tenant.keys).await;
    let reveal = json!({"fields": ["identity.ssn"], "reason": "too late"});
    let session = json!({
        "session_id": "s", "workflow": {"name": "KYC", "version": 1}, "risk_level": "low",
        "outcome": "approved", "executed_at": "2024-01-15T10:30:00Z",
    });
    for request in [
        client.get(&at("")),
        client.get(&at("/events")),
        client.post(&at("/verification")).json(session.clone()),
        client.post(&at("/verification")).json(session).header("idempotency-key", "late"),
        client.patch(&at("")).json(json!({"display_name": "Grace"})),
        client.patch(&at("/vault")).json(json!({"custom.a": "b"})),
        client.post(&at("/vault/reveal")).json(reveal.clone()),
        client.post(&at("/vault/reveal")).json(reveal).header("idempotency-key", "late"),
    ] {
        request.send().await.problem(404, "not_found");
    }
    for query in queries {
        let found = client.post("/v1/user/search").json(query.clone()).send().await;
        assert_eq!(found.expect(200).json()["data"], json!([]), "{query}");
    }
    assert_eq!(tables(world, &tenant.keys).await, before, "nothing is written about who is gone");
}

#[tokio::test]
async fn an_idempotency_key_is_free_again_when_its_day_is_over() {
    let tenant = World::shared().tenant().await;
    let create = |name: &str| {
        let request = tenant.owner.post("/v1/user").header("idempotency-key", "of yesterday");
        request.json(json!({"display_name": name})).send()
    };
    let first = create("Ada").await.expect(201).json();
    create("Grace").await.problem(422, "idempotency_key_reused");
    let found = tables(tenant.world, &tenant.keys).await;
    let record = found.users.iter().find(|item| text(item, "sk") == "I").unwrap();
    set_ttl(tenant.world, text(record, "pk"), "I", 0).await;
    let second = create("Grace").await;
    assert_ne!(second.expect(201).json()["id"], first["id"]);
    assert_eq!(second.header("idempotent-replayed"), None);
    assert_eq!(create("Grace").await.header("idempotent-replayed"), Some("true"));
}
