//! Each row of the contract with AWS that a mapping has to keep, over a stream and a queue at the wire.

#![expect(clippy::arithmetic_side_effects, reason = "a test's helpers fail as its tests do")]

mod function;
mod stream_server;

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_sqs::types::MessageAttributeValue;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use self::{
    function::{Function, Verdict},
    stream_server::{StreamServer, record},
};
use super::*;
use crate::{
    local::EmbeddedSqs,
    template::{Expression, QueueMapping, StreamMapping, Term},
};

const STREAM: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/T/stream/1";
const FAILURES: &str = "Failures";

fn nothing() -> Expression {
    Expression { place: String::new(), term: Term::Literal(String::new()) }
}

fn mapping() -> StreamMapping {
    StreamMapping {
        stream: nothing(),
        batch_size: 100,
        max_retries: Some(2),
        max_age_seconds: None,
        bisects: false,
        reports_failures: true,
        on_failure: None,
        starts_at_latest: false,
        filters: vec![],
    }
}

fn sdk(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::from_keys("test", "test", None);
    SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("us-east-1"))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
            credentials,
        ))
        .endpoint_url(endpoint)
        .build()
}

/// A queue service with one queue in it.
async fn queues() -> (EmbeddedSqs, aws_sdk_sqs::Client, String) {
    let server = EmbeddedSqs::start(None).await.unwrap();
    let client = aws_sdk_sqs::Client::new(&sdk(server.endpoint()));
    let made = client.create_queue().queue_name(FAILURES).send().await.unwrap();
    (server, client, made.queue_url.unwrap())
}

