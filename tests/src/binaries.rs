//! What every real binary must stand, behind the Lambda runtime API: a good event, events that are none, and a backend that
//! is away.

use std::path::Path;

use lambda_http::http::Method;
use serde_json::{Value, json};
use shared::http::Endpoint;

use crate::{
    lambda::{LambdaProcess, Outcome, gateway_event},
    world::World,
};

/// A binary, and a request that it can answer.
#[derive(Debug)]
pub struct Binary<'a> {
    /// Its endpoint.
    pub endpoint: &'static Endpoint,
    /// Where it was built.
    pub path: &'a Path,
    /// The request's path.
    pub request_path: String,
    /// The request's headers, the credential among them.
    pub headers: Vec<(&'static str, String)>,
    /// The request's body.
    pub body: Value,
    /// What it is answered.
    pub status: u16,
}

impl Binary<'_> {
    /// The event that API Gateway makes of the request.
    pub fn event(&self) -> Value {
        let bodiless = self.endpoint.method == Method::GET || self.body.is_null();
        let body = if bodiless { String::new() } else { self.body.to_string() };
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(self.headers.iter().map(|(name, value)| (*name, value.as_str())));
        let stack = World::shared().stack();
        gateway_event(stack, self.endpoint.method.clone(), &self.request_path, &headers, &body)
    }

    fn start(&self, changed: Option<(&str, &str)>) -> LambdaProcess {
        let environment = World::shared().stack().environment(self.endpoint.operation);
        let mut environment = environment.expect("a function of the template");
        if let Some((name, value)) = changed {
            environment.insert(name.to_owned(), value.to_owned());
        }
        LambdaProcess::start(self.path, &environment.into_iter().collect::<Vec<_>>())
    }

    /// It answers, and says so in its log; without a credential it does not.
    pub async fn answers(&self) {
        let process = self.start(None);
        let answer = answered(&process, &self.event()).await;
        assert_eq!(answer["statusCode"], self.status, "{answer}");
        let mut anonymous = self.event();
        for member in ["headers", "multiValueHeaders"] {
            let headers = anonymous[member].as_object_mut().expect("headers");
            self.headers.iter().for_each(|(name, _)| drop(headers.remove(*name)));
        }
        let answer = answered(&process, &anonymous).await;
        assert_eq!(answer["statusCode"], 401, "{answer}");
        let id = answer["headers"]["x-request-id"].as_str().expect("a request id");
        let line: Value = serde_json::from_str(&process.logged(id).await).expect("a JSON line");
        assert_eq!(line["operation"], self.endpoint.operation);
    }

    /// No event ends it, and it tells nothing of one that it cannot read.
    pub async fn survives_malformed_events(&self) {
        const CANARY: &str = "canary-in-a-malformed-event";
        let process = self.start(None);
        let mut without_headers = self.event();
        without_headers["headers"] = json!(CANARY);
        without_headers["multiValueHeaders"] = json!(CANARY);
        for event in ["{}", CANARY, "null", &without_headers.to_string()] {
            match process.invoke(event).await {
                Outcome::Error(told) => assert!(!told.to_string().contains(CANARY), "{told}"),
                Outcome::Response(told) => {
                    let status = told["statusCode"].as_u64().expect("a status");
                    assert!((400..500).contains(&status), "{event}: {told}");
                    assert!(!told.to_string().contains(CANARY), "{told}");
                }
                Outcome::Exited(status) => panic!("{event}: {status}\n{:#?}", process.logs()),
            }
        }
        assert_eq!(answered(&process, &self.event()).await["statusCode"], self.status);
        assert!(!process.logs().iter().any(|line| line.contains(CANARY)));
    }

    /// Whatever a client can have put into an event: an answer of ours, and never a fault.
    pub async fn survives_hostile_events(&self) {
        let process = self.start(None);
        let good = self.event();
        for (what, changes) in hostile() {
            let mut event = good.clone();
            for (pointer, value) in changes {
                let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
                let parent = event.pointer_mut(parent).expect("a member of the event");
                parent[name] = value;
            }
            let answer = answered(&process, &event).await;
            let status = answer["statusCode"].as_u64().expect("a status");
            assert!((200..500).contains(&status), "{what}: {answer}");
            if what == "a body that is no Base64" {
                assert_eq!(status, 400, "{what}: {answer}");
            }
        }
        for event in
            ["{}", "[]", "null", "5", r#""\ud800""#, r#"{"httpMethod":"GET","path":"\ud800"}"#]
        {
            match process.invoke(event).await {
                Outcome::Response(answer) => {
                    assert_eq!(answer["statusCode"], 400, "{event}: {answer}");
                }
                other @ (Outcome::Error(_) | Outcome::Exited(_)) => panic!("{event}: {other:?}"),
            }
        }
        assert!(process.is_alive());
        assert!(answered(&process, &good).await["statusCode"].as_u64().is_some_and(|it| it < 500));
    }

    /// Nobody listens on port 1.
    pub async fn says_when_a_backend_is_away(&self) {
        for name in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_KMS"] {
            let process = self.start(Some((name, "http://127.0.0.1:1")));
            let answer = answered(&process, &self.event()).await;
            assert_eq!(answer["statusCode"], 503, "{name}: {answer}");
            assert_eq!(answer["headers"]["retry-after"], "1");
            assert!(process.is_alive());
        }
    }
}

