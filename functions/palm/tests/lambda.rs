//! The real binaries, behind the Lambda runtime API.
#![allow(
    clippy::allow_attributes,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a panic that names what went wrong is how they report"
)]

use std::{
    net::Ipv4Addr,
    path::Path,
    time::{Duration, Instant},
};

use harness::{
    lambda::{LambdaProcess, Outcome, gateway_event},
    world::{Tenant, World},
};
use lambda_http::http::Method;
use serde_json::{Value, json};
use shared::{auth::Role, domain::Mode, http::Endpoint};

/// What a function may take, by the template.
const TIMEOUT: Duration = Duration::from_secs(10);

fn binary(operation: &str) -> &'static Path {
    Path::new(match operation {
        "palm_create_user" => env!("CARGO_BIN_EXE_palm_create_user"),
        "palm_get_user" => env!("CARGO_BIN_EXE_palm_get_user"),
        "palm_update_user" => env!("CARGO_BIN_EXE_palm_update_user"),
        "palm_search_users" => env!("CARGO_BIN_EXE_palm_search_users"),
        "palm_update_vault" => env!("CARGO_BIN_EXE_palm_update_vault"),
        "palm_reveal_vault" => env!("CARGO_BIN_EXE_palm_reveal_vault"),
        "palm_record_verification" => env!("CARGO_BIN_EXE_palm_record_verification"),
        "palm_list_events" => env!("CARGO_BIN_EXE_palm_list_events"),
        "palm_list_vault_fields" => env!("CARGO_BIN_EXE_palm_list_vault_fields"),
        unknown => panic!("{unknown} has no binary here"),
    })
}

fn environment(operation: &str) -> Vec<(String, String)> {
    World::shared().stack().environment(operation).unwrap().into_iter().collect()
}

/// The environment, with one variable changed, or without it.
fn changed(operation: &str, name: &str, value: Option<&str>) -> Vec<(String, String)> {
    let mut environment = environment(operation);
    environment.retain(|(it, _)| it != name);
    environment.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    environment
}

fn start(operation: &str) -> LambdaProcess {
    LambdaProcess::start(binary(operation), &environment(operation))
}

/// A tenant with a user, and the owner's key.
struct Caller {
    key: String,
    user: String,
}

impl Caller {
    async fn new() -> Self {
        let Tenant { world, keys, owner } = World::shared().tenant().await;
        let key = world.key(&keys, Mode::Test, Role::Owner).await.expose_secret().to_owned();
        let body = json!({"display_name": "Ada", "vault": {"identity.ssn": "222233333"}});
        let user = owner.post("/v1/user").json(body).send().await.expect(201).json();
        Self { key, user: user["id"].as_str().unwrap().to_owned() }
    }

    /// The event that API Gateway makes of a request to this endpoint.
    fn event(&self, endpoint: &Endpoint, body: &Value) -> Value {
        let path = endpoint.path.replace("{user_id}", &self.user);
        let body = if endpoint.method == Method::GET { String::new() } else { body.to_string() };
        let headers = [
            ("authorization", format!("Bearer {}", self.key)),
            ("content-type", "application/json".to_owned()),
        ];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        gateway_event(World::shared().stack(), endpoint.method.clone(), &path, &headers, &body)
    }
}

fn endpoint(operation: &str) -> &'static Endpoint {
    palm::ENDPOINTS.into_iter().find(|endpoint| endpoint.operation == operation).unwrap()
}

