//! The local stack does by itself what AWS does.

use std::{path::Path, time::Duration};

use coffer::local::{Options, Stack};
use harness::{client::Client, world::template_path};
use serde_json::json;
use shared::{auth::Role, domain::Mode};
use tokio::time::{Instant, sleep};

use crate::receiver::Receiver;

async fn start(data_dir: Option<&Path>) -> (Stack, Client) {
    let mut options = Options::ephemeral(template_path());
    options.allow_local_webhooks = true;
    options.data_dir = data_dir.map(Path::to_owned);
    let stack = Stack::start(options).await.unwrap();
    let key = stack.credentials().api_key(Mode::Test, Role::Owner).unwrap().api_key.clone();
    let client = Client::new(stack.base_url()).header("x-api-key", &key);
    (stack, client)
}

async fn register(client: &Client, receiver: &Receiver) {
    let body = json!({
        "label": "mine", "url": receiver.url, "subscribed_events": ["user.data.updated"],
    });
    client.post("/v3/webhook/destinations/").json(body).send().await.expect(201);
}

async fn make(client: &Client, vendor_data: &str) {
    let create = client.post("/v3/users/create/").json(json!({"vendor_data": vendor_data}));
    create.send().await.expect(201);
}

/// Waits until the receiver has so many.
async fn arrived(receiver: &Receiver, count: usize) {
    let started = Instant::now();
    while receiver.delivered().len() < count {
        assert!(started.elapsed() < Duration::from_mins(2), "nothing arrived");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_webhook_arrives_by_itself() {
    let (stack, client) = start(None).await;
    let receiver = Receiver::start().await;
    register(&client, &receiver).await;
    make(&client, "first").await;
    arrived(&receiver, 1).await;
    make(&client, "second").await;
    arrived(&receiver, 2).await;
    assert_eq!(receiver.delivered()[1].json()["vendor_data"], "second");
    stack.shutdown().await;
}

#[tokio::test]
async fn what_was_waiting_is_delivered_after_a_restart() {
    let root = tempfile::tempdir().unwrap();
    let data_dir = root.path().join("data");
    let (stack, client) = start(Some(&data_dir)).await;
    let receiver = Receiver::start().await;
    register(&client, &receiver).await;
    receiver.answers(&[500]);
    make(&client, "first").await;
    arrived(&receiver, 1).await;
    stack.shutdown().await;
    // It is due a minute after it failed, and not because of the restart.
    let (stack, client) = start(Some(&data_dir)).await;
    let started = Instant::now();
    while receiver.delivered().len() < 2 {
        assert!(started.elapsed() < Duration::from_mins(2), "nothing arrived");
        assert_eq!(stack.tick("events_sweep").await, Some(true));
        sleep(Duration::from_millis(500)).await;
    }
    make(&client, "second").await;
    arrived(&receiver, 3).await;
    let names = receiver.delivered();
    let names: Vec<_> = names.iter().map(|it| it.json()["vendor_data"].clone()).collect();
    assert_eq!(names, [json!("first"), json!("first"), json!("second")]);
    stack.shutdown().await;
    let (stack, client) = start(Some(&data_dir)).await;
    make(&client, "third").await;
    arrived(&receiver, 4).await;
    assert_eq!(receiver.delivered()[3].json()["vendor_data"], "third", "nothing comes twice");
    stack.shutdown().await;
}
