use std::{collections::BTreeMap, net::Ipv4Addr, time::Duration};

use axum::http::{Request, request::Builder};
use time::macros::datetime;

use super::*;

fn made(request: Builder, body: &[u8]) -> Value {
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let matched = Matched {
        operation: "get_user".to_owned(),
        timeout: Duration::from_secs(3),
        resource: "/user/{id}".to_owned(),
        stage: "live".to_owned(),
        path_parameters: BTreeMap::from([("id".to_owned(), "a%20b".to_owned())]),
    };
    let arrival = Arrival {
        request_id: "0f6d5a4e-0000-4000-8000-000000000000".to_owned(),
        source_ip: Ipv4Addr::LOCALHOST.into(),
        at: datetime!(2020-03-12 19:03:58.39 UTC),
    };
    event(&parts, body, &matched, &arrival)
}

fn request() -> Builder {
    Request::builder().uri("/user/a%20b/?x=1&x=2%2C3;y=a+b&z").header("Host", "other.example:9000")
}

#[test]
fn the_event_has_the_shape_of_a_rest_apis() {
    let mut event = made(request().header("User-Agent", "agent"), b"");
    let trace = event["headers"]["X-Amzn-Trace-Id"].take();
    assert!(trace.as_str().unwrap().starts_with("Root=1-5e6a879e-"), "{trace}");
    event["multiValueHeaders"]["X-Amzn-Trace-Id"].take();
    let identity = event["requestContext"]["identity"].take();
    assert_eq!(
        (&identity["sourceIp"], &identity["userAgent"]),
        (&json!("127.0.0.1"), &json!("agent"))
    );
    assert_eq!(
        event,
        json!({
            "resource": "/user/{id}",
            "path": "/user/a%20b/",
            "httpMethod": "GET",
            "headers": {
                "Host": "other.example:9000",
                "X-Amzn-Trace-Id": null,
                "X-Forwarded-For": "127.0.0.1",
                "X-Forwarded-Port": "443",
                "X-Forwarded-Proto": "https",
                "user-agent": "agent",
            },
            "multiValueHeaders": {
                "Host": ["other.example:9000"],
                "X-Amzn-Trace-Id": null,
                "X-Forwarded-For": ["127.0.0.1"],
                "X-Forwarded-Port": ["443"],
                "X-Forwarded-Proto": ["https"],
                "user-agent": ["agent"],
            },
            "queryStringParameters": { "x": "2,3", "y": "a b", "z": "" },
            "multiValueQueryStringParameters": { "x": ["1", "2,3"], "y": ["a b"], "z": [""] },
            "pathParameters": { "id": "a%20b" },
            "stageVariables": null,
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "local",
                "domainName": "local.execute-api.us-east-1.amazonaws.com",
                "domainPrefix": "local",
                "extendedRequestId": "MGY2ZDVhNGUwMDA=",
                "httpMethod": "GET",
                "identity": null,
                "path": "/live/user/a%20b/",
                "protocol": "HTTP/1.1",
                "requestId": "0f6d5a4e-0000-4000-8000-000000000000",
                "requestTime": "12/Mar/2020:19:03:58 +0000",
                "requestTimeEpoch": 1_584_039_838_390_i64,
                "resourceId": "local",
                "resourcePath": "/user/{id}",
                "stage": "live",
            },
            "body": null,
            "isBase64Encoded": false,
        })
    );
}

#[test]
fn the_last_header_of_a_name_stands_by_itself_and_all_in_a_list() {
    let request =
        request().header("X-Many", "1").header("x-many", "2").header("X-Forwarded-For", "10.0.0.1");
    let event = made(request, b"");
    assert_eq!(event["headers"]["x-many"], "2");
    assert_eq!(event["multiValueHeaders"]["x-many"], json!(["1", "2"]));
    assert_eq!(event["headers"]["X-Forwarded-For"], "10.0.0.1, 127.0.0.1");
}

#[test]
fn a_body_is_text_whatever_it_is() {
    let cases: [(&[u8], Value); 3] = [
        ("{\"é\":1}".as_bytes(), json!("{\"é\":1}")),
        (b"\xff\x00", json!("\u{fffd}\0")),
        (b"", Value::Null),
    ];
    for (body, expected) in cases {
        let event = made(request().header("Content-Type", "application/octet-stream"), body);
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&expected, &json!(false)));
    }
}

#[test]
fn request_ids_are_uuids_and_differ() {
    let (one, other) = (make_request_id(), make_request_id());
    assert_ne!(one, other);
    assert!(uuid::Uuid::parse_str(&one).is_ok());
}