/// Something that the endpoint can do, twice with the same answer but for ids and times.
fn body(operation: &str) -> Value {
    match operation {
        "palm_create_user" => json!({"display_name": "Grace", "vault": {"custom.a": "b"}}),
        "palm_update_user" | "palm_update_vault" => json!({}),
        "palm_search_users" => json!({"ssn": "222233333"}),
        "palm_reveal_vault" => json!({"fields": ["identity.ssn"], "reason": "a test"}),
        "palm_record_verification" => json!({
            "session_id": "a test", "workflow": {"name": "KYC Verification", "version": 1},
            "risk_level": "low", "outcome": "in_review", "executed_at": "2024-01-15T10:30:00Z",
        }),
        _reads => Value::Null,
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

/// The answer of the same endpoint in this process.
async fn in_process(endpoint: &'static Endpoint, event: &Value) -> Value {
    let world = World::shared();
    let (app, text) = (world.app(endpoint.operation), event.to_string());
    let answer = async move { endpoint.answer(&app, &text, lambda_http::Context::default()).await };
    serde_json::from_str(world.run(answer).await.get()).unwrap()
}

/// Status, headers and body, without what differs from one request to the next.
fn lasting(answer: &Value) -> Value {
    let mut body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    for name in ["created_at", "updated_at", "id", "instance", "request_id"] {
        if let Some(member) = body.get_mut(name) {
            assert!(member.is_string(), "{name} of {answer}");
            *member = Value::Null;
        }
    }
    let mut headers = answer["headers"].clone();
    headers.as_object_mut().unwrap().remove("x-request-id").unwrap();
    json!({"status": answer["statusCode"], "headers": headers, "body": body})
}

#[tokio::test]
async fn every_binary_answers_as_its_handler_does() {
    let caller = Caller::new().await;
    for endpoint in palm::ENDPOINTS {
        let process = start(endpoint.operation);
        let event = caller.event(endpoint, &body(endpoint.operation));
        for _ in 0..2 {
            let answer = answered(&process, &event).await;
            let success = [200, 201].contains(&answer["statusCode"].as_u64().unwrap());
            assert!(success, "{}: {answer}", endpoint.operation);
            assert_eq!(answer["isBase64Encoded"], false);
            assert_eq!(lasting(&answer), lasting(&in_process(endpoint, &event).await));
        }
        let mut anonymous = event.clone();
        for member in ["headers", "multiValueHeaders"] {
            anonymous[member].as_object_mut().unwrap().remove("authorization");
        }
        let answer = answered(&process, &anonymous).await;
        assert_eq!(answer["statusCode"], 401);
        assert_eq!(lasting(&answer), lasting(&in_process(endpoint, &anonymous).await));

        let id = answer["headers"]["x-request-id"].as_str().unwrap();
        let line: Value = serde_json::from_str(&process.logged(id).await).unwrap();
        assert_eq!(
            (&line["operation"], &line["status"]),
            (&json!(endpoint.operation), &json!(401))
        );
        assert!(process.is_alive());
    }
}

#[tokio::test]
async fn the_committed_event_makes_a_user() {
    let caller = Caller::new().await;
    let text = include_str!("../../../tests/events/create_user.json");
    let process = start("palm_create_user");
    let event: Value = serde_json::from_str(text).unwrap();
    assert_eq!(answered(&process, &event).await["statusCode"], 401);
    let event: Value =
        serde_json::from_str(&text.replace("sk_test_PLACEHOLDER", &caller.key)).unwrap();
    let first = answered(&process, &event).await;
    assert_eq!(first["statusCode"], 201, "{first}");
    let again = answered(&process, &event).await;
    assert_eq!(
        (&again["body"], &again["headers"]["idempotent-replayed"]),
        (&first["body"], &json!("true"))
    );
}

/// What the runtime cannot read is reported as an error of this one invocation, with nothing of the event in it.
#[tokio::test]
async fn no_event_ends_a_binary() {
    const CANARY: &str = "canary-in-a-malformed-event";
    let caller = Caller::new().await;
    for endpoint in palm::ENDPOINTS {
        let process = start(endpoint.operation);
        let good = caller.event(endpoint, &body(endpoint.operation));
        let with = |pointer: &str, value: Value| {
            let mut event = good.clone();
            *event.pointer_mut(pointer).unwrap() = value;
            event.to_string()
        };
        let mut bad_base64 = good.clone();
        bad_base64["body"] = json!(CANARY.to_owned() + "!");
        bad_base64["isBase64Encoded"] = json!(true);
        let malformed = [
            "{}".to_owned(),
            "null".to_owned(),
            CANARY.to_owned(),
            format!("{{\"{CANARY}\": [\"{CANARY}\"]"),
            json!({"Records": [{"eventSource": "aws:sqs", "body": CANARY}]}).to_string(),
            json!({"version": "2.0", "rawPath": CANARY}).to_string(),
            with("/httpMethod", json!(format!("{CANARY} {CANARY}"))),
            with("/body", json!({ CANARY: CANARY })),
            bad_base64.to_string(),
        ];
        for event in malformed {
            match process.invoke(&event).await {
                Outcome::Error(error) => {
                    assert!(!error.to_string().contains(CANARY), "{event}: {error}");
                }
                Outcome::Response(answer) => {
                    let status = answer["statusCode"].as_u64().unwrap();
                    assert!((400..500).contains(&status), "{event}: {answer}");
                    assert!(!answer.to_string().contains(CANARY), "{event}: {answer}");
                }
                Outcome::Exited(status) => panic!("{event}: {status}\n{:#?}", process.logs()),
            }
        }
        let answer = answered(&process, &good).await;
        assert!([200, 201].contains(&answer["statusCode"].as_u64().unwrap()), "{answer}");
        process.logged("\"request\"").await;
        let said: Vec<_> = process.logs();
        assert!(!said.iter().any(|line| line.contains(CANARY)), "{said:#?}");
    }
}

#[tokio::test]
async fn a_body_in_base64_is_the_same_body() {
    let caller = Caller::new().await;
    let process = start("palm_create_user");
    let mut event = caller.event(endpoint("palm_create_user"), &json!({"display_name": "Ada"}));
    event["body"] = json!("eyJkaXNwbGF5X25hbWUiOiAiQWRhIn0=");
    event["isBase64Encoded"] = json!(true);
    let answer = answered(&process, &event).await;
    assert_eq!(answer["statusCode"], 201);
    assert!(answer["body"].as_str().unwrap().contains("\"display_name\":\"Ada\""), "{answer}");
}

/// Nobody listens on port 1.
#[tokio::test]
async fn a_backend_that_is_away_is_a_503_in_time() {
    let caller = Caller::new().await;
    let mut running = tokio::task::JoinSet::new();
    for endpoint in palm::ENDPOINTS {
        let event = caller.event(endpoint, &body(endpoint.operation));
        for name in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_KMS"] {
            let environment = changed(endpoint.operation, name, Some("http://127.0.0.1:1"));
            let event = event.clone();
            let keyless = ["palm_get_user", "palm_list_vault_fields"].contains(&endpoint.operation);
            let expected = if keyless && name.ends_with("KMS") { 200 } else { 503 };
            running.spawn(async move {
                let process = LambdaProcess::start(binary(endpoint.operation), &environment);
                for _ in 0..2 {
                    let began = Instant::now();
                    let answer = answered(&process, &event).await;
                    assert!(began.elapsed() < TIMEOUT, "{:?}", began.elapsed());
                    assert_eq!(answer["statusCode"], expected, "{} {name}", endpoint.operation);
                    if expected == 503 {
                        assert_eq!(answer["headers"]["retry-after"], "1");
                    }
                }
                assert!(process.is_alive());
            });
        }
    }
    running.join_all().await;
}

/// A server that takes connections and says nothing: the function gives up before Lambda gives it up.
#[tokio::test]
async fn a_backend_that_is_silent_is_a_503_in_time() {
    let caller = Caller::new().await;
    let silent = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let mut running = tokio::task::JoinSet::new();
    for name in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_KMS"] {
        for operation in ["palm_create_user", "palm_reveal_vault"] {
            let environment = changed(operation, name, Some(&url));
            let event = caller.event(endpoint(operation), &body(operation));
            running.spawn(async move {
                let process = LambdaProcess::start(binary(operation), &environment);
                let began = Instant::now();
                let answer = answered(&process, &event).await;
                assert!(began.elapsed() < TIMEOUT, "{:?}", began.elapsed());
                assert_eq!(answer["statusCode"], 503, "{operation} {name}");
            });
        }
    }
    running.join_all().await;
}

#[tokio::test]
async fn a_missing_variable_fails_the_initialisation_and_is_named() {
    for endpoint in palm::ENDPOINTS {
        for name in ["USERS_TABLE", "KEYS_TABLE", "KMS_KEY_ID", "PROBLEM_BASE_URL"] {
            for value in [None, Some("")] {
                let environment = changed(endpoint.operation, name, value);
                let process = LambdaProcess::start(binary(endpoint.operation), &environment);
                let outcome = process.invoke("{}").await;
                assert!(
                    matches!(outcome, Outcome::Exited(status) if status.code() == Some(1)),
                    "{outcome:?}"
                );
                let sentence = format!("the environment variable {name} is not set");
                process.logged(&sentence).await;
            }
        }
    }
}
