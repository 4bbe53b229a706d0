//! Against a server that says what it was asked.

use std::net::SocketAddr;

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Uri},
    response::IntoResponse,
};
use serde_json::json;
use tokio::net::TcpListener;

use super::*;

async fn handle(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    match uri.path() {
        "/odd-header" => ([("x-powered-by", "curiosity")], "").into_response(),
        "/rate" => ([("x-ratelimit-remaining", "9")], "").into_response(),
        "/problem" => {
            let body = json!({ "status": 422, "code": "invalid_body", "errors": [{ "pointer": "/email" }] });
            let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
            (status, [("content-type", "application/problem+json")], body.to_string())
                .into_response()
        }
        _ => json!({
            "line": format!("{method} {uri}"),
            "authorization": header("authorization"),
            "content_type": header("content-type"),
            "body": String::from_utf8_lossy(&body),
        })
        .to_string()
        .into_response(),
    }
}

async fn client() -> Client {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let base_url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handle)).await });
    Client::new(base_url)
}

#[tokio::test]
async fn a_request_carries_the_clients_headers_and_its_own() {
    let client = client().await.bearer("sk_test_1");
    let asked =
        client.patch("/users?limit=1").json(json!({ "a": 1 })).send().await.expect(200).json();
    assert_eq!(asked["line"], "PATCH /users?limit=1");
    assert_eq!(asked["authorization"], "Bearer sk_test_1");
    assert_eq!(asked["content_type"], "application/json");
    assert_eq!(asked["body"], r#"{"a":1}"#);

    let asked = client
        .put("/")
        .bearer("sk_test_2")
        .header("content-type", "text/plain")
        .raw("x")
        .send()
        .await
        .json();
    assert_eq!(asked["authorization"], "Bearer sk_test_2");
    assert_eq!(asked["content_type"], "text/plain");
    assert_eq!(client.delete("/").raw("x").send().await.json()["content_type"], Value::Null);
}

#[tokio::test]
async fn a_problem_is_checked_and_returned() {
    let answer = client().await.get("/problem").send().await;
    assert_eq!(answer.problem(422, "invalid_body")["errors"][0]["pointer"], "/email");
    assert_eq!(answer.pointers(), ["/email"]);
}

#[tokio::test]
#[should_panic(expected = "GET /problem -> 422")]
async fn another_status_than_expected_shows_the_answer() {
    client().await.get("/problem").send().await.expect(200);
}

#[tokio::test]
#[should_panic(expected = "an unknown header: x-powered-by")]
async fn an_unknown_header_is_refused() {
    drop(client().await.get("/odd-header").send().await);
}

#[tokio::test]
async fn a_family_of_headers_is_allowed() {
    client().await.get("/rate").send().await.expect(200);
}
