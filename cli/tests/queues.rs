//! The embedded SQS against the rows on SQS of the contract with AWS: `docs/adr/0039-…` says where they are from.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's helpers fail as its tests do"
)]

use std::{
    net::Ipv4Addr,
    panic::AssertUnwindSafe,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use aws_credential_types::Credentials;
use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Region},
    error::ProvideErrorMetadata as _,
    types::{
        Message, MessageSystemAttributeName as Told, QueueAttributeName as Attribute,
        SendMessageBatchRequestEntry,
    },
};
use coffer::local::EmbeddedSqs;
use futures_util::{FutureExt as _, future::BoxFuture};
use shared::{clock::Clock, domain::Timestamp};
use tempfile::TempDir;

/// One queue, by a clock that stands still until it is moved.
struct Bench {
    server: EmbeddedSqs,
    client: Client,
    url: String,
    now: Arc<AtomicI64>,
    directory: TempDir,
}

const START: i64 = 1_774_970_000_000;

fn client(server: &EmbeddedSqs) -> Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::from_keys("test", "test", None))
        .endpoint_url(server.endpoint());
    Client::from_conf(config.build())
}

async fn serve(file: PathBuf, now: &Arc<AtomicI64>) -> EmbeddedSqs {
    let now = Arc::clone(now);
    let clock = Clock::new(move || Timestamp::from_unix_millis(now.load(Ordering::Relaxed)));
    EmbeddedSqs::listen(Ipv4Addr::LOCALHOST.into(), Some(&file), clock).await.unwrap()
}

impl Bench {
    async fn open(attributes: &[(Attribute, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicI64::new(START));
        let server = serve(directory.path().join("queues.db"), &now).await;
        let client = client(&server);
        let mut request = client.create_queue().queue_name("q");
        for (name, value) in attributes {
            request = request.attributes(name.clone(), *value);
        }
        let url = request.send().await.unwrap().queue_url.unwrap();
        Self { server, client, url, now, directory }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("queues.db")
    }

    async fn restart(self) -> Self {
        let Self { server, url, now, directory, .. } = self;
        server.shutdown().await;
        let server = serve(directory.path().join("queues.db"), &now).await;
        Self { client: client(&server), server, url, now, directory }
    }

    fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000, Ordering::Relaxed);
    }

    async fn send(&self, body: &str, group: Option<&str>) {
        let send = self.client.send_message().queue_url(&self.url).message_body(body);
        send.set_message_group_id(group.map(str::to_owned)).send().await.unwrap();
    }

    async fn receive(&self, most: i32) -> Vec<Message> {
        let request = self.client.receive_message().queue_url(&self.url);
        let request = request.max_number_of_messages(most);
        let request = request.message_system_attribute_names(Told::All);
        request.send().await.unwrap().messages.unwrap_or_default()
    }

    async fn bodies(&self) -> Vec<String> {
        self.receive(10).await.into_iter().map(|it| it.body.unwrap()).collect()
    }

    /// Hides a message for so many seconds; the code of the error where that is refused.
    async fn hide(&self, message: &Message, seconds: i32) -> Option<String> {
        let request = self.client.change_message_visibility().queue_url(&self.url);
        let receipt = message.receipt_handle.clone().unwrap();
        let outcome = request.receipt_handle(receipt).visibility_timeout(seconds).send().await;
        outcome.err().map(|error| error.code().unwrap().to_owned())
    }

    async fn delete(&self, message: &Message) {
        let request = self.client.delete_message().queue_url(&self.url);
        request.set_receipt_handle(message.receipt_handle.clone()).send().await.unwrap();
    }

    async fn counts(&self) -> [String; 3] {
        let names = [
            Attribute::ApproximateNumberOfMessages,
            Attribute::ApproximateNumberOfMessagesNotVisible,
            Attribute::ApproximateNumberOfMessagesDelayed,
        ];
        let request = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = request.set_attribute_names(Some(names.to_vec())).send().await.unwrap();
        let told = answer.attributes.unwrap();
        names.map(|name| told[&name].clone())
    }
}

fn received(message: &Message) -> &str {
    &message.attributes.as_ref().unwrap()[&Told::ApproximateReceiveCount]
}

/// One row: its words, and what they mean here.
type Row = (&'static str, fn() -> BoxFuture<'static, ()>);

