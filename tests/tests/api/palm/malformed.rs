//! Bodies that are no JSON, no object, or too large, sent to every endpoint that takes one.

use harness::{client::Answer, world::World};
use serde_json::json;

use super::{
    id, make,
    samples::{bare, body, with_body},
};

const LIMIT: usize = 256 * 1024;

fn malformed() -> Vec<(&'static str, Vec<u8>)> {
    let text = |name, text: &str| (name, text.as_bytes().to_vec());
    let deep =
        |depth: usize| format!("{}1{}", "{\"a\":[".repeat(depth / 2), "]}".repeat(depth / 2));
    vec![
        text("nothing", ""),
        text("a blank", " \n"),
        text("a brace", "{"),
        text("half a name", "{\"metad"),
        text("half a value", "{\"metadata\":"),
        text("a name without a value", "{\"metadata\"}"),
        text("a last comma", "{\"metadata\":{},}"),
        text("two values", "{} {}"),
        text("a trailing brace", "{}}"),
        text("single quotes", "{'metadata':{}}"),
        text("a bare word", "metadata"),
        text("half a word", "nul"),
        text("NaN", "{\"metadata\":{\"a\":NaN}}"),
        text("Infinity", "{\"metadata\":{\"a\":-Infinity}}"),
        text("a number too large", "{\"metadata\":{\"a\":1e400}}"),
        text("a number too small", "{\"metadata\":{\"a\":-1e999999999999}}"),
        text("a leading zero", "{\"metadata\":{\"a\":01}}"),
        text("a leading plus", "{\"metadata\":{\"a\":+1}}"),
        text("hexadecimal", "{\"metadata\":{\"a\":0x1}}"),
        text("a comment", "{/* none */}"),
        text("a byte order mark", "\u{feff}{}"),
        text("a NUL behind it", "{}\0"),
        text("a raw control character", "{\"display_name\":\"a\nb\"}"),
        text("a lone high surrogate", r#"{"display_name":"\ud800"}"#),
        text("a lone low surrogate", r#"{"display_name":"\udc00x"}"#),
        text("surrogates the wrong way round", r#"{"metadata":{"\udc00\ud800":1}}"#),
        text("an unknown escape", r#"{"display_name":"\x41"}"#),
        text("a name twice", r#"{"display_name":"a","display_name":"a"}"#),
        text("an unknown name twice", r#"{"x":1,"x":1}"#),
        text("a name twice, spelled differently", r#"{"metadata":{"a":1,"\u0061":2}}"#),
        text("a name twice inside", r#"{"metadata":{"a":[{"b":1,"b":2}]}}"#),
        text(
            "a field twice",
            r#"{"vault":{"identity.email":"a@example.com","identity.email":null}}"#,
        ),
        text("10,000 levels", &deep(10_000)),
        text("10,000 open brackets", &"[".repeat(10_000)),
        text("200 levels", &deep(200)),
        ("not UTF-8", b"{\"display_name\":\"\xff\"}".to_vec()),
        ("overlong UTF-8", b"{\"display_name\":\"\xc0\x80\"}".to_vec()),
        ("a surrogate in UTF-8", b"{\"display_name\":\"\xed\xa0\x80\"}".to_vec()),
        ("UTF-16", b"\xff\xfe{\0}\0".to_vec()),
        ("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00".to_vec()),
    ]
}

/// JSON, and no object.
const NO_OBJECTS: [&str; 9] =
    ["null", "true", "0", "-0", "1e308", "\"{}\"", "[]", "[{}]", "[[[[[[[[[[]]]]]]]]]]"];

#[tokio::test]
async fn what_is_no_json_is_told_where_it_breaks() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let before = tenant.items().await;
    for endpoint in with_body() {
        for (case, body) in malformed() {
            let request =
                bare(&tenant.owner, endpoint, id(&user)).header("content-type", "application/json");
            let answer = request.raw(body).send().await;
            assert_eq!(answer.status, 400, "{case} to {}: {answer}", endpoint.operation);
            let problem = answer.problem(400, "malformed_json");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.starts_with("The body is not valid JSON: "), "{case}: {detail}");
        }
        for body in NO_OBJECTS {
            let request =
                bare(&tenant.owner, endpoint, id(&user)).header("content-type", "application/json");
            let answer = request.raw(body).send().await;
            answer.problem(400, "validation_error");
            assert_eq!(answer.pointers()[0], "", "{body} to {}: {answer}", endpoint.operation);
        }
        // Sixty levels are JSON like any other; nothing here is that deep.
        let deep = format!("{{\"display_name\":{}1{}}}", "[".repeat(60), "]".repeat(60));
        let request =
            bare(&tenant.owner, endpoint, id(&user)).header("content-type", "application/json");
        let answer = request.raw(deep).send().await;
        answer.problem(400, "validation_error");
        assert!(answer.pointers().contains(&"/display_name".to_owned()), "{answer}");
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn a_body_says_that_it_is_json() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let before = tenant.items().await;
    let wrong = [
        "",
        "json",
        "text/plain",
        "text/json",
        "application/jsonx",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json-patch+json",
        "application/vnd.api+json",
        "application/octet-stream",
        "text/plain; application/json",
        "application/json, text/plain",
    ];
    for endpoint in with_body() {
        let good = body(endpoint).unwrap().to_string();
        let bare = || bare(&tenant.owner, endpoint, id(&user));
        let unsupported = |case: &str, answer: Answer| {
            assert_eq!(answer.status, 415, "{case:?} to {}: {answer}", endpoint.operation);
            answer.problem(415, "unsupported_media_type");
        };
        unsupported("no type", bare().raw(good.clone()).send().await);
        unsupported("no type and no body", bare().send().await);
        for media_type in wrong {
            let request = bare().header("content-type", media_type).raw(good.clone());
            unsupported(media_type, request.send().await);
        }
    }
    assert_eq!(tenant.items().await, before);
    for endpoint in with_body() {
        for media_type in [
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "APPLICATION/JSON",
            " application/json ;x=y",
        ] {
            let request =
                bare(&tenant.owner, endpoint, id(&user)).header("content-type", media_type);
            let answer = request.raw(body(endpoint).unwrap().to_string()).send().await;
            assert!(answer.status < 300, "{media_type:?} to {}: {answer}", endpoint.operation);
        }
    }
}

#[tokio::test]
async fn a_body_has_at_most_256_kib() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let padded = |body: String, size: usize| format!("{body}{}", " ".repeat(size - body.len()));
    for endpoint in with_body() {
        let good = body(endpoint).unwrap().to_string();
        for (size, accepted) in [(LIMIT, true), (LIMIT + 1, false), (4 * LIMIT, false)] {
            let request =
                bare(&tenant.owner, endpoint, id(&user)).header("content-type", "application/json");
            let answer = request.raw(padded(good.clone(), size)).send().await;
            if accepted {
                assert!(answer.status < 300, "{size} bytes to {}: {answer}", endpoint.operation);
            } else {
                answer.problem(413, "body_too_large");
            }
        }
    }
}

#[tokio::test]
async fn a_thousand_faults_do_not_make_an_answer_that_lambda_refuses() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let names = (0..20_000).map(|n| format!("\"{n}\":1")).collect::<Vec<_>>().join(",");
    let list = format!("{{\"reason\":\"x\",\"fields\":[{}0]}}", "0,".repeat(100_000));
    let fields = (0..13_000).map(|n| format!("\"custom.{n}\"")).collect::<Vec<_>>().join(",");
    let bodies = [
        format!("{{{names}}}"),
        format!("{{\"vault\":{{{names}}}}}"),
        format!("{{\"metadata\":{{{}}}}}", names.replace(":1", ":[]")),
        list,
        format!("{{\"reason\":\"x\",\"fields\":[{fields}]}}"),
    ];
    for endpoint in with_body() {
        for body in &bodies {
            assert!(body.len() <= LIMIT, "{}", body.len());
            let request =
                bare(&tenant.owner, endpoint, id(&user)).header("content-type", "application/json");
            let answer = request.raw(body.clone()).send().await;
            let start = &body[..20];
            assert_eq!(answer.status, 400, "{start} to {}", endpoint.operation);
            assert!(
                answer.body.len() < 256 * 1024,
                "{start} to {}: {} bytes",
                endpoint.operation,
                answer.body.len()
            );
            assert!(!answer.pointers().is_empty());
        }
    }
}
