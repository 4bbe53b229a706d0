//! The real binaries, behind the Lambda runtime API.
#![allow(
    clippy::allow_attributes,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a panic that names what went wrong is how they report"
)]

use std::{net::Ipv4Addr, path::Path};

use coffer::local::gateway::{Arrival, Router, event};
use harness::{
    lambda::{LambdaProcess, Outcome},
    world::{Tenant, World},
};
use lambda_http::http::Request;
use serde_json::{Value, json};
use shared::{auth::Role, domain::Mode, http::Endpoint};
use time::OffsetDateTime;

fn binary(operation: &str) -> &'static Path {
    Path::new(match operation {
        "keys_create_api_key" => env!("CARGO_BIN_EXE_keys_create_api_key"),
        "keys_list_api_keys" => env!("CARGO_BIN_EXE_keys_list_api_keys"),
        "keys_rotate_api_key" => env!("CARGO_BIN_EXE_keys_rotate_api_key"),
        "keys_revoke_api_key" => env!("CARGO_BIN_EXE_keys_revoke_api_key"),
        unknown => panic!("{unknown} has no binary here"),
    })
}

/// The function's environment, with one variable changed, or without it.
fn changed(operation: &str, name: &str, value: Option<&str>) -> Vec<(String, String)> {
    let environment = World::shared().stack().environment(operation).unwrap();
    let mut environment: Vec<_> = environment.into_iter().filter(|(it, _)| it != name).collect();
    environment.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    environment
}

fn start(operation: &str) -> LambdaProcess {
    LambdaProcess::start(binary(operation), &changed(operation, "", None))
}

/// An owner's key, and a key to manage.
struct Caller {
    key: String,
    managed: String,
}

impl Caller {
    async fn new() -> Self {
        let Tenant { world, keys, .. } = World::shared().tenant().await;
        let key = world.key(&keys, Mode::Test, Role::Owner).await.expose_secret().to_owned();
        let managed = world.key(&keys, Mode::Test, Role::Reader).await.id.clone();
        Self { key, managed }
    }

    /// The event that API Gateway makes of a request to this endpoint.
    fn event(&self, endpoint: &Endpoint) -> Value {
        let path = endpoint.path.replace("{key_id}", &self.managed);
        let request = Request::builder()
            .method(endpoint.method.clone())
            .uri(&path)
            .header("host", "api.example.com")
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .body(())
            .unwrap();
        let matched =
            Router::new(World::shared().stack().template()).find(&endpoint.method, &path).unwrap();
        assert_eq!(matched.operation, endpoint.operation);
        let arrival = Arrival {
            request_id: "2f6a4c1e-5a0b-4a58-9a53-1c8e6f1b7d20".to_owned(),
            source_ip: Ipv4Addr::LOCALHOST.into(),
            at: OffsetDateTime::UNIX_EPOCH,
        };
        let body = match endpoint.operation {
            "keys_create_api_key" => json!({"role": "READER", "name": "x"}).to_string(),
            "keys_rotate_api_key" => json!({"overlap_seconds": 60}).to_string(),
            _no_body => String::new(),
        };
        event(&request.into_parts().0, body.as_bytes(), &matched, &arrival)
    }
}

