//! What AWS does between a change and the worker, done by hand: a test decides when, and how long "later" is.

use std::{
    collections::HashMap,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    task::{Context, Poll},
};

use aws_sdk_sqs::types::MessageSystemAttributeName::ApproximateReceiveCount;
use coffer::local::workers;
use events::{Worker, Workshop};
use harness::{
    client::Client,
    world::{TenantKeys, World},
};
use serde_json::{Value, json};
use shared::{
    auth::Role,
    clock::Clock,
    config::Config,
    domain::{Mode, Timestamp},
};
use time::Duration;

pub(crate) const QUEUE: &str = "WebhookQueue";
pub(crate) const DEAD_LETTERS: &str = "WebhookDeadLetterQueue";
pub(crate) const STREAM_FAILURES: &str = "StreamFailureQueue";

/// A world, one tenant in it, and the stream and the queue in hand.
pub(crate) struct Office {
    pub(crate) world: World,
    pub(crate) tenant: TenantKeys,
    /// Didit's API, as an owner.
    pub(crate) didit: Client,
    /// Palm's.
    pub(crate) palm: Client,
    /// Truv's.
    pub(crate) truv: Client,
    sqs: aws_sdk_sqs::Client,
    iterator: Mutex<String>,
    /// The receipts of messages that stayed in the queue.
    hidden: Mutex<Vec<String>>,
    workers: HashMap<&'static str, (&'static Worker, Arc<Workshop>)>,
    /// By how many milliseconds the workers' clock is ahead.
    ahead: Arc<AtomicI64>,
}

impl Office {
    pub(crate) async fn open() -> Self {
        Self::over(World::with_local_webhooks()).await
    }

