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
    calls.iter().filter(|call| call.is_of_the_limiter()).count()
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

/// A function that has just started reads the window of a key once, writes it once, and removes what does not count any more:
/// the window is kept for as long as it tells when the key was last used.
#[tokio::test]
async fn a_first_use_is_a_read_and_a_write_and_clears_up() {
    let world = World::start();
    let tenant = world.own_tenant().await;
    let issued = world.key(&tenant, Mode::Test, Role::Reader).await;
    let pk = format!("T#{}#R#key:{}#read", tenant.scope(Mode::Test), issued.id);
    let now = Timestamp::now().unix_millis();
    let number = |value: i64| AttributeValue::N(value.to_string());
    let put = DynamoDb::new(world.stack().sdk_config()).put_item().table_name(USERS);
    let put = put.set_item(Some(key(&pk, "R"))).item("taken", number(41));
    let (old, late) = (now - 62_000, now - 5_000);
    let put = put.item(format!("s{}", old / 250), number(3)).item(format!("b{old}_7"), number(4));
    let put = put.item(format!("s{}", late / 250), number(5)).item("used_at", number(old));
    world.run(async move { put.send().await.unwrap() }).await;
    let functions = Cold::start(&world).await;
    let client = functions.client(issued.expose_secret());
    let mark = world.dynamodb.mark();
    client.get("/v1/vault/fields").send().await.expect(200);
    let mut calls = world.dynamodb.since(mark);
    calls.retain(Call::is_of_the_limiter);
    let operations: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
    assert_eq!(operations, ["GetItem", "UpdateItem"]);
    let get = DynamoDb::new(world.stack().sdk_config()).get_item().table_name(USERS);
    let get = get.set_key(Some(key(&pk, "R")));
    let item = world.run(async move { get.send().await.unwrap().item.unwrap() }).await;
    let value = |name: &str| item[name].as_n().unwrap().parse::<i64>().unwrap();
    assert_eq!((value("taken"), value(&format!("s{}", late / 250))), (42, 5));
    assert!((now..now + 20_000).contains(&value("used_at")));
    let mut names: Vec<_> = item.keys().filter(|name| name.len() > 8).cloned().collect();
    names.sort_unstable();
    assert_eq!(names.len(), 2, "two slices and no block: {names:?}");
    let days = (value("ttl") - Timestamp::now().unix_seconds()).div_euclid(86_400);
    assert!((399..=400).contains(&days), "{days}");
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
    calls.retain(|call| !call.is_of_the_limiter());
    let mut made: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
    made.sort_unstable();
    assert_eq!(made, ["BatchGetItem", "BatchGetItem", "Query"]);
    assert_eq!(depth(&calls), 2);
}
