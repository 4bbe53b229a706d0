//! From an HTTP request to the event that API Gateway makes of it: payload format 2.0.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONNECTION, CONTENT_TYPE, COOKIE, HOST, TRANSFER_ENCODING, USER_AGENT},
    request::Parts,
};
use data_encoding::BASE64;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::Matched;

const ACCOUNT_ID: &str = "000000000000";
const API_ID: &str = "local";
const STAGE: &str = "$default";
const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");

/// What the gateway knows of a request beside the request itself.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The request's id.
    pub request_id: String,
    /// Who sent it.
    pub source_ip: IpAddr,
    /// When it came.
    pub at: OffsetDateTime,
}

/// The event of a request that matched a route.
pub fn event(request: &Parts, body: &[u8], matched: &Matched, arrival: &Arrival) -> Value {
    let path = percent_decode_str(request.uri.path()).decode_utf8_lossy();
    let query = request.uri.query().unwrap_or_default();
    let host = text(request.headers.get(HOST)).unwrap_or_else(|| "localhost".to_owned());
    let mut event = json!({
        "version": "2.0",
        "routeKey": matched.route_key,
        // Decoded: so HTTP APIs hand it on, unlike REST APIs and function URLs.
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers(&request.headers, arrival),
        "requestContext": {
            "accountId": ACCOUNT_ID,
            "apiId": API_ID,
            "domainName": host.split(':').next(),
            "domainPrefix": API_ID,
            "http": {
                "method": request.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": arrival.source_ip.to_string(),
                "userAgent": text(request.headers.get(USER_AGENT)).unwrap_or_default(),
            },
            "requestId": arrival.request_id,
            "routeKey": matched.route_key,
            "stage": STAGE,
            "time": arrival.at.format(TIME).unwrap_or_default(),
            "timeEpoch": i64::try_from(arrival.at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default(),
        },
        "isBase64Encoded": false,
    });
    let mut member = |name: &str, value: Value| {
        if let Some(object) = event.as_object_mut() {
            object.insert(name.to_owned(), value);
        }
    };
    // Members that are absent when there is nothing to say.
    if !query.is_empty() {
        member("queryStringParameters", query_parameters(query));
    }
    if !matched.path_parameters.is_empty() {
        member("pathParameters", json!(matched.path_parameters));
    }
    let cookies = cookies(&request.headers);
    if !cookies.is_empty() {
        member("cookies", json!(cookies));
    }
    if !body.is_empty() {
        if let Some(text) = as_text(&request.headers, body) {
            member("body", json!(text));
        } else {
            member("body", json!(BASE64.encode(body)));
            member("isBase64Encoded", json!(true));
        }
    }
    event
}

/// Lower-cased names, values of one name joined by commas; cookies stand apart.
fn headers(headers: &HeaderMap, arrival: &Arrival) -> Value {
    let mut object = Map::new();
    for name in
        headers.keys().filter(|name| ![CONNECTION, COOKIE, TRANSFER_ENCODING].contains(name))
    {
        object.insert(name.to_string(), json!(joined(headers, name)));
    }
    let forwarded: Vec<_> = [
        joined(headers, &HeaderName::from_static("x-forwarded-for")),
        arrival.source_ip.to_string(),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect();
    object.insert("x-forwarded-for".to_owned(), json!(forwarded.join(", ")));
    object.insert("x-forwarded-proto".to_owned(), json!("http"));
    Value::Object(object)
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let values: Vec<_> =
        headers.get_all(name).iter().filter_map(|value| text(Some(value))).collect();
    values.join(",")
}

fn text(value: Option<&HeaderValue>) -> Option<String> {
    value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| text(Some(value)))
        .flat_map(|value| {
            value.split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>()
        })
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

/// Decoded; values of one name joined by commas.
fn query_parameters(query: &str) -> Value {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decode_query(value);
        parameters
            .entry(decode_query(name))
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert(value);
    }
    json!(parameters)
}

fn decode_query(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// The body as text, if its content type is one of text and it is text.
fn as_text<'a>(headers: &HeaderMap, body: &'a [u8]) -> Option<&'a str> {
    let content_type = text(headers.get(CONTENT_TYPE)).unwrap_or_default().to_ascii_lowercase();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_text = essence.is_empty()
        || essence.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml"].contains(&essence)
        || essence.ends_with("+json")
        || essence.ends_with("+xml");
    if is_text { str::from_utf8(body).ok() } else { None }
}