    pub(crate) async fn over(world: World) -> Self {
        let tenant = world.own_tenant().await;
        let key = world.key(&tenant, Mode::Test, Role::Owner).await;
        let didit = world.anonymous().header("x-api-key", key.expose_secret());
        let palm = world.anonymous().bearer(key.expose_secret());
        let truv = world.anonymous().header("x-access-client-id", &key.id);
        let truv = truv.header("x-access-secret", key.expose_secret());
        let config = world.stack().sdk_config().to_builder();
        let config = config.endpoint_url(world.sqs.endpoint()).build();
        let sqs = aws_sdk_sqs::Client::new(&config);
        let arn = streams(&world, "ListStreams", json!({"TableName": "UsersTable"})).await;
        let arn = arn["Streams"][0]["StreamArn"].clone();
        let stream = streams(&world, "DescribeStream", json!({"StreamArn": arn})).await;
        let shard = &stream["StreamDescription"]["Shards"][0]["ShardId"];
        let ask = json!({"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "LATEST"});
        let iterator = streams(&world, "GetShardIterator", ask).await;
        let iterator = Mutex::new(iterator["ShardIterator"].as_str().unwrap().to_owned());
        let ahead = Arc::new(AtomicI64::new(0));
        let workers = workers().map(|worker| {
            let environment = world.stack().environment(worker.operation).unwrap();
            let config = Config::from_lookup(|name| environment.get(name).cloned()).unwrap();
            let clock = clock(&ahead);
            let shop = Workshop::with_clock(config, world.stack().sdk_config(), clock);
            (worker.operation, (worker, Arc::new(shop)))
        });
        let workers = workers.collect();
        let hidden = Mutex::default();
        Self { world, tenant, didit, palm, truv, sqs, iterator, hidden, workers, ahead }
    }

    /// Registers a receiver for both events of users. Answers the destination with its secret.
    pub(crate) async fn register(&self, url: &str) -> Value {
        let body = json!({
            "label": "test", "url": url,
            "subscribed_events": ["user.data.updated", "user.status.updated"],
        });
        let answer = self.didit.post("/v3/webhook/destinations/").json(body).send().await;
        answer.expect(201).json()
    }

    pub(crate) async fn destination(&self, uuid: &str) -> Value {
        let path = format!("/v3/webhook/destinations/{uuid}/");
        self.didit.get(&path).send().await.expect(200).json()
    }

    /// What the stream has had since the last time.
    pub(crate) async fn records(&self) -> Vec<Value> {
        let mut all = vec![];
        loop {
            let iterator = self.iterator.lock().unwrap().clone();
            let page = streams(&self.world, "GetRecords", json!({"ShardIterator": iterator})).await;
            let next = page["NextShardIterator"].as_str().unwrap().to_owned();
            *self.iterator.lock().unwrap() = next;
            let records = page["Records"].as_array().unwrap().clone();
            if records.is_empty() {
                return all;
            }
            all.extend(records);
        }
    }

    /// Hands a batch to a worker and answers the ids of what failed.
    pub(crate) async fn work(&self, operation: &str, records: Vec<Value>) -> Vec<String> {
        self.work_until(operation, records, usize::MAX).await.expect("a worker that was not ended")
    }

    /// As [`Office::work`], but the worker is ended when it has been woken up so many times: `None`.
    pub(crate) async fn work_until(
        &self,
        operation: &str,
        records: Vec<Value>,
        polls: usize,
    ) -> Option<Vec<String>> {
        let answer = self.call(operation, json!({"Records": records}), polls).await?;
        let failures = answer["batchItemFailures"].as_array().unwrap().iter();
        Some(failures.map(|it| it["itemIdentifier"].as_str().unwrap().to_owned()).collect())
    }

    async fn call(&self, operation: &str, event: Value, polls: usize) -> Option<Value> {
        let (worker, shop) = &self.workers[operation];
        let (worker, shop) = (*worker, Arc::clone(shop));
        let work = async move {
            let work = pin!(worker.answer(&shop, event));
            Mortal { work, polls }.await
        };
        Some(self.world.run(work).await?.expect("work that is done"))
    }

    /// One sweep: what is due goes into the queue.
    pub(crate) async fn sweep(&self) {
        self.call("events_sweep", json!({"detail-type": "Scheduled Event"}), usize::MAX).await;
    }

    /// As [`Office::sweep`], but the worker is ended when it has been woken up so many times.
    pub(crate) async fn sweep_until(&self, polls: usize) {
        self.call("events_sweep", json!({}), polls).await;
    }

    /// What time it is for the workers.
    pub(crate) fn now(&self) -> Timestamp {
        clock(&self.ahead).now()
    }

    /// Lets time pass for the workers.
    pub(crate) fn pass(&self, time: Duration) {
        let millis = i64::try_from(time.whole_milliseconds()).unwrap();
        self.ahead.fetch_add(millis, Ordering::Relaxed);
    }

    /// From the stream to the queue.
    pub(crate) async fn fan_out(&self) {
        let records = self.records().await;
        assert_eq!(self.work("events_fan_out", records).await, Vec::<String>::new());
    }

    /// What can be received of a queue, at most ten, as Lambda spells it.
    pub(crate) async fn receive(&self, queue: &str) -> Vec<Value> {
        let request = self.sqs.receive_message().queue_url(url(queue)).max_number_of_messages(10);
        let request = request.message_system_attribute_names(ApproximateReceiveCount);
        let messages = request.send().await.unwrap().messages.unwrap_or_default();
        let record = |message: &aws_sdk_sqs::types::Message| {
            let received = &message.attributes.as_ref().unwrap()[&ApproximateReceiveCount];
            json!({
                "messageId": message.message_id, "receiptHandle": message.receipt_handle,
                "body": message.body, "attributes": {"ApproximateReceiveCount": received},
            })
        };
        messages.iter().map(record).collect()
    }

    pub(crate) async fn delete(&self, queue: &str, message: &Value) {
        let receipt = message["receiptHandle"].as_str().unwrap();
        let request = self.sqs.delete_message().queue_url(url(queue)).receipt_handle(receipt);
        request.send().await.unwrap();
    }

    /// One batch from the queue to the receivers. Answers how many messages there were.
    pub(crate) async fn deliver(&self) -> usize {
        let messages = self.receive(QUEUE).await;
        let count = messages.len();
        if count == 0 {
            return 0;
        }
        let failed = self.work("events_deliver", messages.clone()).await;
        for message in messages {
            if failed.contains(&message["messageId"].as_str().unwrap().to_owned()) {
                self.hide(&message);
            } else {
                self.delete(QUEUE, &message).await;
            }
        }
        count
    }

    pub(crate) fn hide(&self, message: &Value) {
        let receipt = message["receiptHandle"].as_str().unwrap().to_owned();
        self.hidden.lock().unwrap().push(receipt);
    }

    /// Lets time pass, more than there is between any two attempts: what was hidden shows itself again, and what waited is
    /// in the queue.
    pub(crate) async fn later(&self) {
        self.show().await;
        self.pass(Duration::hours(12));
        self.sweep().await;
    }

    /// Shows what was hidden.
    pub(crate) async fn show(&self) {
        let hidden = std::mem::take(&mut *self.hidden.lock().unwrap());
        for receipt in hidden {
            let request = self.sqs.change_message_visibility().queue_url(url(QUEUE));
            // One that shows itself already is refused.
            drop(request.receipt_handle(receipt).visibility_timeout(0).send().await);
        }
    }

    /// From the stream to the receivers, as far as one attempt goes.
    pub(crate) async fn run(&self) {
        self.fan_out().await;
        while self.deliver().await > 0 {}
    }

    /// For how long deliveries were made to wait since a mark.
    pub(crate) fn pauses(&self, mark: harness::recorder::Mark) -> Vec<Duration> {
        let calls = self.world.dynamodb.since(mark);
        let puts = calls.iter().filter(|call| call.operation == "PutItem");
        let due = puts.filter_map(|call| call.request["Item"]["due"]["N"].as_str());
        let now = self.now().unix_millis();
        due.map(|due| Duration::milliseconds(due.parse::<i64>().unwrap() - now)).collect()
    }
}

fn clock(ahead: &Arc<AtomicI64>) -> Clock {
    let ahead = Arc::clone(ahead);
    let now = move || Timestamp::now().plus(Duration::milliseconds(ahead.load(Ordering::Relaxed)));
    Clock::new(now)
}

pub(crate) fn url(queue: &str) -> String {
    format!("https://sqs.us-east-1.amazonaws.com/123456789012/{queue}")
}

/// DynamoDB Streams, by hand: the answers have the shape of Lambda's events.
async fn streams(world: &World, operation: &str, body: Value) -> Value {
    let request = reqwest::Client::new()
        .post(world.dynamodb.endpoint())
        .header("x-amz-target", format!("DynamoDBStreams_20120810.{operation}"))
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-date", "20260101T000000Z")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=00",
        )
        .body(body.to_string());
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert_eq!(status, 200, "{operation}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// A future that is dropped in the middle of its work after so many polls, like a sandbox that is killed.
struct Mortal<F> {
    work: F,
    polls: usize,
}

impl<F: Future + Unpin> Future for Mortal<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        Pin::new(&mut self.work).poll(context).map(Some)
    }
}