/// What clients can send, and where it stands in the event.
fn hostile() -> Vec<(&'static str, Vec<(&'static str, Value)>)> {
    let hosts = ["1.2.3.999", "a b:port", "[::1", "x:99999999", "", "José", "\"<>", "a/b?c#d"];
    let hosts = hosts.map(|host| ("a host that is none", vec![("/headers/Host", json!(host))]));
    let queries = ["\"", "<", ">", "|", ";", ",", "%", "%zz", "\u{0}", "é"];
    let queries = queries.map(|text| {
        (
            "an odd query",
            vec![
                ("/queryStringParameters", json!({text: text, "limit": text, "search": text})),
                ("/multiValueQueryStringParameters", json!({text: [text, null, 5], "limit": text})),
            ],
        )
    });
    let paths = ["//x:port", "/%FF", "/%00", "/a%zz", "/\"<>|", "/\u{0}", "", "/é", "*"];
    let paths = paths.map(|path| ("an odd path", vec![("/path", json!(path))]));
    let others = [
        ("no headers", vec![("/headers", Value::Null), ("/multiValueHeaders", Value::Null)]),
        ("a scheme that is none", vec![("/headers/X-Forwarded-Proto", json!("ht tp://"))]),
        (
            "a body that is no Base64",
            vec![("/body", json!("!")), ("/isBase64Encoded", json!(true))],
        ),
        ("a null header", vec![("/headers/x-null", Value::Null)]),
        ("a number for a header", vec![("/headers/x-number", json!(5))]),
        ("an object for a header", vec![("/headers/x-object", json!({"a": []}))]),
        ("null among all headers", vec![("/multiValueHeaders/x-null", json!([null, 5, "é"]))]),
        ("a header that is not ASCII", vec![("/headers/x-name", json!("José \u{1}"))]),
        ("a header's name that is none", vec![("/headers/é x", json!("x"))]),
        (
            "members that nobody knows",
            vec![("/new", json!({"a": [1]})), ("/requestContext/new", json!(1))],
        ),
        ("no context", vec![("/requestContext", Value::Null)]),
        ("a context that is none", vec![("/requestContext", json!("x"))]),
        ("no resource", vec![("/resource", Value::Null)]),
        ("parameters that are none", vec![("/pathParameters", json!([1]))]),
        ("a lower-case method", vec![("/httpMethod", json!("get"))]),
        ("TRACE", vec![("/httpMethod", json!("TRACE"))]),
        ("another method in a header", vec![("/headers/X-HTTP-Method-Override", json!("DELETE"))]),
    ];
    others.into_iter().chain(hosts).chain(queries).chain(paths).collect()
}

async fn answered(process: &LambdaProcess, event: &Value) -> Value {
    match process.invoke(&event.to_string()).await {
        Outcome::Response(answer) => answer,
        other @ (Outcome::Error(_) | Outcome::Exited(_)) => {
            panic!("{other:?} to {event}\n{:#?}", process.logs())
        }
    }
}