fn running() -> (watch::Sender<bool>, Running) {
    let (stop, running) = watch::channel(false);
    (stop, Running(running))
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Pumps a stream into a function until the latter has been given the record `last`. Answers what the failure destination
/// was told.
async fn pumped(
    server: &StreamServer,
    function: &Function,
    mapping: StreamMapping,
    last: &str,
) -> Vec<Value> {
    let (_sqs, client, url) = queues().await;
    let source = stream::Source {
        client: aws_sdk_dynamodbstreams::Client::new(&sdk(server.endpoint())),
        arn: STREAM.to_owned(),
        failures: Some(failure::Destination::new(&client, &format!("arn:aws:sqs:::{FAILURES}"))),
        mapping,
        positions: Arc::new(Positions::open(None)),
        sink: function.sink(),
    };
    let (stop, running) = running();
    let mut tasks = JoinSet::new();
    tasks.spawn(stream::pump(source, running));
    until("the last record arrives", || function.has_had(last)).await;
    stop.send_replace(true);
    tasks.join_all().await;
    let request = client.receive_message().queue_url(url).max_number_of_messages(10);
    let told = request.send().await.unwrap().messages.unwrap_or_default();
    told.iter().map(|it| serde_json::from_str(it.body().unwrap()).unwrap()).collect()
}

fn has(ids: &[String], id: &str) -> bool {
    ids.iter().any(|other| other == id)
}

/// "on failure retry from the first failed number, … and then **the rest of the batch** goes to the failure destination"
#[tokio::test]
async fn a_batch_is_tried_again_from_its_first_failure_and_its_rest_is_given_up() {
    let server = StreamServer::start().await;
    server.shard("a", None, (1..=5).map(record).collect());
    let function = Function::new(|ids| {
        let all = || vec!["4".to_owned(), "3".to_owned()];
        if has(ids, "3") { Verdict::Failed(all()) } else { Verdict::Done }
    });
    server.append_when(&function, "a", 3, record(6));
    let told = pumped(&server, &function, mapping(), "6").await;
    let rest = ["3", "4", "5"].map(str::to_owned).to_vec();
    let whole = ["1", "2", "3", "4", "5"].map(str::to_owned).to_vec();
    assert_eq!(function.batches(), [whole, rest.clone(), rest, vec!["6".to_owned()]]);
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(told["requestContext"]["condition"], "RetryAttemptsExhausted");
    assert_eq!(told["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(
        told["requestContext"]["functionArn"],
        "arn:aws:lambda:us-east-1:000000000000:function:test"
    );
    assert_eq!(told["responseContext"], json!({"statusCode": 200, "executedVersion": "$LATEST"}));
    assert_eq!(told["version"], "1.0");
    assert_eq!(
        told["DDBStreamBatchInfo"],
        json!({
            "shardId": "a", "startSequenceNumber": "3", "endSequenceNumber": "5",
            "approximateArrivalOfFirstRecord": "2026-03-31T15:13:20Z",
            "approximateArrivalOfLastRecord": "2026-03-31T15:13:20Z",
            "batchSize": 3, "streamArn": STREAM,
        })
    );
    assert!(!told.to_string().contains("secret"), "where it is, and not what");
}

/// "bisect": a function that says nothing of its failure is given halves, and that costs no retry.
#[tokio::test]
async fn a_batch_that_failed_as_a_whole_is_halved() {
    let server = StreamServer::start().await;
    server.shard("a", None, (1..=4).map(record).collect());
    let function = Function::new(|ids| if has(ids, "3") { Verdict::Error } else { Verdict::Done });
    server.append_when(&function, "a", 6, record(5));
    let mapping = StreamMapping { bisects: true, max_retries: Some(1), ..mapping() };
    let told = pumped(&server, &function, mapping, "5").await;
    let spelled: Vec<_> = function.batches().iter().map(|batch| batch.concat()).collect();
    assert_eq!(spelled, ["1234", "12", "34", "3", "3", "4", "5"]);
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(told["responseContext"]["functionError"], "Unhandled");
    assert_eq!(told["DDBStreamBatchInfo"]["startSequenceNumber"], "3");
    assert_eq!(told["DDBStreamBatchInfo"]["endSequenceNumber"], "3");
}

/// `MaximumRecordAgeInSeconds`
#[tokio::test]
async fn what_is_too_old_is_told_and_not_tried() {
    let server = StreamServer::start().await;
    let mut young = record(2);
    let now = shared::domain::Timestamp::now().unix_seconds();
    young["dynamodb"]["ApproximateCreationDateTime"] = json!(now);
    server.shard("a", None, vec![record(1), young]);
    let function = Function::new(|_| Verdict::Done);
    let mapping = StreamMapping { max_age_seconds: Some(3_600), ..mapping() };
    let told = pumped(&server, &function, mapping, "2").await;
    assert_eq!(function.batches(), [["2"]]);
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(told["requestContext"]["condition"], "RecordAgeExceeded");
    assert_eq!(told["DDBStreamBatchInfo"]["endSequenceNumber"], "1");
}

/// "several shards": each goes on by itself, and a child begins when its parent has ended.
#[tokio::test]
async fn shards_are_read_side_by_side_and_children_after_their_parents() {
    let server = StreamServer::start().await;
    server.shard("parent", None, vec![record(1)]);
    server.shard("other", None, vec![record(2)]);
    server.shard("child", Some("parent"), vec![record(3)]);
    let function = Function::new(|ids| if has(ids, "1") { Verdict::Hangs } else { Verdict::Done });
    let (_sqs, client, _) = queues().await;
    let source = stream::Source {
        client: aws_sdk_dynamodbstreams::Client::new(&sdk(server.endpoint())),
        arn: STREAM.to_owned(),
        failures: Some(failure::Destination::new(&client, FAILURES)),
        mapping: mapping(),
        positions: Arc::new(Positions::open(None)),
        sink: function.sink(),
    };
    let (stop, running) = running();
    let mut tasks = JoinSet::new();
    tasks.spawn(stream::pump(source, running));
    until("the other shard goes on", || function.has_had("2")).await;
    until("the parent is being worked on", || function.has_had("1")).await;
    assert!(!function.has_had("3"), "its parent is still being worked on");
    function.release();
    server.close("parent");
    until("the child begins", || function.has_had("3")).await;
    stop.send_replace(true);
    tasks.join_all().await;
}

/// A stream that cannot be read for a while is read on from the same place.
#[tokio::test]
async fn a_stream_that_was_away_is_read_on_where_it_was() {
    let server = StreamServer::start().await;
    server.shard("a", None, vec![record(1)]);
    let function = Function::new(|_| Verdict::Done);
    server.fail_when_had(&function, "1", 4, ("a", record(2)));
    assert_eq!(pumped(&server, &function, mapping(), "2").await, Vec::<Value>::new());
    assert_eq!(function.batches(), [["1"], ["2"]], "nothing twice, nothing left out");
}

/// The record of an event has every member that Lambda sends.
#[tokio::test]
async fn a_record_has_the_shape_of_lambdas() {
    let server = StreamServer::start().await;
    let mut removed = record(1);
    removed["eventName"] = json!("REMOVE");
    removed["userIdentity"] = json!({"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"});
    let kinds = json!({
        "s": {"S": "t"}, "n": {"N": "1"}, "b": {"B": "AAE="}, "t": {"BOOL": true}, "z": {"NULL": true},
        "l": {"L": [{"S": "x"}]}, "m": {"M": {"k": {"N": "2"}}}, "ss": {"SS": ["p"]}, "ns": {"NS": ["3"]},
        "bs": {"BS": ["AA=="]},
    });
    removed["dynamodb"]["OldImage"] = kinds.clone();
    server.shard("a", None, vec![removed]);
    let function = Function::new(|_| Verdict::Done);
    pumped(&server, &function, mapping(), "1").await;
    assert_eq!(
        function.events()[0]["Records"][0],
        json!({
            "eventID": "e1", "eventName": "REMOVE", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1", "eventSourceARN": STREAM,
            "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"},
            "dynamodb": {
                "ApproximateCreationDateTime": 1_774_970_000, "Keys": {"pk": {"S": "secret"}},
                "OldImage": kinds, "SequenceNumber": "1", "SizeBytes": 20,
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
        })
    );
}

async fn pump_queue(
    client: &aws_sdk_sqs::Client,
    function: &Function,
    batch: usize,
    most: usize,
    done: impl Fn() -> bool,
) {
    let mapping = QueueMapping {
        queue: nothing(),
        batch_size: batch,
        max_concurrency: nothing(),
        reports_failures: true,
    };
    let arn = format!("arn:aws:sqs:us-east-1:123456789012:{FAILURES}");
    let source = queue::Source::new(client.clone(), arn, mapping, most, function.sink());
    let (stop, running) = running();
    let mut tasks = JoinSet::new();
    tasks.spawn(queue::pump(source, running));
    until("the messages are worked on", done).await;
    function.release();
    stop.send_replace(true);
    tasks.join_all().await;
}

/// A message that hangs holds nobody else up, as far as `MaximumConcurrency` goes and no further.
#[tokio::test]
async fn batches_are_worked_on_side_by_side() {
    let (_sqs, client, url) = queues().await;
    for number in 0..5 {
        let send = client.send_message().queue_url(&url).message_body(number.to_string());
        send.send().await.unwrap();
    }
    let function = Function::new(|_| Verdict::Hangs);
    pump_queue(&client, &function, 1, 3, || function.events().len() == 3).await;
    assert_eq!(function.most_at_once(), 3);
}

/// What failed stays, what did not is deleted, and the record has every member that Lambda sends.
#[tokio::test]
async fn a_message_has_the_shape_of_lambdas_and_stays_if_it_failed() {
    let (_sqs, client, url) = queues().await;
    let attribute = MessageAttributeValue::builder().data_type("String").string_value("v");
    let send = client.send_message().queue_url(&url).message_body("good").message_group_id("g");
    send.message_attributes("k", attribute.build().unwrap()).send().await.unwrap();
    client.send_message().queue_url(&url).message_body("bad").send().await.unwrap();
    let function = Function::failing_bodies("bad");
    pump_queue(&client, &function, 10, 1, || {
        let events = function.events();
        events.iter().flat_map(|it| it["Records"].as_array().unwrap()).count() == 2
    })
    .await;
    let events = function.events();
    let records = events.iter().flat_map(|it| it["Records"].as_array().unwrap());
    let mut record = records.clone().find(|it| it["body"] == "good").unwrap().clone();
    for name in ["messageId", "receiptHandle", "md5OfMessageAttributes"] {
        assert!(record[name].take().is_string(), "{name}");
    }
    for name in ["SentTimestamp", "ApproximateFirstReceiveTimestamp"] {
        assert!(record["attributes"][name].take().as_str().unwrap().parse::<u64>().is_ok());
    }
    assert_eq!(
        record,
        json!({
            "messageId": null, "receiptHandle": null, "md5OfMessageAttributes": null, "body": "good",
            "attributes": {
                "ApproximateReceiveCount": "1", "SenderId": "LOCAL", "MessageGroupId": "g",
                "SentTimestamp": null, "ApproximateFirstReceiveTimestamp": null,
            },
            "messageAttributes": {"k": {
                "stringValue": "v", "stringListValues": [], "binaryListValues": [], "dataType": "String",
            }},
            "md5OfBody": "755f85c2723bb39381c7379a604160d8",
            "eventSource": "aws:sqs", "awsRegion": "us-east-1",
            "eventSourceARN": format!("arn:aws:sqs:us-east-1:123456789012:{FAILURES}"),
        })
    );
    let names = client.get_queue_attributes().queue_url(&url);
    let names = names.attribute_names(aws_sdk_sqs::types::QueueAttributeName::All);
    let attributes = names.send().await.unwrap().attributes.unwrap();
    let hidden = aws_sdk_sqs::types::QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
    let visible = aws_sdk_sqs::types::QueueAttributeName::ApproximateNumberOfMessages;
    assert_eq!((attributes[&hidden].as_str(), attributes[&visible].as_str()), ("1", "0"));
}
