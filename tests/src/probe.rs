//! The probe's echo behind the local stack's gateway, and whether the gateway does what the probe saw on AWS.
//!
//! `tests/probe/probe.py` asks both alike. What API Gateway answered lies in `tests/probe/fixtures` once somebody with an
//! account has run it; [`ProbeGateway::differences`] compares.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use coffer::{
    local::gateway::{Answer, Gateway, Invocation, Invoke},
    template::Template,
};
use serde_json::{Value, json, value::to_raw_value};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A body beyond this many bytes is echoed by its length: an answer has a limit too.
const LONG_BODY: usize = 100_000;

/// The local gateway with the routes of the probe's template and its echo.
#[derive(Debug)]
pub struct ProbeGateway {
    gateway: Gateway,
    address: SocketAddr,
}

impl ProbeGateway {
    /// Starts one on a free port of 127.0.0.1.
    pub async fn start() -> Self {
        let template = Template::read(&directory().join("template.yaml")).expect("its template");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let invoke: Invoke = Arc::new(|invocation| Box::pin(async move { echo(&invocation) }) as _);
        let gateway = Gateway::start(listener, &template, invoke);
        Self { gateway, address }
    }

    /// Where it listens.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it.
    pub async fn shutdown(self) {
        self.gateway.shutdown().await;
    }

    /// Asks what the fixture asked, and says where the answer is another one than its.
    pub async fn differences(&self, fixture: &Value) -> Vec<String> {
        let answer = self.ask(fixture).await;
        let expected = &fixture["answer"];
        let mut told = vec![];
        let mut compare = |what: &str, expected: &Value, found: Value| {
            if *expected != found {
                told.push(format!("{what}: {found} here, {expected} on AWS"));
            }
        };
        compare("status", &expected["status"], json!(answer.status));
        if fixture["event"].is_null() {
            compare("body", &expected["body"], json!(answer.body));
        } else {
            let event: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            for (name, value) in fixture["event"].as_object().into_iter().flatten() {
                compare(name, value, event[name].clone());
            }
        }
        for header in expected["headers"].as_array().into_iter().flatten() {
            let name = header[0].as_str().unwrap_or_default().to_lowercase();
            if !["connection", "content-length"].contains(&name.as_str()) {
                compare(&name, &header[1], json!(answer.header(&name)));
            }
        }
        told
    }

    async fn ask(&self, fixture: &Value) -> Heard {
        let text = |name: &str| fixture[name].as_str().unwrap_or_default();
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n",
            text("method"),
            text("target")
        );
        for header in fixture["headers"].as_array().into_iter().flatten() {
            let part = |at: usize| header[at].as_str().unwrap_or_default();
            head.extend([part(0), ": ", part(1), "\r\n"]);
        }
        let body = fixture["body_latin1"].as_str();
        let body: Option<Vec<u8>> =
            body.map(|body| body.chars().map(|it| u8::try_from(it).expect("Latin-1")).collect());
        if let Some(body) = &body {
            head.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
        }
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(self.address).await.expect("a gateway that listens");
        let request = [head.into_bytes(), body.unwrap_or_default()].concat();
        stream.write_all(&request).await.expect("a gateway that reads");
        let mut answer = vec![];
        stream.read_to_end(&mut answer).await.expect("a gateway that answers");
        Heard::parse(&String::from_utf8_lossy(&answer))
    }
}

/// An answer. None of the gateway's comes in chunks: it knows each body's length.
struct Heard {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Heard {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        Self {
            status: status.unwrap_or_default(),
            headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
            body: body.to_owned(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

/// Where the probe lies.
pub fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("probe")
}

/// What the function of the probe's template answers.
fn echo(invocation: &Invocation) -> Answer {
    let mut event: Value = serde_json::from_str(&invocation.event).ok()?;
    if event["resource"] == "/answers/{kind}" {
        return to_raw_value(&answer(event["pathParameters"]["kind"].as_str()?)?).ok();
    }
    if let Some(body) = event["body"].as_str().filter(|body| body.len() > LONG_BODY) {
        event["body"] = format!("{} characters", body.chars().count()).into();
    }
    let headers = json!({"Content-Type": "application/json"});
    to_raw_value(&json!({"statusCode": 200, "headers": headers, "body": event.to_string()})).ok()
}

fn answer(kind: &str) -> Option<Value> {
    Some(match kind {
        "www-authenticate" => {
            json!({"statusCode": 401, "headers": {"WWW-Authenticate": "Bearer"}, "body": "{}"})
        }
        "allow" => json!({"statusCode": 405, "headers": {"Allow": "GET, HEAD"}, "body": "{}"}),
        "retry-after" => json!({"statusCode": 503, "headers": {"Retry-After": "7"}, "body": "{}"}),
        "location" => json!({"statusCode": 201, "headers": {"Location": "/c/1"}, "body": "{}"}),
        "no-content" => json!({"statusCode": 204}),
        "no-type" => json!({"statusCode": 200, "body": "{}"}),
        "many" => {
            json!({"statusCode": 200, "multiValueHeaders": {"X-Many": ["1", "2"]}, "body": "{}"})
        }
        "malformed" => json!({"status": "none"}),
        // As asked: an error.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the probe writes it.
    fn fixture(target: &str, event_path: &str, id: &str) -> Value {
        json!({
            "row": "P2", "method": "GET", "target": target, "headers": [], "body_latin1": null,
            "answer": {"status": 200, "headers": [["Content-Type", "application/json"]], "body": null},
            "event": {
                "resource": "/c/{id}", "path": event_path, "httpMethod": "GET",
                "pathParameters": {"id": id}, "queryStringParameters": null, "body": null,
            },
        })
    }

    #[tokio::test]
    async fn a_path_comes_as_it_was_sent_and_what_aws_did_otherwise_is_told() {
        let gateway = ProbeGateway::start().await;
        let kept = fixture("/c/a%3Fb", "/c/a%3Fb", "a%3Fb");
        assert_eq!(gateway.differences(&kept).await, Vec::<String>::new());
        let decoded = fixture("/c/a%3Fb", "/c/a", "a");
        assert_eq!(gateway.differences(&decoded).await.len(), 2);
        gateway.shutdown().await;
    }

    /// There are none until somebody has run the probe.
    #[tokio::test]
    async fn the_gateway_does_what_the_probe_saw_on_aws() {
        let gateway = ProbeGateway::start().await;
        let files = std::fs::read_dir(directory().join("fixtures")).into_iter().flatten();
        let mut told = vec![];
        for file in files {
            let text = std::fs::read_to_string(file.expect("a file").path()).expect("a fixture");
            let fixture: Value = serde_json::from_str(&text).expect("JSON");
            for difference in gateway.differences(&fixture).await {
                told.push(format!("{}: {difference}", fixture["row"]));
            }
        }
        assert!(told.is_empty(), "{}", told.join("\n"));
        gateway.shutdown().await;
    }
}