/// An id that no other request has. Nothing rests on its being hard to guess.
pub fn make_request_id() -> String {
    static SEED: LazyLock<[RandomState; 2]> = LazyLock::new(Default::default);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let [high, low] = SEED.each_ref().map(|seed| seed.hash_one(count));
    let bytes = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::http::{Request, request::Builder};
    use lambda_http::RequestExt as _;
    use time::macros::datetime;

    use super::*;

    fn made(request: Builder, body: &[u8]) -> Value {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let matched = Matched {
            operation: "get_user".to_owned(),
            route_key: "GET /user/{id}".to_owned(),
            path_parameters: BTreeMap::from([("id".to_owned(), "a b".to_owned())]),
        };
        let arrival = Arrival {
            request_id: "id-1".to_owned(),
            source_ip: Ipv4Addr::LOCALHOST.into(),
            at: datetime!(2020-03-12 19:03:58.39 UTC),
        };
        event(&parts, body, &matched, &arrival)
    }

    fn request() -> Builder {
        Request::builder()
            .uri("/user/a%20b?x=1&x=2%2C3&y=a+b&z")
            .header("Host", "coffer.example:9000")
    }

    #[test]
    fn the_event_has_the_shape_of_api_gateways() {
        let event = made(request().header("User-Agent", "agent"), b"");
        assert_eq!(
            event,
            json!({
                "version": "2.0",
                "routeKey": "GET /user/{id}",
                "rawPath": "/user/a b",
                "rawQueryString": "x=1&x=2%2C3&y=a+b&z",
                "queryStringParameters": { "x": "1,2,3", "y": "a b", "z": "" },
                "pathParameters": { "id": "a b" },
                "headers": {
                    "host": "coffer.example:9000",
                    "user-agent": "agent",
                    "x-forwarded-for": "127.0.0.1",
                    "x-forwarded-proto": "http",
                },
                "requestContext": {
                    "accountId": "000000000000",
                    "apiId": "local",
                    "domainName": "coffer.example",
                    "domainPrefix": "local",
                    "http": {
                        "method": "GET",
                        "path": "/user/a b",
                        "protocol": "HTTP/1.1",
                        "sourceIp": "127.0.0.1",
                        "userAgent": "agent",
                    },
                    "requestId": "id-1",
                    "routeKey": "GET /user/{id}",
                    "stage": "$default",
                    "time": "12/Mar/2020:19:03:58 +0000",
                    "timeEpoch": 1_584_039_838_390_i64,
                },
                "isBase64Encoded": false,
            })
        );
    }

    #[test]
    fn headers_of_one_name_are_joined_and_cookies_stand_apart() {
        let request = request()
            .header("X-Many", "1")
            .header("x-many", "2")
            .header("Cookie", "a=1; b=2")
            .header("Cookie", "c=3")
            .header("X-Forwarded-For", "10.0.0.1");
        let event = made(request, b"");
        assert_eq!(event["headers"]["x-many"], "1,2");
        assert_eq!(event["headers"]["x-forwarded-for"], "10.0.0.1, 127.0.0.1");
        assert_eq!(event["headers"].get("cookie"), None);
        assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=3"]));
    }

    #[test]
    fn a_body_is_text_where_type_and_bytes_say_so() {
        let cases: [(&str, &[u8], &str, bool); 5] = [
            ("application/json; charset=utf-8", b"{}", "{}", false),
            ("application/problem+json", b"{}", "{}", false),
            ("application/json", b"\xff\x00", "/wA=", true),
            ("application/octet-stream", b"{}", "e30=", true),
            ("application/x-www-form-urlencoded", b"a=1", "YT0x", true),
        ];
        for (content_type, body, expected, is_base64) in cases {
            let event = made(request().header(CONTENT_TYPE, content_type), body);
            assert_eq!(event["body"], expected, "{content_type}");
            assert_eq!(event["isBase64Encoded"], is_base64, "{content_type}");
        }
        assert_eq!(made(request(), b"plain")["body"], "plain");
        assert_eq!(made(request(), b"").get("body"), None);
    }

    #[test]
    fn the_runtimes_own_reader_understands_the_event() {
        let json = made(request().header(CONTENT_TYPE, "application/json"), "{\"é\":1}".as_bytes())
            .to_string();
        let read = lambda_http::request::from_str(&json).unwrap();
        assert_eq!(
            read.uri().to_string(),
            "http://coffer.example:9000/user/a%20b?x=1&x=2%2C3&y=a+b&z"
        );
        assert_eq!(read.path_parameters().first("id"), Some("a b"));
        assert_eq!(read.query_string_parameters().all("x"), Some(vec!["1", "2,3"]));
        assert_eq!(read.body().as_ref(), "{\"é\":1}".as_bytes());

        let json = made(request().header(CONTENT_TYPE, "image/png"), b"\xff\x00").to_string();
        assert_eq!(lambda_http::request::from_str(&json).unwrap().body().as_ref(), b"\xff\x00");
    }

    #[test]
    fn request_ids_are_uuids_and_differ() {
        let (one, other) = (make_request_id(), make_request_id());
        assert_ne!(one, other);
        assert!(uuid::Uuid::parse_str(&one).is_ok());
    }
}
