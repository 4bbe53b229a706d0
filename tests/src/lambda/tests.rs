//! A real process, made from `examples/echo.rs`.

use std::path::Path;

use serde_json::json;

use super::*;
use crate::examples::example;

fn event(path: &str, body: &str) -> String {
    json!({
        "resource": path,
        "path": path,
        "httpMethod": "POST",
        "headers": { "content-type": "text/plain" },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "httpMethod": "POST",
            "path": path,
            "requestId": "id",
            "stage": "$default",
            "requestTimeEpoch": 0
        },
        "body": body,
        "isBase64Encoded": false
    })
    .to_string()
}

fn echo() -> LambdaProcess {
    LambdaProcess::start(&example("echo"), &[("USERS_TABLE".to_owned(), "users".to_owned())])
}

async fn answered(process: &LambdaProcess, path: &str) -> Value {
    let outcome = process.invoke(&event(path, "hello")).await;
    let Outcome::Response(answer) = outcome else { panic!("{outcome:?}") };
    assert_eq!(answer["statusCode"], 200);
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn many_events_are_answered_in_turn() {
    let process = echo();
    let first = answered(&process, "/one").await;
    let second = answered(&process, "/two").await;
    assert_eq!(first["request_id"], "00000000-0000-4000-8000-000000000001");
    assert_eq!(second["request_id"], "00000000-0000-4000-8000-000000000002");
    assert_eq!(process.logged("stdout: /one").await, "stdout: /one");
    assert_eq!(process.logged("stderr: /two").await, "stderr: /two");
    assert!(process.is_alive());
}

#[tokio::test]
async fn the_environment_is_lambdas_and_ours_and_no_more() {
    let answer = answered(&echo(), "/environment").await;
    let names: Vec<&str> =
        answer["environment"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(names.contains(&"USERS_TABLE"));
    assert!(names.contains(&"AWS_LAMBDA_FUNCTION_NAME"));
    assert!(!names.iter().any(|name| name.starts_with("CARGO") || *name == "HOME"), "{names:?}");
}

#[tokio::test]
async fn errors_panics_and_unreadable_events_are_outcomes_and_do_not_kill() {
    let process = echo();
    for event in [event("/fail", ""), event("/panic", ""), "{".to_owned(), "{}".to_owned()] {
        let outcome = process.invoke(&event).await;
        let Outcome::Error(error) = outcome else { panic!("{event}: {outcome:?}") };
        assert!(error["errorType"].is_string(), "{error}");
    }
    assert!(process.is_alive());
    answered(&process, "/still-here").await;
}

#[tokio::test]
async fn an_exit_is_an_outcome_with_its_status_now_and_later() {
    let process = echo();
    for _ in 0..2 {
        let outcome = process.invoke(&event("/exit", "")).await;
        let Outcome::Exited(status) = outcome else { panic!("{outcome:?}") };
        assert_eq!(status.code(), Some(3));
    }
    assert!(!process.is_alive());
}

#[tokio::test]
async fn a_start_that_fails_is_an_exit() {
    let env = [("FAIL_AT_START".to_owned(), "1".to_owned())];
    let process = LambdaProcess::start(&example("echo"), &env);
    let outcome = process.invoke(&event("/", "")).await;
    assert!(matches!(outcome, Outcome::Exited(status) if !status.success()), "{outcome:?}");
    assert!(
        process.logs().iter().any(|line| line.contains("no configuration")),
        "{:?}",
        process.logs()
    );
}

#[test]
#[should_panic(expected = "does not start")]
fn a_missing_binary_is_said_at_once() {
    drop(LambdaProcess::start(Path::new("/nowhere/to/be/found"), &[]));
}
