//! A restore, rehearsed as docs/operations.md has it: the tables' items, as they are, in tables of other names; the stack
//! pointed at them by parameters; the KMS key the one that it was.

use std::{path::Path, time::Duration};

use aws_sdk_dynamodb::types::{
    BillingMode, GlobalSecondaryIndex, StreamSpecification, StreamViewType, TimeToLiveSpecification,
};
use coffer::local::{Options, Stack};
use harness::{client::Client, world::template_path};
use serde_json::{Value, json};
use shared::{auth::Role, domain::Mode};
use tokio::time::{Instant, sleep};

use crate::receiver::Receiver;

async fn start(data_dir: &Path, parameters: &[(&str, &str)]) -> Stack {
    let mut options = Options::ephemeral(template_path());
    options.allow_local_webhooks = true;
    options.data_dir = Some(data_dir.to_owned());
    let parameters = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    options.parameters = parameters.collect();
    Stack::start(options).await.unwrap()
}

fn database(stack: &Stack) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::new(stack.sdk_config())
}

/// What AWS makes of a table's backup: a table of another name with the same keys, indexes and items, without a stream and
/// without a time to live. Then both are switched on, as the operator does. Answers the ARN of the new stream.
#[expect(clippy::disallowed_methods, reason = "a backup is of the whole table")]
async fn restore(stack: &Stack, from: &str, to: &str) -> String {
    let database = database(stack);
    let old = database.describe_table().table_name(from).send().await.unwrap().table.unwrap();
    let mut create = database
        .create_table()
        .table_name(to)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(old.key_schema.clone())
        .set_attribute_definitions(old.attribute_definitions.clone());
    for index in old.global_secondary_indexes() {
        let index = GlobalSecondaryIndex::builder()
            .index_name(index.index_name().unwrap())
            .set_key_schema(index.key_schema.clone())
            .set_projection(index.projection.clone());
        create = create.global_secondary_indexes(index.build().unwrap());
    }
    create.send().await.unwrap();
    let mut items = database.scan().table_name(from).into_paginator().items().send();
    let mut count = 0;
    while let Some(item) = items.next().await {
        let put = database.put_item().table_name(to).set_item(Some(item.unwrap()));
        put.send().await.unwrap();
        count += 1;
    }
    assert!(count > 0, "{from} has items");
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewAndOldImages);
    let update = database.update_table().table_name(to);
    update.stream_specification(stream.build().unwrap()).send().await.unwrap();
    let expiry = TimeToLiveSpecification::builder().enabled(true).attribute_name("ttl");
    let update = database.update_time_to_live().table_name(to);
    update.time_to_live_specification(expiry.build().unwrap()).send().await.unwrap();
    let new = database.describe_table().table_name(to).send().await.unwrap().table.unwrap();
    // The disaster that the backup was for.
    database.delete_table().table_name(from).send().await.unwrap();
    new.latest_stream_arn.unwrap()
}

#[expect(clippy::disallowed_methods, reason = "it must be empty")]
async fn count(stack: &Stack, table: &str) -> i32 {
    database(stack).scan().table_name(table).send().await.unwrap().count
}

/// Everything that can be read of one user, through two APIs.
async fn everything(palm: &Client, didit: &Client, id: &str) -> Value {
    let search = palm.post("/v1/user/search").json(json!({"email": "ada@example.com"}));
    let reveal = json!({"fields": ["identity.email"], "reason": "rehearsal"});
    let reveal = palm.post(&format!("/v1/user/{id}/vault/reveal")).json(reveal);
    json!({
        "get": palm.get(&format!("/v1/user/{id}")).send().await.expect(200).json(),
        "found": search.send().await.expect(200).json(),
        "revealed": reveal.send().await.expect(200).json(),
        "list": didit.get("/v3/users/?limit=2").send().await.expect(200).json(),
        "by_vendor_data": didit.get("/v3/users/made-by-didit/").send().await.expect(200).json(),
    })
}

async fn delivered(receiver: &Receiver, vendor_data: &str) {
    let started = Instant::now();
    while !receiver.delivered().iter().any(|it| it.json()["vendor_data"] == vendor_data) {
        assert!(started.elapsed() < Duration::from_secs(30), "no webhook of {vendor_data}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Clients of Palm's and Didit's APIs.
fn clients(stack: &Stack, key: &str) -> (Client, Client) {
    let client = || Client::new(stack.base_url());
    (client().bearer(key), client().header("x-api-key", key))
}

#[tokio::test]
async fn a_stack_goes_on_from_restored_tables_of_other_names() {
    let root = tempfile::tempdir().unwrap();
    let data_dir = root.path().join("data");
    let stack = start(&data_dir, &[]).await;
    let key = stack.credentials().api_key(Mode::Test, Role::Owner).unwrap().api_key.clone();
    let (palm, didit) = clients(&stack, &key);
    let receiver = Receiver::start().await;
    let destination = json!({
        "label": "mine", "url": receiver.url, "subscribed_events": ["user.data.updated"],
    });
    didit.post("/v3/webhook/destinations/").json(destination).send().await.expect(201);
    let vault = json!({"identity.first_name": "Ada", "identity.email": "ada@example.com"});
    let made = palm.post("/v1/user").json(json!({"display_name": "Ada", "vault": vault}));
    let made = made.send().await.expect(201).json();
    let id = made["id"].as_str().unwrap();
    let create = json!({"vendor_data": "made-by-didit", "full_name": "Jane Roe"});
    didit.post("/v3/users/create/").json(create).send().await.expect(201);
    delivered(&receiver, "made-by-didit").await;
    let before = everything(&palm, &didit, id).await;
    let stream = restore(&stack, "UsersTable", "RestoredUsers").await;
    restore(&stack, "KeysTable", "RestoredKeys").await;
    stack.shutdown().await;

    let parameters = [
        ("UsersTableName", "RestoredUsers"),
        ("UsersTableStreamArn", stream.as_str()),
        ("KeysTableName", "RestoredKeys"),
    ];
    let stack = start(&data_dir, &parameters).await;
    // The key of before the disaster.
    let (palm, didit) = clients(&stack, &key);
    assert_eq!(everything(&palm, &didit, id).await, before);
    let change = didit.patch("/v3/users/made-by-didit/").json(json!({"full_name": "Jane Doe"}));
    let changed = change.send().await.expect(200).json();
    assert_eq!(changed["full_name"], "Jane Doe");
    let create = didit.post("/v3/users/create/").json(json!({"vendor_data": "after"}));
    create.send().await.expect(201);
    delivered(&receiver, "after").await;
    let again = didit.post("/v3/users/create/").json(json!({"vendor_data": "made-by-didit"}));
    again.send().await.expect(400);
    for table in ["UsersTable", "KeysTable"] {
        assert_eq!(count(&stack, table).await, 0, "{table} of the stack's own is used");
    }
    stack.shutdown().await;
}