const ROWS: &[Row] = &[
    ("at least once", || Box::pin(at_least_once())),
    ("about 120,000 messages in flight, beyond which receives stop without an error", || {
        Box::pin(in_flight())
    }),
    ("in flight (received, or hidden by ChangeMessageVisibility)", || Box::pin(hidden_counts())),
    ("Visibility ≤ 12 h from the receive", || Box::pin(twelve_hours())),
    ("delay ≤ 15 min", || Box::pin(delay())),
    ("every receive counts, a throttled one too", || Box::pin(receives_count())),
    (
        "a MessageGroupId on a standard queue keeps one tenant's backlog from delaying the others",
        || Box::pin(fair()),
    ),
    ("visibility kept over a restart (BLUEPRINT § 2)", || Box::pin(restarts())),
    ("what is kept longer than MessageRetentionPeriod goes", || Box::pin(retention())),
    ("a batch has ten entries at most, whose ids differ, and a message a megabyte", || {
        Box::pin(bounds())
    }),
    ("a receive waits for a message, and no longer", || Box::pin(long_poll())),
];

#[tokio::test]
async fn the_queue_keeps_every_row_of_the_contract() {
    for (row, holds) in ROWS {
        let outcome = AssertUnwindSafe(holds()).catch_unwind().await;
        assert!(outcome.is_ok(), "{row}");
    }
}

async fn at_least_once() {
    let bench = Bench::open(&[(Attribute::VisibilityTimeout, "60")]).await;
    bench.send("a", None).await;
    let first = bench.receive(10).await;
    assert_eq!(bench.bodies().await, Vec::<String>::new());
    bench.pass(61);
    let second = bench.receive(10).await;
    assert_eq!(second[0].message_id, first[0].message_id);
    assert_ne!(second[0].receipt_handle, first[0].receipt_handle);
    // Only the last receipt deletes.
    bench.delete(&first[0]).await;
    assert_eq!(bench.counts().await, ["0", "1", "0"]);
    bench.delete(&second[0]).await;
    bench.pass(61);
    assert_eq!(bench.bodies().await, Vec::<String>::new());
    assert_eq!(bench.counts().await, ["0", "0", "0"]);
}

async fn in_flight() {
    let bench = Bench::open(&[]).await;
    bench.send("one more", None).await;
    let file = rusqlite::Connection::open(bench.file()).unwrap();
    file.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 119999)
         INSERT INTO messages (queue, message_id, body, message_group, sent, visible, received)
         SELECT (SELECT id FROM queues), i, 'b', '', ?1, ?1 + 3600000, 1 FROM n",
        [START],
    )
    .unwrap();
    bench.send("and one too many", None).await;
    assert_eq!(bench.bodies().await, ["one more"], "room for one");
    assert_eq!(bench.bodies().await, Vec::<String>::new(), "and no error");
    file.execute("DELETE FROM messages WHERE message_id = '7'", []).unwrap();
    assert_eq!(bench.bodies().await, ["and one too many"]);
}

async fn hidden_counts() {
    let bench = Bench::open(&[(Attribute::VisibilityTimeout, "30")]).await;
    bench.send("a", None).await;
    let message = bench.receive(1).await.remove(0);
    assert_eq!(bench.hide(&message, 3_600).await, None);
    bench.pass(3_599);
    assert_eq!(bench.counts().await, ["0", "1", "0"]);
    bench.pass(2);
    assert_eq!(bench.counts().await, ["1", "0", "0"]);
    let invalid = Some("InvalidParameterValue".to_owned());
    assert_eq!(bench.hide(&message, 60).await, invalid, "it is not in flight");
}

async fn twelve_hours() {
    let bench = Bench::open(&[]).await;
    bench.send("a", None).await;
    let message = bench.receive(1).await.remove(0);
    let invalid = Some("InvalidParameterValue".to_owned());
    assert_eq!(bench.hide(&message, 43_201).await, invalid);
    assert_eq!(bench.hide(&message, 43_200).await, None);
    bench.pass(600);
    assert_eq!(bench.hide(&message, 43_200).await, invalid, "from the receive, not from now");
    assert_eq!(bench.hide(&message, 42_600).await, None);
}

async fn delay() {
    let bench = Bench::open(&[]).await;
    let send = || bench.client.send_message().queue_url(&bench.url).message_body("a");
    let error = send().delay_seconds(901).send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
    send().delay_seconds(900).send().await.unwrap();
    bench.pass(899);
    assert_eq!(bench.counts().await, ["0", "0", "1"], "delayed, and not in flight");
    assert_eq!(bench.bodies().await, Vec::<String>::new());
    bench.pass(1);
    assert_eq!(bench.bodies().await, ["a"]);
}

