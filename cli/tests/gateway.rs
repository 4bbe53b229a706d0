//! The local gateway against what is known of AWS's REST API, row by row: each case is named after the row that it keeps.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a panic that names what went wrong is how a test reports"
)]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use coffer::{
    local::gateway::{Answer, Gateway, Invocation, Invoke, limits::MAX_EVENT_BYTES},
    template::Template,
};
use serde_json::{Value, json, value::to_raw_value};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Routes whose functions do what their names say.
const ROUTES: [(&str, &str, &str); 14] = [
    ("length", "POST", "/length"),
    ("echo_users", "ANY", "/users"),
    ("echo_user", "GET", "/users/{vendor_data}"),
    ("echo_other_methods", "ANY", "/users/{vendor_data}"),
    ("echo_create", "POST", "/users/create"),
    ("echo_rest", "GET", "/files/{rest+}"),
    ("echo_file", "GET", "/files/one"),
    ("fail", "GET", "/fail"),
    ("no_answer", "GET", "/no-answer"),
    ("renamed", "GET", "/renamed"),
    ("no_type", "GET", "/no-type"),
    ("large", "GET", "/large"),
    ("fits", "GET", "/fits"),
    ("slow", "GET", "/slow"),
];

/// What is expected of a request.
enum Expected {
    /// The function's event has these values at these pointers.
    Event(&'static [(&'static str, &'static str)]),
    /// The gateway answers with this status and this message.
    Refused(u16, &'static str),
    /// The answer has this status and these headers.
    Headers(u16, &'static [(&'static str, &'static str)]),
}
use Expected::{Event, Headers, Refused};

const NO_ROUTE: Expected = Refused(403, "Missing Authentication Token");

/// Row, request line without the version, further head lines, and what is expected.
const ROWS: [(&str, &str, &str, Expected); 49] = [
    (
        "selection: literal before {name}",
        "POST /users/create",
        "",
        Event(&[("/resource", "\"/users/create\"")]),
    ),
    (
        "selection: literal before {name}",
        "POST /users/x",
        "",
        Event(&[("/resource", "\"/users/{vendor_data}\"")]),
    ),
    ("selection: literal, whatever the method", "GET /users/create", "", NO_ROUTE),
    (
        "selection: {name} before {name+}",
        "GET /files/one",
        "",
        Event(&[("/resource", "\"/files/one\"")]),
    ),
    (
        "selection: {name+} is last",
        "GET /files/a/b%2Fc",
        "",
        Event(&[("/pathParameters/rest", "\"a/b%2Fc\"")]),
    ),
    ("selection: a path without a resource", "GET /nowhere", "", NO_ROUTE),
    ("selection: a method without an entry", "POST /fail", "", NO_ROUTE),
    (
        "selection: an Authorization header on such a path",
        "GET /nowhere",
        "Authorization: Bearer sk_test_x\r\n",
        Refused(403, "Authorization header requires 'Credential' parameter."),
    ),
    (
        "/x/ as /x",
        "GET /users/a/",
        "",
        Event(&[("/resource", "\"/users/{vendor_data}\""), ("/path", "\"/users/a/\"")]),
    ),
    ("//x as /x", "GET //users/a", "", Event(&[("/resource", "\"/users/{vendor_data}\"")])),
    ("path: encoded as sent", "GET /users/a%2Fb", "", Event(&[("/path", "\"/users/a%2Fb\"")])),
    (
        "pathParameters: encoded as sent",
        "GET /users/a%2Fb",
        "",
        Event(&[("/pathParameters/vendor_data", "\"a%2Fb\"")]),
    ),
    (
        "pathParameters: encoded as sent",
        "GET /users/a%3Fb",
        "",
        Event(&[("/pathParameters/vendor_data", "\"a%3Fb\"")]),
    ),
    (
        "pathParameters: encoded as sent",
        "GET /users/%41",
        "",
        Event(&[("/pathParameters/vendor_data", "\"%41\"")]),
    ),
    (
        "pathParameters: encoded as sent",
        "GET /users/%252F",
        "",
        Event(&[("/pathParameters/vendor_data", "\"%252F\"")]),
    ),
    (
        "pathParameters: encoded as sent",
        "GET /users/100%25",
        "",
        Event(&[("/pathParameters/vendor_data", "\"100%25\"")]),
    ),
    (
        "pathParameters: encoded as sent",
        "GET /users/%FF",
        "",
        Event(&[("/pathParameters/vendor_data", "\"%FF\"")]),
    ),
    (
        "pathParameters: encoded as sent",
        "GET /users/x+y;z",
        "",
        Event(&[("/pathParameters/vendor_data", "\"x+y;z\"")]),
    ),
    (
        "pathParameters: null where there is none",
        "GET /users",
        "",
        Event(&[("/pathParameters", "null")]),
    ),
    (
        "requestContext.path: the stage in front",
        "GET /users/a",
        "",
        Event(&[("/requestContext/path", "\"/live/users/a\"")]),
    ),
    (
        "resource: the pattern",
        "GET /users/a",
        "",
        Event(&[("/requestContext/resourcePath", "\"/users/{vendor_data}\"")]),
    ),
    (
        "query: the last value",
        "GET /users?a=1&a=2",
        "",
        Event(&[("/queryStringParameters/a", "\"2\"")]),
    ),
    (
        "query: all values",
        "GET /users?a=1&a=2",
        "",
        Event(&[("/multiValueQueryStringParameters/a", "[\"1\",\"2\"]")]),
    ),
    (
        "query: decoded",
        "GET /users?a%20b=%22+%2B",
        "",
        Event(&[("/queryStringParameters/a b", "\"\\\" +\"")]),
    ),
    (
        "query: ; splits like &",
        "GET /users?a=1;b=2",
        "",
        Event(&[("/queryStringParameters/b", "\"2\"")]),
    ),
    ("query: a raw | is refused", "GET /users?a=1|2", "", Refused(400, "Bad Request")),
    (
        "query: null where there is none",
        "GET /users?",
        "",
        Event(&[("/queryStringParameters", "null"), ("/multiValueQueryStringParameters", "null")]),
    ),
    (
        "headers: the last value",
        "GET /users",
        "X-A: 1\r\nX-A: 2\r\n",
        Event(&[("/headers/x-a", "\"2\"")]),
    ),
    (
        "headers: all values",
        "GET /users",
        "X-A: 1\r\nX-A: 2\r\n",
        Event(&[("/multiValueHeaders/x-a", "[\"1\",\"2\"]")]),
    ),
    ("headers: Host", "GET /users", "", Event(&[("/headers/Host", "\"here\"")])),
    (
        "headers: X-Forwarded-For",
        "GET /users",
        "",
        Event(&[("/headers/X-Forwarded-For", "\"127.0.0.1\"")]),
    ),
    (
        "headers: X-Forwarded-Port 443",
        "GET /users",
        "",
        Event(&[("/headers/X-Forwarded-Port", "\"443\"")]),
    ),
    (
        "headers: X-Forwarded-Proto https",
        "GET /users",
        "X-Forwarded-Proto: gopher\r\n",
        Event(&[("/headers/X-Forwarded-Proto", "\"https\"")]),
    ),
    (
        "body: null when empty",
        "POST /users",
        "",
        Event(&[("/body", "null"), ("/isBase64Encoded", "false")]),
    ),
    (
        "answer: no content type is application/json",
        "GET /no-type",
        "",
        Headers(200, &[("content-type", "application/json")]),
    ),
    ("answer: a malformed answer", "GET /no-answer", "", Refused(502, "Internal server error")),
    ("answer: a function error", "GET /fail", "", Refused(502, "Internal server error")),
    (
        "answer: WWW-Authenticate comes back renamed",
        "GET /renamed",
        "",
        Headers(401, &[("x-amzn-remapped-www-authenticate", "Bearer"), ("www-authenticate", "")]),
    ),
    (
        "answer: so does Date",
        "GET /renamed",
        "",
        Headers(401, &[("x-amzn-remapped-date", "today")]),
    ),
    (
        "answer: so does Server",
        "GET /renamed",
        "",
        Headers(401, &[("x-amzn-remapped-server", "us"), ("server", "")]),
    ),
    (
        "answer: so does Host",
        "GET /renamed",
        "",
        Headers(401, &[("x-amzn-remapped-host", "h"), ("host", "")]),
    ),
    (
        "answer: so does Authorization",
        "GET /renamed",
        "",
        Headers(401, &[("x-amzn-remapped-authorization", "a"), ("authorization", "")]),
    ),
    (
        "answer: so does Content-MD5",
        "GET /renamed",
        "",
        Headers(401, &[("x-amzn-remapped-content-md5", "m"), ("content-md5", "")]),
    ),
    (
        "answer: Allow and Retry-After do not",
        "GET /renamed",
        "",
        Headers(401, &[("allow", "GET"), ("retry-after", "1")]),
    ),
    ("limits: an answer of 6,291,556 bytes", "GET /fits", "", Headers(200, &[])),
    (
        "limits: an answer of 6,291,557 bytes, escapes counted",
        "GET /large",
        "",
        Refused(502, "Internal server error"),
    ),
    (
        "Lambda: a function that outlives its Timeout",
        "GET /slow",
        "",
        Refused(502, "Internal server error"),
    ),
    ("OPTIONS: an ordinary method", "OPTIONS /users", "", Event(&[("/httpMethod", "\"OPTIONS\"")])),
    ("OPTIONS: an ordinary method", "OPTIONS /fail", "", NO_ROUTE),
];

fn template() -> Template {
    let entry = |(operation, method, path): (&str, &str, &str)| {
        format!(
            "  F{operation}:\n    Type: AWS::Serverless::Function\n    Metadata: {{ BuildProperties: {{ Binary: {operation} }} }}\n    \
             Properties: {{ Timeout: 1, Role: !GetAtt R.Arn, Events: {{ E: {{ Type: Api, Properties: {{ Method: {method}, Path: '{path}' }} }} }} }}\n"
        )
    };
    let functions: String = ROUTES.into_iter().map(entry).collect();
    let api = "  Api: { Type: AWS::Serverless::Api, Properties: { StageName: live } }\n  R: { Type: AWS::IAM::Role, Properties: { ManagedPolicyArns: [] } }\n";
    Template::parse(&format!("Resources:\n{api}{functions}")).unwrap()
}

async fn answer(invocation: Invocation) -> Answer {
    let around = json!({"statusCode": 200, "body": ""}).to_string().len();
    let answer = match invocation.operation.as_str() {
        "fail" => return None,
        "length" => json!({"statusCode": 200, "body": invocation.event.len().to_string()}),
        "no_answer" => json!({"status": 200}),
        "no_type" => json!({"statusCode": 200, "body": ""}),
        "renamed" => json!({"statusCode": 401, "body": "", "headers": {
            "WWW-Authenticate": "Bearer", "Date": "today", "Server": "us", "Host": "h", "Authorization": "a",
            "Content-MD5": "m", "Allow": "GET", "Retry-After": "1",
        }}),
        "fits" => json!({"statusCode": 200, "body": "x".repeat(MAX_EVENT_BYTES - around)}),
        // Half as many characters as fit, each escaped.
        "large" => {
            json!({"statusCode": 200, "body": "\"".repeat((MAX_EVENT_BYTES - around) / 2 + 1)})
        }
        "slow" => {
            tokio::time::sleep(Duration::from_mins(1)).await;
            return None;
        }
        _echo => json!({"statusCode": 200, "body": invocation.event}),
    };
    to_raw_value(&answer).ok()
}

async fn start() -> (Gateway, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let invoke: Invoke = Arc::new(|invocation| Box::pin(answer(invocation)));
    (Gateway::start(listener, &template(), invoke), address)
}

/// Status, head and body of the answer to bytes.
async fn send(address: SocketAddr, request: &[u8]) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A gateway that refuses early may close before it has read all.
    drop(stream.write_all(request).await);
    let mut answer = vec![];
    drop(stream.read_to_end(&mut answer).await);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, head.to_owned(), body.to_owned())
}

async fn request(address: SocketAddr, line: &str, head: &str, body: &str) -> (u16, String, String) {
    let length =
        if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let text =
        format!("{line} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n{head}{length}\r\n{body}");
    send(address, text.as_bytes()).await
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

#[tokio::test]
async fn every_row_of_the_rest_apis_table_is_kept() {
    let (gateway, address) = start().await;
    for (row, line, more, expected) in ROWS {
        let (status, head, body) = request(address, line, more, "").await;
        let row = format!("{row}: {line}: {status} {body:.300}");
        assert!(uuid::Uuid::parse_str(header(&head, "x-amzn-requestid").unwrap()).is_ok(), "{row}");
        assert_eq!(header(&head, "x-amz-apigw-id").unwrap().len(), 16, "{row}");
        match expected {
            Event(values) => {
                assert_eq!(status, 200, "{row}");
                let event: Value = serde_json::from_str(&body).unwrap();
                let id = event["requestContext"]["requestId"].as_str().unwrap();
                assert_eq!(header(&head, "x-amzn-requestid"), Some(id), "{row}");
                for (pointer, value) in values {
                    let found =
                        event.pointer(pointer).unwrap_or_else(|| panic!("{row}: no {pointer}"));
                    assert_eq!(found.to_string(), *value, "{row}");
                }
            }
            Refused(expected, message) => {
                assert_eq!(
                    (status, body),
                    (expected, json!({"message": message}).to_string()),
                    "{row}"
                );
            }
            Headers(expected, headers) => {
                assert_eq!(status, expected, "{row}");
                for (name, value) in headers {
                    assert_eq!(header(&head, name).unwrap_or_default(), *value, "{row}: {name}");
                }
            }
        }
    }
    gateway.shutdown().await;
}

/// Row "limits": request line and headers 10,240 bytes together, body 10 MB, event 6,291,556 bytes with its escapes.
#[tokio::test]
async fn what_is_too_long_is_refused_at_the_byte() {
    let (gateway, address) = start().await;
    let fixed = "GET /users HTTP/1.1\r\nHost: here\r\nConnection: close\r\nX-Long: \r\n".len();
    for (length, expected) in [(10_240, 200), (10_241, 413)] {
        let head = format!("X-Long: {}\r\n", "x".repeat(length - fixed));
        assert_eq!(request(address, "GET /users", &head, "").await.0, expected, "{length}");
    }

    // Each quote is two bytes of the event; six digits more of `Content-Length` stand in it twice.
    let (_, _, length) = request(address, "POST /length", "", &"\"".repeat(8)).await;
    let around = length.parse::<usize>().unwrap() - 8 * 2 + 6 * 2;
    let quotes = (MAX_EVENT_BYTES - around) / 2;
    for (quotes, expected) in [(quotes, 200), (quotes + 1, 413)] {
        let (status, _, length) = request(address, "POST /length", "", &"\"".repeat(quotes)).await;
        assert_eq!(status, expected, "{quotes} {length}");
    }
    let body = "x".repeat(10 * 1024 * 1024 + 1);
    let (status, _, body) = request(address, "POST /length", "", &body).await;
    assert!(status == 413 || body.is_empty(), "{status}");
    gateway.shutdown().await;
}

/// A request that is half sent ends by itself: in its head, and in its body.
#[tokio::test(start_paused = true)]
async fn a_request_that_is_half_sent_is_given_up() {
    let (gateway, address) = start().await;
    for half in [
        "GET /users HTTP/1.1\r\nHost: he",
        "POST /users HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\nabc",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        let mut answer = vec![];
        let closed = stream.read_to_end(&mut answer);
        tokio::time::timeout(Duration::from_mins(2), closed).await.expect("it is closed").unwrap();
        assert!(!String::from_utf8_lossy(&answer).contains(" 200 "), "{half}");
    }
    gateway.shutdown().await;
}
