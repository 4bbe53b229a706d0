//! The recorder between a small HTTP client, or the real SDK, and a server that remembers what it was sent.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;

/// A server that answers every call alike, and keeps the bodies.
struct Upstream {
    recorder: Recorder,
    received: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    async fn answering(answer: Value) -> Self {
        let received = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&received);
        let handle = async move |headers: HeaderMap, body: Bytes| -> Response {
            kept.lock().unwrap().push(String::from_utf8(body.to_vec()).unwrap());
            let seen = headers.get("x-odd").cloned();
            let mut response = answer.to_string().into_response();
            response.headers_mut().insert("x-amz-crc32", "1".parse().unwrap());
            seen.map(|value| response.headers_mut().insert("x-odd", value));
            response
        };
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handle)).await });
        Self { recorder: Recorder::start(url), received }
    }

    async fn call(&self, target: &str, body: Value) -> reqwest::Result<reqwest::Response> {
        let request =
            reqwest::Client::new().post(self.recorder.endpoint()).header("x-amz-target", target);
        request.header("x-odd", "kept").body(body.to_string()).send().await
    }

    async fn get(&self) -> reqwest::Result<reqwest::Response> {
        self.call("DynamoDB_20120810.GetItem", json!({ "TableName": "users" })).await
    }

    fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }

    fn sdk(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
            .credentials_provider(aws_credential_types::Credentials::from_keys(
                "id", "secret", None,
            ))
            .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
            .endpoint_url(self.recorder.endpoint())
            .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }
}

fn call(target: &str, request: Value, response: Value) -> Call {
    let mut call = Call::arrived(target, request);
    call.response = response;
    call
}

