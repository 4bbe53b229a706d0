//! What was answered is kept, however the process ends.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test's helpers fail as its tests do"
)]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::QueueAttributeName::{
    ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible,
};
use coffer::local::{Options, Stack};
use serde_json::{Value, json};
use shared::{auth::Role, domain::Mode};
use tokio::{task::JoinSet, time::sleep};

const CONNECTIONS: usize = 6;

fn template() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")
}

/// The real binary over a data directory.
struct Coffer {
    child: Child,
    url: String,
    _stdout: BufReader<ChildStdout>,
}

fn command(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coffer"));
    command
        .env_remove("AWS_ENDPOINT_URL_DYNAMODB")
        .env_remove("AWS_ENDPOINT_URL_KMS")
        .env_remove("AWS_ENDPOINT_URL_SQS")
        .args(["local", "--port", "0"])
        // Nobody is to be turned away here for asking too often.
        .args(["--parameter", "RateLimitReadsPerMinute=1000000"])
        .args(["--parameter", "RateLimitWritesPerMinute=1000000", "--data-dir"])
        .arg(data_dir)
        .arg("--template")
        .arg(template())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

impl Coffer {
    fn start(data_dir: &Path) -> Self {
        let mut child = command(data_dir).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Some(rest) = line.strip_prefix("Coffer is ready on ") else { panic!("{line:?}") };
        let url = rest.split_whitespace().next().unwrap().to_owned();
        Self { child, url, _stdout: stdout }
    }

    fn end(&mut self, signal: &str) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Coffer {
    fn drop(&mut self) {
        // Gone already, where a test ended it.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Ids by e-mail address, of those whose creation was answered.
type Answered = Arc<Mutex<BTreeMap<String, String>>>;

fn api_key(data_dir: &Path) -> String {
    let text = std::fs::read(data_dir.join("credentials.json")).unwrap();
    let credentials: Value = serde_json::from_slice(&text).unwrap();
    credentials["test"]["OWNER"]["api_key"].as_str().unwrap().to_owned()
}

/// Creates users, one after the other, until nobody answers.
async fn create_users(url: String, key: String, name: String, answered: Answered) {
    let client = reqwest::Client::new();
    for number in 0.. {
        let email = format!("{name}-{number}@example.com");
        let body = json!({"display_name": "Ada Lovelace", "vault": {"identity.email": email}});
        let request = client.post(format!("{url}/v1/user")).bearer_auth(&key).json(&body);
        let Ok(answer) = request.header("idempotency-key", &email).send().await else { return };
        let status = answer.status();
        // An answer whose body was cut off is no answer.
        let Ok(user) = answer.json::<Value>().await else { return };
        assert_eq!(status, 201, "{user}");
        answered.lock().unwrap().insert(email, user["id"].as_str().unwrap().to_owned());
    }
}

/// Ends the process by a signal while clients create users; answers how it ended.
async fn end_under_load(
    data_dir: &Path,
    round: usize,
    signal: &str,
    answered: &Answered,
) -> ExitStatus {
    let mut coffer = Coffer::start(data_dir);
    let before = answered.lock().unwrap().len();
    let mut clients = JoinSet::new();
    for connection in 0..CONNECTIONS {
        let name = format!("user-{round}-{connection}");
        let (url, key) = (coffer.url.clone(), api_key(data_dir));
        clients.spawn(create_users(url, key, name, Arc::clone(answered)));
    }
    // At another point of a creation in each round.
    while answered.lock().unwrap().len() < before.saturating_add(30) {
        sleep(Duration::from_millis(5)).await;
    }
    sleep(Duration::from_millis(u64::try_from(round).unwrap().wrapping_mul(7))).await;
    let status = coffer.end(signal);
    clients.join_all().await;
    status
}

type Item = HashMap<String, AttributeValue>;

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

/// Fails unless every user that was answered is there whole, and nobody is there in parts.
async fn is_whole(data_dir: &Path, answered: &BTreeMap<String, String>) {
    let mut options = Options::ephemeral(template());
    options.data_dir = Some(data_dir.to_owned());
    for limit in ["RateLimitReadsPerMinute", "RateLimitWritesPerMinute"] {
        options.parameters.insert(limit.to_owned(), "1000000".to_owned());
    }
    let stack = Stack::start(options).await.unwrap();
    let users = all(&stack, "UsersTable").await;
    let keys = all(&stack, "KeysTable").await;
    let of = |items: &[Item], kind: &dyn Fn(&str) -> bool| -> Vec<String> {
        let items = items.iter().filter(|item| kind(text(item, "sk")));
        items.map(|item| text(item, "pk").to_owned()).collect()
    };
    let people: BTreeSet<_> = of(&users, &|sk| sk == "U").into_iter().collect();
    let mut events = of(&users, &|sk| sk.starts_with("E#"));
    events.sort();
    assert!(people.iter().eq(&events), "one event for each user");
    let data_keys: BTreeSet<_> = of(&keys, &|sk| sk == "DEK").into_iter().collect();
    assert_eq!(people, data_keys, "one data key for each user");
    let hex: BTreeSet<_> = people.iter().map(|pk| pk.rsplit_once('#').unwrap().1).collect();
    let mut entries: BTreeMap<&str, usize> = BTreeMap::new();
    // The windows of the rate limiter belong to no user.
    let other = |item: &&Item| !people.contains(text(item, "pk")) && text(item, "sk") != "R";
    for item in users.iter().filter(other) {
        let whose = if text(item, "sk") == "I" { text(item, "user") } else { text(item, "sk") };
        assert!(hex.contains(whose), "of nobody: {item:?}");
        *entries.entry(whose).or_default() += 1;
    }
    // Idempotency record, e-mail, and the prefixes of "ada" (3) and "lovelace" (5).
    assert!(entries.len() == people.len() && entries.values().all(|count| *count == 10));

    let key = &stack.credentials().api_key(Mode::Test, Role::Owner).unwrap().api_key;
    let client = reqwest::Client::new();
    let post = |path: String, body: Value| {
        let request = client.post(format!("{}{path}", stack.base_url())).bearer_auth(key);
        async move { request.json(&body).send().await.unwrap().json::<Value>().await.unwrap() }
    };
    for (email, id) in answered {
        let found = post("/v1/user/search".to_owned(), json!({"email": email})).await;
        assert_eq!(found["data"][0]["id"], json!(id), "{email}");
        assert_eq!(found["data"].as_array().unwrap().len(), 1, "{email}");
    }
    // Every fifth is enough to know that the keys are the right ones.
    for (email, id) in answered.iter().step_by(5) {
        let body = json!({"fields": ["identity.email"], "reason": "to see whether it is there"});
        let shown = post(format!("/v1/user/{id}/vault/reveal"), body).await;
        assert_eq!(shown["fields"], json!({"identity.email": email}));
    }
    // So that the next look finds one event for each user again.
    forget_reveals(&stack).await;
    stack.shutdown().await;
}

#[expect(clippy::disallowed_methods, reason = "to see all that is there is the point")]
async fn all(stack: &Stack, table: &str) -> Vec<Item> {
    let client = aws_sdk_dynamodb::Client::new(stack.sdk_config());
    let pages = client.scan().table_name(table).into_paginator().items().send();
    pages.collect::<Result<_, _>>().await.unwrap()
}

async fn forget_reveals(stack: &Stack) {
    let client = aws_sdk_dynamodb::Client::new(stack.sdk_config());
    for item in all(stack, "UsersTable").await {
        if text(&item, "kind") == "user.revealed" {
            let delete = client.delete_item().table_name("UsersTable");
            let delete = delete.key("pk", item["pk"].clone()).key("sk", item["sk"].clone());
            delete.send().await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let root = tempfile::tempdir().unwrap();
    let data_dir = root.path().join("data");
    let answered = Answered::default();
    for round in 0..4 {
        let status = end_under_load(&data_dir, round, "-KILL", &answered).await;
        assert_eq!(status.code(), None, "it ended by itself: {status}");
        let kept = answered.lock().unwrap().clone();
        assert!(kept.len() >= 30);
        is_whole(&data_dir, &kept).await;
    }
}

#[tokio::test]
async fn a_signal_ends_it_cleanly_and_keeps_what_was_answered() {
    for signal in ["-TERM", "-INT"] {
        let root = tempfile::tempdir().unwrap();
        let data_dir = root.path().join("data");
        let answered = Answered::default();
        let status = end_under_load(&data_dir, 1, signal, &answered).await;
        assert_eq!(status.code(), Some(0), "{signal}: {status}");
        let kept = answered.lock().unwrap().clone();
        is_whole(&data_dir, &kept).await;
    }
}

/// How many messages of a queue can be received, and how many are hidden.
async fn waiting(stack: &Stack, queue: &str) -> [usize; 2] {
    let names = [ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible];
    let client = aws_sdk_sqs::Client::new(stack.sdk_config());
    let url = client.get_queue_url().queue_name(queue).send().await.unwrap().queue_url;
    let request = client.get_queue_attributes().set_queue_url(url);
    let answer = request.set_attribute_names(Some(names.to_vec())).send().await.unwrap();
    let told = answer.attributes.unwrap();
    names.map(|name| told[&name].parse().unwrap())
}

/// Nobody takes anything out of this queue, so what is in it is what was kept.
#[tokio::test]
async fn messages_survive_a_start_that_is_broken_off() {
    const QUEUE: &str = "StreamFailureQueue";
    let root = tempfile::tempdir().unwrap();
    let data_dir = root.path().join("data");
    let mut options = Options::ephemeral(template());
    options.data_dir = Some(data_dir.clone());
    let stack = Stack::start(options.clone()).await.unwrap();
    let client = aws_sdk_sqs::Client::new(stack.sdk_config());
    let url = client.get_queue_url().queue_name(QUEUE).send().await.unwrap().queue_url.unwrap();
    for number in 0..400 {
        let send = client.send_message().queue_url(&url).message_body(number.to_string());
        send.send().await.unwrap();
    }
    let receive = client.receive_message().queue_url(&url).max_number_of_messages(10);
    let received = receive.visibility_timeout(3_600).send().await.unwrap();
    assert_eq!(received.messages().len(), 10);
    stack.shutdown().await;
    // At another point of the start each time.
    for (round, signal) in
        ["-KILL", "-INT", "-KILL", "-TERM", "-KILL", "-INT"].into_iter().enumerate()
    {
        let mut child = command(&data_dir).spawn().unwrap();
        sleep(Duration::from_millis(u64::try_from(round * round * 25).unwrap())).await;
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        child.wait().unwrap();
    }
    let stack = Stack::start(options).await.unwrap();
    assert_eq!(waiting(&stack, QUEUE).await, [390, 10], "none is lost, and what was hidden is");
    stack.shutdown().await;
}
