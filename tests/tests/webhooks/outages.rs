//! Servers and receivers that are away for a while, behind a stack that does what AWS does by itself.

use std::{net::TcpListener, time::Duration};

use coffer::local::{EmbeddedSqs, Options, Stack};
use harness::{
    client::Client,
    recorder::{Fault, FaultKind, Recorder},
    world::template_path,
};
use serde_json::{Value, json};
use shared::{auth::Role, domain::Mode};
use tokio::time::{Instant, sleep};

use crate::receiver::Receiver;

/// A stack whose queues are behind a recorder, by a template with other words in place of some.
struct Site {
    stack: Stack,
    client: Client,
    sqs: Recorder,
    _queues: EmbeddedSqs,
    _directory: tempfile::TempDir,
}

async fn open(changes: &[(&str, &str)]) -> Site {
    let directory = tempfile::tempdir().unwrap();
    let mut template = std::fs::read_to_string(template_path()).unwrap();
    for (from, to) in changes {
        assert!(template.contains(from), "{from}");
        template = template.replace(from, to);
    }
    let path = directory.path().join("template.yaml");
    std::fs::write(&path, template).unwrap();
    let queues = EmbeddedSqs::start(None).await.unwrap();
    let sqs = Recorder::start(queues.endpoint().to_owned());
    let mut options = Options::ephemeral(path);
    options.allow_local_webhooks = true;
    options.sqs_endpoint = Some(sqs.endpoint());
    let stack = Stack::start(options).await.unwrap();
    let key = stack.credentials().api_key(Mode::Test, Role::Owner).unwrap().api_key.clone();
    let client = Client::new(stack.base_url()).header("x-api-key", &key);
    Site { stack, client, sqs, _queues: queues, _directory: directory }
}

impl Site {
    async fn register(&self, url: &str) {
        let body = json!({"label": "mine", "url": url, "subscribed_events": ["user.data.updated"]});
        self.client.post("/v3/webhook/destinations/").json(body).send().await.expect(201);
    }

    async fn make(&self, vendor_data: &str) {
        let create = self.client.post("/v3/users/create/");
        create.json(json!({"vendor_data": vendor_data})).send().await.expect(201);
    }

    async fn failures(&self) -> Vec<Value> {
        let client = aws_sdk_sqs::Client::new(self.stack.sdk_config());
        let url = client.get_queue_url().queue_name("StreamFailureQueue").send().await.unwrap();
        let request = client.receive_message().set_queue_url(url.queue_url);
        let messages = request.max_number_of_messages(10).send().await.unwrap().messages;
        let messages = messages.unwrap_or_default().into_iter();
        messages.map(|it| serde_json::from_str(it.body().unwrap()).unwrap()).collect()
    }
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < Duration::from_secs(45), "{what}");
        sleep(Duration::from_millis(10)).await;
    }
}

fn names(receiver: &Receiver) -> Vec<String> {
    let delivered = receiver.delivered();
    let mut names: Vec<_> =
        delivered.iter().map(|it| it.json()["vendor_data"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

#[tokio::test]
async fn every_event_arrives_although_the_queues_were_away() {
    let site = open(&[]).await;
    let receiver = Receiver::start().await;
    site.register(&receiver.url).await;
    site.make("a").await;
    until("the first arrives", async || receiver.delivered().len() == 1).await;
    let mark = site.sqs.mark();
    site.sqs.inject(Fault::new(FaultKind::InternalError).always());
    for name in ["b", "c", "d", "e", "f", "g", "h", "i", "j", "k"] {
        site.make(name).await;
    }
    let sends = async || {
        let calls = site.sqs.since(mark);
        calls.iter().filter(|call| call.operation.starts_with("SendMessage")).count() >= 6
    };
    until("it is tried more than once", sends).await;
    site.sqs.clear_faults();
    until("all arrive", async || names(&receiver).len() == 11).await;
    assert_eq!(site.failures().await, Vec::<Value>::new());
    site.stack.shutdown().await;
}

#[tokio::test]
async fn what_is_given_up_stands_in_the_failure_queue() {
    let site = open(&[("MaximumRetryAttempts: 50", "MaximumRetryAttempts: 1")]).await;
    let receiver = Receiver::start().await;
    site.register(&receiver.url).await;
    site.sqs.inject(Fault::new(FaultKind::InternalError).on("SendMessageBatch").always());
    site.make("lost").await;
    let mut told = vec![];
    until("it is told", async || {
        told.extend(site.failures().await);
        !told.is_empty()
    })
    .await;
    site.sqs.clear_faults();
    assert_eq!(told[0]["requestContext"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(told[0]["DDBStreamBatchInfo"]["batchSize"], 1);
    site.make("next").await;
    until("the stream goes on", async || !receiver.delivered().is_empty()).await;
    assert_eq!(names(&receiver), ["next"]);
    site.stack.shutdown().await;
}

/// Ten deliveries to the silent one take as long as its time-outs; one batch after the other, eighty would take most of a
/// minute.
#[tokio::test]
async fn a_receiver_that_hangs_holds_nobody_else_up() {
    let site = open(&[]).await;
    let receiver = Receiver::start().await;
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    site.register(&format!("http://{}/", silent.local_addr().unwrap())).await;
    site.register(&receiver.url).await;
    for number in 0..40 {
        site.make(&format!("user-{number}")).await;
    }
    until("all arrive", async || names(&receiver).len() == 40).await;
    site.stack.shutdown().await;
}
