//! The real binaries, behind the Lambda runtime API.
#![allow(
    clippy::allow_attributes,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a panic that names what went wrong is how they report"
)]

use std::path::Path;

use harness::{
    lambda::{LambdaProcess, Outcome},
    world::World,
};
use serde_json::{Value, json};

fn binary(operation: &str) -> &'static Path {
    Path::new(match operation {
        "events_fan_out" => env!("CARGO_BIN_EXE_events_fan_out"),
        "events_deliver" => env!("CARGO_BIN_EXE_events_deliver"),
        "events_sweep" => env!("CARGO_BIN_EXE_events_sweep"),
        "events_purge" => env!("CARGO_BIN_EXE_events_purge"),
        unknown => panic!("{unknown} has no binary here"),
    })
}

fn environment(operation: &str) -> Vec<(String, String)> {
    World::shared().stack().environment(operation).unwrap().into_iter().collect()
}

async fn failures(process: &LambdaProcess, event: &Value) -> Value {
    match process.invoke(&event.to_string()).await {
        Outcome::Response(answer) => answer["batchItemFailures"].clone(),
        other @ (Outcome::Error(_) | Outcome::Exited(_)) => panic!("{event}: {other:?}"),
    }
}

/// A record that the worker has to do with AWS for, and what it calls it.
fn record(operation: &str) -> Value {
    let text = |text: &str| json!({ "S": text });
    let pk = "T#nobody#test#U#000000000000000000000000";
    let id = "01920000-0000-7000-8000-000000000000";
    match operation {
        "events_deliver" => json!({
            "messageId": "1", "receiptHandle": "none", "attributes": {"ApproximateReceiveCount": "1"},
            "body": json!({
                "tenant": "nobody", "mode": "test", "user": "000000000000000000000000",
                "event": id, "destination": id,
            }).to_string(),
        }),
        "events_fan_out" => {
            json!({"eventName": "INSERT", "eventID": "1", "awsRegion": "us-east-1", "dynamodb": {
                "Keys": {"pk": text(pk), "sk": text(&format!("E#{id}"))}, "SequenceNumber": "1", "SizeBytes": 1,
                "NewImage": {
                    "pk": text(pk), "sk": text(&format!("E#{id}")), "event_id": text(id),
                    "kind": text("user.deleted"), "at": {"N": "0"}, "actor": text("a"),
                    "operation": text("b"), "request_id": text("c"), "fields": {"L": []},
                    "changes": text("{}"),
                },
            }})
        }
        _purge => {
            json!({"eventName": "REMOVE", "eventID": "1", "awsRegion": "us-east-1", "dynamodb": {
                "Keys": {"pk": text(pk), "sk": text("U")}, "SequenceNumber": "1", "SizeBytes": 1,
            }})
        }
    }
}

#[tokio::test]
async fn a_worker_answers_batches_and_outlives_what_is_none_and_backends_that_fail() {
    for worker in events::WORKERS.into_iter().filter(|it| it.operation != "events_sweep") {
        let process =
            LambdaProcess::start(binary(worker.operation), &environment(worker.operation));
        assert_eq!(failures(&process, &json!({"Records": []})).await, json!([]));
        let good = json!({"Records": [record(worker.operation)]});
        assert_eq!(failures(&process, &good).await, json!([]), "{}", worker.operation);
        for nonsense in [json!({}), json!([]), json!({"Records": [7]}), json!({"Records": "x"})] {
            let outcome = process.invoke(&nonsense.to_string()).await;
            assert!(matches!(outcome, Outcome::Error(_)), "{nonsense}: {outcome:?}");
        }
        assert_eq!(failures(&process, &good).await, json!([]));

        // Nobody listens on port 1.
        let mut environment = environment(worker.operation);
        for name in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SQS"] {
            environment.retain(|(it, _)| it != name);
            environment.push((name.to_owned(), "http://127.0.0.1:1".to_owned()));
        }
        let process = LambdaProcess::start(binary(worker.operation), &environment);
        let failed = json!([{"itemIdentifier": "1"}]);
        assert_eq!(failures(&process, &good).await, failed, "{}", worker.operation);
        assert!(process.is_alive());
    }
}

#[tokio::test]
async fn the_sweep_takes_any_event_and_fails_where_its_backends_do() {
    let event = json!({"detail-type": "Scheduled Event", "detail": {}});
    let process = LambdaProcess::start(binary("events_sweep"), &environment("events_sweep"));
    for event in [event.clone(), json!({}), json!(null), json!("x")] {
        assert_eq!(failures(&process, &event).await, json!([]), "{event}");
    }
    for away in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SQS"] {
        let mut environment = environment("events_sweep");
        environment.retain(|(it, _)| it != away);
        environment.push((away.to_owned(), "http://127.0.0.1:1".to_owned()));
        let process = LambdaProcess::start(binary("events_sweep"), &environment);
        for _ in 0..2 {
            let outcome = process.invoke(&event.to_string()).await;
            assert!(matches!(outcome, Outcome::Error(_)), "{away}: {outcome:?}");
        }
        assert!(process.is_alive());
    }
}

#[tokio::test]
async fn a_worker_without_its_tables_or_its_queue_does_not_start() {
    for (worker, missing) in [
        ("events_deliver", "USERS_TABLE"),
        ("events_deliver", "WEBHOOK_QUEUE_URL"),
        ("events_fan_out", "STREAM_FAILURE_QUEUE_URL"),
        ("events_sweep", "WEBHOOK_QUEUE_URL"),
    ] {
        let mut environment = environment(worker);
        environment.retain(|(name, _)| name != missing);
        let process = LambdaProcess::start(binary(worker), &environment);
        let outcome = process.invoke("{}").await;
        assert!(matches!(outcome, Outcome::Exited(status) if !status.success()), "{outcome:?}");
        process.logged(missing).await;
    }
}