#[tokio::test]
async fn a_call_is_forwarded_as_it_is_and_recorded() {
    let upstream = Upstream::answering(json!({ "Item": {} })).await;
    let answer = upstream.get().await.unwrap();
    assert_eq!(answer.headers()["x-odd"], "kept");
    assert_eq!(answer.headers()["x-amz-crc32"], "1");
    assert_eq!(answer.text().await.unwrap(), r#"{"Item":{}}"#);
    assert_eq!(upstream.received(), [r#"{"TableName":"users"}"#]);

    let calls = upstream.recorder.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].service, Service::DynamoDb);
    assert_eq!(calls[0].operation, "GetItem");
    assert_eq!(calls[0].request, json!({ "TableName": "users" }));
    assert_eq!(calls[0].status, Some(200));
    assert_eq!(calls[0].response, json!({ "Item": {} }));
}

#[tokio::test]
async fn a_mark_parts_the_calls() {
    let upstream = Upstream::answering(json!({})).await;
    upstream.get().await.unwrap();
    let mark = upstream.recorder.mark();
    assert!(upstream.recorder.since(mark).is_empty());
    upstream.get().await.unwrap();
    assert_eq!(upstream.recorder.since(mark).len(), 1);
    assert_eq!(upstream.recorder.calls().len(), 2);
    upstream.recorder.clear();
    assert!(upstream.recorder.calls().is_empty());
}

#[tokio::test]
async fn concurrent_calls_are_one_round_trip_and_sequential_ones_are_as_many_as_they_are() {
    let upstream = Upstream::answering(json!({})).await;
    upstream.recorder.set_latency(Duration::from_millis(80));
    let (first, second, third) = tokio::join!(upstream.get(), upstream.get(), upstream.get());
    assert!(first.is_ok() && second.is_ok() && third.is_ok());
    assert_eq!(depth(&upstream.recorder.calls()), 1);

    upstream.recorder.clear();
    upstream.get().await.unwrap();
    upstream.get().await.unwrap();
    let (third, fourth) = tokio::join!(upstream.get(), upstream.get());
    assert!(third.is_ok() && fourth.is_ok());
    assert_eq!(upstream.recorder.calls().len(), 4);
    assert_eq!(depth(&upstream.recorder.calls()), 3);
    assert_eq!(depth(&[]), 0);
}

#[tokio::test]
async fn the_actions_of_each_kind_of_call_are_named() {
    let cases = [
        (
            "DynamoDB_20120810.Query",
            json!({ "TableName": "t", "IndexName": "i" }),
            json!({}),
            "dynamodb:Query t/index/i",
        ),
        (
            "DynamoDB_20120810.BatchGetItem",
            json!({ "RequestItems": { "t": {} } }),
            json!({}),
            "dynamodb:BatchGetItem t",
        ),
        ("TrentService.Decrypt", json!({}), json!({ "KeyId": "k" }), "kms:Decrypt k"),
        ("TrentService.GenerateRandom", json!({}), json!({}), "kms:GenerateRandom *"),
        (
            "AmazonSQS.SendMessageBatch",
            json!({ "QueueUrl": "http://h/1/q" }),
            json!({}),
            "sqs:SendMessage q",
        ),
    ];
    for (target, request, response, expected) in cases {
        let needed = call(target, request, response).iam();
        let needed: Vec<String> =
            needed.iter().map(|(action, resource)| format!("{action} {resource}")).collect();
        assert_eq!(needed, [expected], "{target}");
    }
    let items = json!({ "TransactItems": [
        { "Put": { "TableName": "t" } },
        { "Put": { "TableName": "t" } },
        { "ConditionCheck": { "TableName": "k" } },
    ] });
    let needed = call("DynamoDB_20120810.TransactWriteItems", items, json!({})).iam();
    let expected = [("dynamodb:ConditionCheckItem", "k"), ("dynamodb:PutItem", "t")];
    assert_eq!(needed, expected.map(|(action, table)| (action.to_owned(), table.to_owned())));
}

#[tokio::test]
async fn capacity_is_asked_for_and_summed_over_single_calls_and_lists() {
    let one = json!({ "CapacityUnits": 1.5 });
    let upstream =
        Upstream::answering(json!({ "ConsumedCapacity": [one, { "CapacityUnits": 4.0 }] })).await;
    upstream.recorder.measure_capacity(true);
    upstream.get().await.unwrap();
    upstream
        .call("DynamoDB_20120810.DescribeTable", json!({ "TableName": "users" }))
        .await
        .unwrap();
    upstream.call("TrentService.Decrypt", json!({})).await.unwrap();
    let sent: Vec<Value> =
        upstream.received().iter().map(|body| serde_json::from_str(body).unwrap()).collect();
    assert_eq!(sent[0], json!({ "TableName": "users", "ReturnConsumedCapacity": "TOTAL" }));
    assert_eq!(sent[1], json!({ "TableName": "users" }));
    assert_eq!(sent[2], json!({}));
    let mut calls = upstream.recorder.calls();
    calls.truncate(1);
    assert_eq!(calls[0].request, json!({ "TableName": "users" }));
    calls.push(call("DynamoDB_20120810.GetItem", json!({}), json!({ "ConsumedCapacity": one })));
    assert!((capacity(&calls) - 7.0).abs() < f64::EPSILON);
}

#[test]
fn items_count_for_the_bytes_that_dynamodb_charges() {
    let item = json!({ "pk": { "S": "four" }, "n": { "N": "-12.5" }, "b": { "B": "AAAA" }, "l": { "L": [{ "BOOL": true }] } });
    let bytes = 2 + 4 + 1 + 3 + 1 + 3 + 1 + 5;
    for response in [
        json!({ "Item": item }),
        json!({ "Items": [item] }),
        json!({ "Responses": [{ "Item": item }] }),
        json!({ "Responses": { "users": [item] } }),
    ] {
        assert_eq!(
            item_bytes(&[call("DynamoDB_20120810.GetItem", json!({}), response.clone())]),
            bytes,
            "{response}"
        );
    }
    assert_eq!(item_bytes(&[call("DynamoDB_20120810.GetItem", json!({}), json!({}))]), 0);
}

#[tokio::test]
async fn a_fault_strikes_the_nth_call_that_fits_once() {
    let upstream = Upstream::answering(json!({})).await;
    let fault = Fault::new(FaultKind::InternalError)
        .on("GetItem")
        .when(|body| body["TableName"] == "users");
    upstream.recorder.inject(fault.nth(2));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(upstream.get().await.unwrap().status().as_u16());
        assert!(
            upstream
                .call("DynamoDB_20120810.PutItem", json!({}))
                .await
                .unwrap()
                .status()
                .is_success()
        );
    }
    assert_eq!(statuses, [200, 500, 200]);
    assert_eq!(upstream.recorder.unstruck_faults(), 0);
    assert_eq!(upstream.recorder.calls()[2].fault, Some(FaultKind::InternalError));

    upstream.recorder.inject(Fault::new(FaultKind::Throttle).always());
    assert_eq!(upstream.recorder.unstruck_faults(), 1);
    assert_eq!(upstream.get().await.unwrap().status(), 400);
    assert_eq!(upstream.get().await.unwrap().status(), 400);
    upstream.recorder.clear_faults();
    assert_eq!(upstream.get().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_dropped_call_is_answered_by_nothing_and_is_committed_only_if_dropped_after() {
    let upstream = Upstream::answering(json!({ "Done": true })).await;
    for (kind, forwarded) in [
        (FaultKind::DropBefore, 0),
        (FaultKind::DropAfter, 1),
        (FaultKind::Hang(Duration::from_millis(20)), 1),
        (FaultKind::HangAfter(Duration::from_millis(20)), 2),
    ] {
        upstream.recorder.clear();
        upstream.recorder.inject(Fault::new(kind.clone()));
        upstream.get().await.unwrap_err();
        assert_eq!(upstream.received().len(), forwarded, "{kind:?}");
        let calls = upstream.recorder.calls();
        assert_eq!(calls.len(), 1, "{kind:?}");
        assert_eq!(calls[0].status, None);
        assert_eq!(calls[0].fault, Some(kind));
        assert!(!calls[0].succeeded());
    }
    assert_eq!(upstream.get().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_caller_that_gives_up_does_not_stop_the_call() {
    let upstream = Upstream::answering(json!({})).await;
    upstream.recorder.inject(Fault::new(FaultKind::HangAfter(Duration::from_secs(20))));
    let started = Instant::now();
    tokio::time::timeout(Duration::from_millis(200), upstream.get()).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(upstream.received().len(), 1);
    assert_eq!(upstream.recorder.calls().len(), 1);
    assert_eq!(upstream.get().await.unwrap().status(), 200);
    assert_eq!(depth(&upstream.recorder.calls()), 2);
}

#[tokio::test]
async fn the_sdk_understands_answers_and_faults() {
    let upstream = Upstream::answering(json!({ "Item": { "pk": { "S": "a" } } })).await;
    let sdk = upstream.sdk();
    let get = || {
        sdk.get_item()
            .table_name("users")
            .key("pk", aws_sdk_dynamodb::types::AttributeValue::S("a".into()))
    };
    assert_eq!(get().send().await.unwrap().item.unwrap()["pk"].as_s().unwrap(), "a");

    upstream.recorder.inject(Fault::new(FaultKind::Throttle));
    let error = get().send().await.unwrap_err().into_service_error();
    assert!(error.is_provisioned_throughput_exceeded_exception(), "{error:?}");

    upstream.recorder.inject(Fault::new(FaultKind::InternalError));
    assert!(get().send().await.unwrap_err().into_service_error().is_internal_server_error());

    for kind in [FaultKind::DropBefore, FaultKind::DropAfter] {
        upstream.recorder.inject(Fault::new(kind));
        assert!(get().send().await.unwrap_err().as_service_error().is_none());
    }

    upstream.recorder.inject(Fault::transaction_cancelled(&["None", "ConditionalCheckFailed"]));
    let error =
        sdk.transact_write_items().set_transact_items(Some(Vec::new())).send().await.unwrap_err();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(error) =
        error.into_service_error()
    else {
        panic!("another error")
    };
    assert_eq!(error.cancellation_reasons()[1].code(), Some("ConditionalCheckFailed"));
}

#[tokio::test]
async fn a_server_that_is_away_is_an_answer() {
    let recorder = Recorder::start("http://127.0.0.1:1".to_owned());
    let answer = reqwest::Client::new().post(recorder.endpoint()).body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 502);
}
