//! Bodies that are no JSON, no object, or too large, sent to every endpoint that takes one.

use harness::client::{Client, Request};
use lambda_http::http::Method;
use serde_json::{Value, json};

use super::{make, owner, refused};

const LIMIT: usize = 256 * 1024;

fn endpoints() -> [(Method, &'static str, Value); 4] {
    [
        (Method::POST, "/v3/users/create/", json!({"vendor_data": "large"})),
        (Method::PATCH, "/v3/users/a/", json!({"display_name": "x"})),
        (Method::PATCH, "/v3/users/a/update-status/", json!({"status": "FLAGGED"})),
        (Method::POST, "/v3/users/delete/", json!({"vendor_data_list": ["nobody"]})),
    ]
}

/// A body with blanks behind it.
fn padded(body: &Value, size: usize) -> String {
    let body = body.to_string();
    format!("{body}{}", " ".repeat(size - body.len()))
}

fn typed(client: &Client, method: &Method, path: &str) -> Request {
    client.request(method.clone(), path).header("content-type", "application/json")
}

#[tokio::test]
async fn what_is_no_json_is_told_where_it_breaks() {
    let (tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let before = tenant.items().await;
    let deep = format!("{}1{}", "{\"a\":[".repeat(5_000), "]}".repeat(5_000));
    let malformed: [&[u8]; 19] = [
        b"",
        b" \n",
        b"{",
        b"{\"status\"",
        b"{\"status\":",
        b"{\"status\":\"ACTIVE\",}",
        b"{} {}",
        b"{'a':1}",
        b"nul",
        b"{\"a\":NaN}",
        b"{\"a\":1e400}",
        b"{\"a\":01}",
        b"\xef\xbb\xbf{}",
        b"{}\0",
        br#"{"vendor_data":"\ud800"}"#,
        br#"{"status":"ACTIVE","status":"ACTIVE"}"#,
        b"{\"vendor_data\":\"\xff\"}",
        b"\x1f\x8b\x08\x00",
        deep.as_bytes(),
    ];
    for (method, path, _good) in endpoints() {
        for body in malformed {
            let answer = typed(&owner, &method, path).raw(body).send().await;
            let case =
                format!("{} to {path}", String::from_utf8_lossy(&body[..body.len().min(40)]));
            assert_eq!(answer.status, 400, "{case}: {answer}");
            let detail = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
            assert!(detail.starts_with("JSON parse error - "), "{case}: {answer}");
        }
        for body in ["null", "true", "0", "\"{}\"", "[]", "[{}]"] {
            let answer = typed(&owner, &method, path).raw(body).send().await;
            let expected = json!({"non_field_errors": ["Invalid data. Expected a dictionary."]});
            refused(body, &answer, 400, expected);
        }
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn a_body_says_that_it_is_json_and_has_at_most_256_kib() {
    let (tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let before = tenant.items().await;
    let unsupported = json!({"detail": "Unsupported media type in request. Use application/json."});
    let large = json!({"detail": "Request body exceeds 262144 bytes."});
    for (method, path, good) in endpoints() {
        for media_type in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonx",
        ] {
            let request = owner.request(method.clone(), path).header("content-type", media_type);
            refused(
                media_type,
                &request.raw(good.to_string()).send().await,
                415,
                unsupported.clone(),
            );
        }
        let untyped = owner.request(method.clone(), path).raw(good.to_string()).send().await;
        refused("no type", &untyped, 415, unsupported.clone());
        for size in [LIMIT + 1, 4 * LIMIT] {
            let body = padded(&good, size);
            refused(
                "large",
                &typed(&owner, &method, path).raw(body).send().await,
                413,
                large.clone(),
            );
        }
    }
    assert_eq!(tenant.items().await, before);
    for (method, path, good) in endpoints() {
        let body = padded(&good, LIMIT);
        let request =
            owner.request(method, path).header("content-type", "APPLICATION/JSON; charset=utf-8");
        let answer = request.raw(body).send().await;
        assert!(answer.status < 300, "{answer}");
    }
}

#[tokio::test]
async fn numbers_and_texts_in_metadata_come_back_as_they_were_sent() {
    let (_tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    for value in [
        "0",
        "-0",
        "1e308",
        "5e-324",
        "9007199254740993",
        "18446744073709551615",
        "-9223372036854775808",
        "0.30000000000000004",
        "\"\\u0000\\u001f\\u007f\"",
        "\"🎉\"",
        "[[[[[[[[[[]]]]]]]]]]",
        "{\"\":{\"a/b~c\":null}}",
    ] {
        let body = format!("{{\"metadata\":{{\"n\":{value}}}}}");
        let answer = typed(&owner, &Method::PATCH, "/v3/users/a/").raw(body).send().await;
        let expected: Value = serde_json::from_str(value).unwrap();
        assert_eq!(answer.expect(200).json()["metadata"]["n"], expected, "{value}");
        assert_eq!(super::get(&owner, "a").await.json()["metadata"]["n"], expected, "{value}");
    }
}

#[tokio::test]
async fn metadata_of_64_levels_is_kept_and_deeper_refused() {
    let (_tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let detail = "Metadata must be nested at most 64 levels deep.";
    for depth in [1, 62, 63, 64, 100, 120, 124, 125, 126, 127, 200] {
        let body =
            format!("{{\"metadata\":{{\"n\":{}1{}}}}}", "[".repeat(depth), "]".repeat(depth));
        let answer = typed(&owner, &Method::PATCH, "/v3/users/a/").raw(body).send().await;
        if depth < 64 {
            answer.expect(200);
        } else if depth < 126 {
            refused("deep", &answer, 400, json!({"metadata": [detail]}));
        } else {
            assert_eq!(answer.status, 400, "{depth}: {answer}");
        }
        assert_eq!(super::get(&owner, "a").await.status, 200, "after {depth} levels");
        assert_eq!(super::list(&owner, "").await["count"], 1, "after {depth} levels");
    }
    super::patch(&owner, "a", json!({"metadata": {}})).await.expect(200);
}

#[tokio::test]
async fn a_thousand_faults_do_not_make_a_large_answer() {
    let (_tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let many = format!("[{}0]", "0,".repeat(100_000));
    for (path, member) in [
        ("create", "issuing_states"),
        ("delete", "vendor_data_list"),
        ("delete", "didit_internal_id_list"),
    ] {
        let body = format!("{{\"{member}\":{many}}}");
        let path = format!("/v3/users/{path}/");
        let answer = typed(&owner, &Method::POST, &path).raw(body).send().await;
        assert_eq!(answer.status, 400);
        assert!(answer.body.len() < 100_000, "{} bytes", answer.body.len());
    }
}