async fn receives_count() {
    let bench = Bench::open(&[]).await;
    let dead = bench.client.create_queue().queue_name("dead").send().await.unwrap();
    let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead","maxReceiveCount":"3"}"#;
    let set = bench.client.set_queue_attributes().queue_url(&bench.url);
    set.attributes(Attribute::RedrivePolicy, policy).send().await.unwrap();
    bench.send("a", Some("g")).await;
    for count in ["1", "2", "3"] {
        // Nobody works on it: a function that finds no place does not give it back either.
        let message = bench.receive(1).await.remove(0);
        assert_eq!(received(&message), count);
        bench.pass(31);
    }
    assert_eq!(bench.bodies().await, Vec::<String>::new());
    let request = bench.client.receive_message().set_queue_url(dead.queue_url);
    let request = request.message_system_attribute_names(Told::All);
    let message = request.send().await.unwrap().messages.unwrap().remove(0);
    assert_eq!(message.body(), Some("a"));
    let told = message.attributes.unwrap();
    assert_eq!(told[&Told::DeadLetterQueueSourceArn], "arn:aws:sqs:us-east-1:123456789012:q");
    assert_eq!(told[&Told::MessageGroupId], "g");
}

async fn fair() {
    let bench = Bench::open(&[]).await;
    for number in 0..40 {
        bench.send(&format!("loud {number}"), Some("loud")).await;
    }
    assert_eq!(bench.bodies().await.len(), 10);
    bench.send("quiet", Some("quiet")).await;
    let next = bench.bodies().await;
    assert_eq!((next.len(), next[0].as_str()), (10, "quiet"));
    assert_eq!(next[1], "loud 10", "and what is left goes on in its order");
}

async fn restarts() {
    let bench = Bench::open(&[(Attribute::VisibilityTimeout, "3600")]).await;
    for number in 0..400 {
        bench.send(&number.to_string(), None).await;
    }
    let message = bench.receive(1).await.remove(0);
    bench.receive(9).await;
    let delayed = bench.client.send_message().queue_url(&bench.url).message_body("later");
    delayed.delay_seconds(300).send().await.unwrap();
    let bench = bench.restart().await;
    assert_eq!(bench.counts().await, ["390", "10", "1"]);
    assert_eq!(bench.bodies().await[0], "10", "those in flight stay hidden");
    // The receipt from before is good.
    bench.delete(&message).await;
    bench.pass(3_600);
    let bench = bench.restart().await;
    assert_eq!(bench.counts().await, ["400", "0", "0"]);
    assert_eq!(
        received(&bench.receive(1).await[0]),
        "1",
        "visible for longest, and never received"
    );
}

async fn retention() {
    let bench = Bench::open(&[(Attribute::MessageRetentionPeriod, "60")]).await;
    bench.send("old", None).await;
    bench.pass(50);
    bench.send("young", None).await;
    bench.pass(11);
    // The server looks when it starts, and every minute.
    let bench = bench.restart().await;
    assert_eq!(bench.bodies().await, ["young"]);
}

async fn bounds() {
    let bench = Bench::open(&[]).await;
    let entry = |id: &str, body: &str| {
        SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
    };
    let send = async |entries: Vec<SendMessageBatchRequestEntry>| {
        let request = bench.client.send_message_batch().queue_url(&bench.url);
        request.set_entries(Some(entries)).send().await
    };
    let code = async |entries| send(entries).await.unwrap_err().code().unwrap().to_owned();
    let many = (0..11).map(|id| entry(&id.to_string(), "a")).collect();
    assert!(code(many).await.ends_with("TooManyEntriesInBatchRequest"));
    assert!(code(vec![]).await.ends_with("EmptyBatchRequest"));
    let twice = vec![entry("a", "a"), entry("a", "b")];
    assert!(code(twice).await.ends_with("BatchEntryIdsNotDistinct"));
    let half = "x".repeat(600_000);
    let large = vec![entry("a", &half), entry("b", &half)];
    assert!(code(large).await.ends_with("BatchRequestTooLong"));
    let mixed = vec![entry("good", "a"), entry("bad", "\u{1}")];
    let answer = send(mixed).await.unwrap();
    assert_eq!((answer.successful[0].id(), answer.failed[0].id()), ("good", "bad"));
    assert_eq!(bench.bodies().await, ["a"]);
    let send = bench.client.send_message().queue_url(&bench.url);
    let error = send.message_body("x".repeat(1_048_577)).send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
    let missing = bench.client.get_queue_url().queue_name("other").send().await.unwrap_err();
    assert!(missing.into_service_error().is_queue_does_not_exist());
}

async fn long_poll() {
    let bench = Bench::open(&[]).await;
    let wait = bench.client.receive_message().queue_url(&bench.url).wait_time_seconds(20);
    let send = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        bench.send("a", None).await;
    };
    let (answer, ()) = tokio::join!(wait.send(), send);
    assert_eq!(answer.unwrap().messages.unwrap()[0].body(), Some("a"));
    let wait = bench.client.receive_message().queue_url(&bench.url).wait_time_seconds(1);
    assert!(wait.send().await.unwrap().messages.is_none());
}
