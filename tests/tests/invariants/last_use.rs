//! That a key was used is written with what is written anyway: no request pays for it.

use std::time::Duration;

use aws_sdk_dynamodb::{Client as DynamoDb, types::AttributeValue};
use harness::{
    client::Client,
    cold::Cold,
    recorder::{Call, depth},
    world::World,
};
use serde_json::Value;
use shared::{
    auth::Role,
    domain::{Mode, Timestamp},
};

use crate::tables::{USERS, key};

/// The calls that the limiter makes for requests: how a window is written.
fn windows(calls: &[Call]) -> usize {
    calls.iter().filter(|call| call.request["Item"]["sk"]["S"] == "R").count()
}

async fn last_used(client: &Client, id: &str) -> Value {
    let listed = client.get("/v1/api-keys?limit=50").send().await.expect(200).json();
    let keys = listed["data"].as_array().unwrap().clone();
    keys.into_iter().find(|key| key["id"] == id).unwrap()["last_used_at"].clone()
}

#[tokio::test]
async fn a_use_costs_no_call_of_its_own() {
    let world = World::start();
    let tenant = world.own_tenant().await;
    let owner = world.client(&tenant, Role::Owner).await;
    let reader = world.key(&tenant, Mode::Test, Role::Reader).await;
    let client = world.anonymous().bearer(reader.expose_secret());
    assert_eq!(last_used(&owner, &reader.id).await, Value::Null);
    for (path, status) in [("/v1/vault/fields", 200), ("/v1/api-keys", 403)] {
        let mark = world.dynamodb.mark();
        client.get(path).send().await.expect(status);
        let calls = world.dynamodb.since(mark);
        let others = calls.len() - windows(&calls);
        assert_eq!(others, 1, "each function looks the key up, and that is all: {calls:?}");
    }
    let first = last_used(&owner, &reader.id).await;
    let age = Timestamp::now().unix_millis()
        - Timestamp::parse(first.as_str().unwrap()).unwrap().unix_millis();
    assert!((0..20_000).contains(&age), "{age}");
    // Of hundreds of requests a few write, and those that write are the limiter's.
    let mark = world.dynamodb.mark();
    for _request in 0..100 {
        client.get("/v1/vault/fields").send().await.expect(200);
    }
    let calls = world.dynamodb.since(mark);
    assert_eq!(windows(&calls), calls.len(), "{calls:?}");
    assert!(calls.len() <= 10, "{}", calls.len());
}

#[tokio::test]
async fn writes_are_uses_too_and_the_latest_counts() {
    let world = World::start();
    let tenant = world.own_tenant().await;
    let owner = world.client(&tenant, Role::Owner).await;
    let key = world.key(&tenant, Mode::Test, Role::Admin).await;
    let client = world.anonymous().bearer(key.expose_secret());
    client.post("/v1/user").json(serde_json::json!({})).send().await.expect(201);
    let written = last_used(&owner, &key.id).await;
    assert!(written.is_string());
    client.get("/v1/vault/fields").send().await.expect(200);
    let read = last_used(&owner, &key.id).await;
    assert!(read.as_str() > written.as_str(), "{read} and {written}");
}

/// The window of a key is kept for long. A function that has just started takes one that no longer counts for none: it
/// pays no second call for it, and no instance takes the new one for the one that it knew.
#[tokio::test]
async fn a_window_that_no_longer_counts_costs_nothing() {
    let world = World::start();
    let tenant = world.own_tenant().await;
    let issued = world.key(&tenant, Mode::Test, Role::Reader).await;
    let pk = format!("T#{}#R#key:{}#read", tenant.scope(Mode::Test), issued.id);
    let now = Timestamp::now().unix_millis();
    for (counts_until, expected) in [(now - 1, 1), (now + 3_600_000, 2)] {
        let number = |value: i64| AttributeValue::N(value.to_string());
        let put = DynamoDb::new(world.stack().sdk_config()).put_item().table_name(USERS);
        let put = put.set_item(Some(key(&pk, "R"))).item("version", number(7));
        let put = put.item("blocks", AttributeValue::L(vec![])).item("ttl", number(now));
        let put = put.item("counts_until", number(counts_until)).item("used_at", number(now));
        world.run(async move { put.send().await.unwrap() }).await;
        let client = Cold::start(&world).await;
        let mark = world.dynamodb.mark();
        let client = (client.client(issued.expose_secret()), client);
        client.0.get("/v1/vault/fields").send().await.expect(200);
        let calls = world.dynamodb.since(mark);
        assert_eq!(windows(&calls), expected, "{calls:?}");
        let last = calls.iter().rev().find(|call| call.request["Item"]["sk"]["S"] == "R").unwrap();
        let version: i64 = last.request["Item"]["version"]["N"].as_str().unwrap().parse().unwrap();
        if expected == 1 {
            assert!(version >= now, "a number that none had before it: {version}");
        } else {
            assert_eq!(version, 8);
        }
        let ttl: i64 = last.request["Item"]["ttl"]["N"].as_str().unwrap().parse().unwrap();
        let days = (ttl - Timestamp::now().unix_seconds()).div_euclid(86_400);
        assert!((399..=400).contains(&days), "{days}");
    }
}

#[tokio::test]
async fn a_page_of_keys_is_two_round_trips() {
    let world = World::start();
    let tenant = world.own_tenant().await;
    let owner = world.client(&tenant, Role::Owner).await;
    owner.get("/v1/api-keys").send().await.expect(200);
    world.dynamodb.set_latency(Duration::from_millis(50));
    let mark = world.dynamodb.mark();
    owner.get("/v1/api-keys").send().await.expect(200);
    let mut calls = world.dynamodb.since(mark);
    calls.retain(|call| call.request["Item"]["sk"]["S"] != "R");
    let mut made: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
    made.sort_unstable();
    assert_eq!(made, ["BatchGetItem", "BatchGetItem", "Query"]);
    assert_eq!(depth(&calls), 2);
}
