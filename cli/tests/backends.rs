//! The servers behind a stack over several starts: what they keep, what they let go, and when they do not fit.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test's helpers fail as its tests do"
)]

use std::{path::Path, time::Duration};

use aws_config::SdkConfig;
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodbstreams::types::ShardIteratorType;
use coffer::local::{Options, Stack, StartError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

fn options() -> Options {
    Options::ephemeral(Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml"))
}

async fn numbers(sdk: &SdkConfig) -> Vec<String> {
    let client = aws_sdk_dynamodbstreams::Client::new(sdk);
    let streams = client.list_streams().table_name("UsersTable").send().await.unwrap();
    let arn = streams.streams()[0].stream_arn().unwrap().to_owned();
    let stream = client.describe_stream().stream_arn(&arn).send().await.unwrap();
    let shards = stream.stream_description.unwrap().shards.unwrap();
    let ask = client.get_shard_iterator().stream_arn(&arn).set_shard_id(shards[0].shard_id.clone());
    let ask = ask.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await.unwrap();
    let page = client.get_records().set_shard_iterator(ask.shard_iterator).send().await.unwrap();
    let number = |it: &aws_sdk_dynamodbstreams::types::Record| {
        Some(it.dynamodb()?.sequence_number()?.to_owned())
    };
    page.records().iter().filter_map(number).collect()
}

async fn put(sdk: &SdkConfig, sk: &str) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = aws_sdk_dynamodb::Client::new(sdk).put_item().table_name("UsersTable");
    put.item("pk", text("a")).item("sk", text(sk)).send().await.unwrap();
}

/// "retention of a stream: 24 hours"
#[tokio::test]
async fn records_of_the_stream_go_after_a_day() {
    let root = tempfile::tempdir().unwrap();
    let data_dir = root.path().join("data");
    let options = Options { data_dir: Some(data_dir.clone()), run_workers: false, ..options() };
    let stack = Stack::start(options.clone()).await.unwrap();
    for sk in ["b", "c"] {
        put(stack.sdk_config(), sk).await;
    }
    let before = numbers(stack.sdk_config()).await;
    stack.shutdown().await;
    let file = rusqlite::Connection::open(data_dir.join("coffer.db")).unwrap();
    let age = |seconds: i64| {
        let sql = "UPDATE _stream_records SET created_at = created_at - ?1";
        assert!(file.execute(sql, [seconds]).unwrap() > 0);
    };
    age(86_000);
    let stack = Stack::start(options.clone()).await.unwrap();
    put(stack.sdk_config(), "d").await;
    stack.shutdown().await;
    age(600);
    let stack = Stack::start(options).await.unwrap();
    let started = Instant::now();
    let left = loop {
        let left = numbers(stack.sdk_config()).await;
        if left.len() <= 1 || started.elapsed() > Duration::from_secs(20) {
            break left;
        }
        sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(left.len(), 1, "the one of today");
    assert!(before.iter().all(|number| *number < left[0]), "numbers go on");
    stack.shutdown().await;
}

/// "a new data directory on old external tables says so instead of failing each create"
#[tokio::test]
async fn tables_that_were_filled_under_another_key_are_named() {
    let first = Stack::start(options()).await.unwrap();
    let tables = Some(first.endpoints().dynamodb.clone());
    let both = Options {
        dynamodb_endpoint: tables.clone(),
        kms_endpoint: Some(first.endpoints().kms.clone()),
        ..options()
    };
    Stack::start(both).await.unwrap().shutdown().await;
    let others = Options { dynamodb_endpoint: tables, ..options() };
    let error = Stack::start(others).await.unwrap_err();
    assert!(matches!(&error, StartError::OtherKeys { .. }), "{error:?}");
    assert!(error.to_string().contains(&first.endpoints().dynamodb), "{error}");
    first.shutdown().await;
}

/// `DynamoDB` Local takes letters and digits alone.
#[tokio::test]
async fn the_credentials_of_functions_elsewhere_are_taken_by_any_server() {
    let stack = Stack::start(options()).await.unwrap();
    let id = stack.environment("palm_create_user").unwrap()["AWS_ACCESS_KEY_ID"].clone();
    assert!(id.chars().all(|it| it.is_ascii_alphanumeric()), "{id}");
    stack.shutdown().await;
}

/// A request that never ends is ended, and what comes whole is answered meanwhile.
#[tokio::test]
async fn a_half_sent_request_does_not_stay() {
    let stack = Stack::start(options()).await.unwrap();
    for (endpoint, half) in [
        (&stack.endpoints().sqs, "POST / HTTP/1.1\r\nHost: he"),
        (&stack.endpoints().kms, "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n{"),
    ] {
        let address = endpoint.trim_start_matches("http://");
        let mut half_sent = TcpStream::connect(address).await.unwrap();
        half_sent.write_all(half.as_bytes()).await.unwrap();
        let queues = SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys(
                "test", "test", None,
            )))
            .endpoint_url(&stack.endpoints().sqs);
        let queues = aws_sdk_sqs::Client::new(&queues.build());
        assert!(queues.list_queues().send().await.unwrap().queue_urls().len() >= 2);
        let mut rest = String::new();
        let ended = timeout(Duration::from_mins(1), half_sent.read_to_string(&mut rest)).await;
        assert!(ended.is_ok(), "{endpoint}");
        assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 408"), "{rest}");
    }
    stack.shutdown().await;
}