async fn answered(process: &LambdaProcess, event: &Value) -> Value {
    match process.invoke(&event.to_string()).await {
        Outcome::Response(answer) => answer,
        other @ (Outcome::Error(_) | Outcome::Exited(_)) => {
            panic!("{other:?} to {event}\n{:#?}", process.logs())
        }
    }
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn every_binary_does_its_work_and_logs_no_secret() {
    let caller = Caller::new().await;
    let secret = caller.key.get("sk_test_".len() + 16..).unwrap();
    for endpoint in keys::ENDPOINTS {
        let process = start(endpoint.operation);
        let answer = answered(&process, &caller.event(endpoint)).await;
        match endpoint.operation {
            "keys_create_api_key" => {
                assert_eq!(answer["statusCode"], 201, "{answer}");
                let made = body(&answer)["secret"].as_str().unwrap().to_owned();
                process.logged("\"request\"").await;
                assert!(!process.logs().iter().any(|line| line.contains(&made)));
            }
            "keys_list_api_keys" => {
                assert_eq!(answer["statusCode"], 200, "{answer}");
                let keys = body(&answer)["data"].as_array().unwrap().clone();
                assert!(keys.iter().any(|key| key["id"] == caller.managed.as_str()), "{keys:?}");
            }
            "keys_rotate_api_key" => {
                assert_eq!(answer["statusCode"], 201, "{answer}");
                assert_eq!(body(&answer)["replaces"], caller.managed.as_str());
            }
            _revoke => {
                assert_eq!(answer["statusCode"], 204, "{answer}");
                assert!(answer["body"].as_str().is_none_or(str::is_empty), "{answer}");
                let again = answered(&process, &caller.event(endpoint)).await;
                assert_eq!(again["statusCode"], 204, "{again}");
            }
        }
        let mut anonymous = caller.event(endpoint);
        for member in ["headers", "multiValueHeaders"] {
            anonymous[member].as_object_mut().unwrap().remove("authorization");
        }
        assert_eq!(answered(&process, &anonymous).await["statusCode"], 401);
        let id = answer["headers"]["x-request-id"].as_str().unwrap();
        let line: Value = serde_json::from_str(&process.logged(id).await).unwrap();
        assert_eq!(line["operation"], endpoint.operation);
        assert!(!process.logs().iter().any(|line| line.contains(secret)));
        assert!(process.is_alive());
    }
}

#[tokio::test]
async fn no_event_ends_a_binary() {
    const CANARY: &str = "canary-in-a-malformed-event";
    let caller = Caller::new().await;
    for endpoint in keys::ENDPOINTS {
        let process = start(endpoint.operation);
        let good = caller.event(endpoint);
        let mut bad_base64 = good.clone();
        bad_base64["body"] = json!(CANARY.to_owned() + "!");
        bad_base64["isBase64Encoded"] = json!(true);
        let mut no_parameters = good.clone();
        no_parameters["pathParameters"] = Value::Null;
        let malformed = [
            "{}".to_owned(),
            CANARY.to_owned(),
            json!({"Records": [{"eventSource": "aws:sqs", "body": CANARY}]}).to_string(),
            bad_base64.to_string(),
        ];
        for event in malformed {
            match process.invoke(&event).await {
                Outcome::Error(error) => assert!(!error.to_string().contains(CANARY), "{error}"),
                Outcome::Response(answer) => {
                    assert!(!answer.to_string().contains(CANARY), "{event}: {answer}");
                }
                Outcome::Exited(status) => panic!("{event}: {status}\n{:#?}", process.logs()),
            }
        }
        if endpoint.path.contains('{') {
            assert_eq!(answered(&process, &no_parameters).await["statusCode"], 404);
        }
        let answer = answered(&process, &good).await;
        assert!([200, 201, 204].contains(&answer["statusCode"].as_u64().unwrap()), "{answer}");
        assert!(!process.logs().iter().any(|line| line.contains(CANARY)));
    }
}

/// Nobody listens on port 1. No operation without an `Idempotency-Key` needs KMS.
#[tokio::test]
async fn a_backend_that_is_away_is_a_503() {
    let caller = Caller::new().await;
    for endpoint in keys::ENDPOINTS {
        for (name, expected) in
            [("AWS_ENDPOINT_URL_DYNAMODB", true), ("AWS_ENDPOINT_URL_KMS", false)]
        {
            let environment = changed(endpoint.operation, name, Some("http://127.0.0.1:1"));
            let process = LambdaProcess::start(binary(endpoint.operation), &environment);
            let answer = answered(&process, &caller.event(endpoint)).await;
            let away = answer["statusCode"] == 503;
            assert_eq!(away, expected, "{} without {name}: {answer}", endpoint.operation);
            assert!(process.is_alive());
        }
    }
    let mut event = caller.event(&keys::CREATE_API_KEY);
    event["headers"]["idempotency-key"] = json!("k");
    let environment =
        changed("keys_create_api_key", "AWS_ENDPOINT_URL_KMS", Some("http://127.0.0.1:1"));
    let process = LambdaProcess::start(binary("keys_create_api_key"), &environment);
    assert_eq!(answered(&process, &event).await["statusCode"], 503);
}

#[tokio::test]
async fn a_missing_variable_fails_the_initialisation_and_is_named() {
    for endpoint in keys::ENDPOINTS {
        let environment = changed(endpoint.operation, "KEYS_TABLE", None);
        let process = LambdaProcess::start(binary(endpoint.operation), &environment);
        let outcome = process.invoke("{}").await;
        assert!(
            matches!(outcome, Outcome::Exited(status) if status.code() == Some(1)),
            "{outcome:?}"
        );
        process.logged("the environment variable KEYS_TABLE is not set").await;
    }
}
