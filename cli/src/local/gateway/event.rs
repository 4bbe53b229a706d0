//! From an HTTP request to the event that API Gateway makes of it: a REST API with Lambda proxy, payload format 1.0.

use std::{
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::http::{
    HeaderMap, HeaderValue,
    header::{CONNECTION, HOST, TRANSFER_ENCODING, USER_AGENT},
    request::Parts,
};
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::{Matched, query};

const ACCOUNT_ID: &str = "000000000000";
const API_ID: &str = "local";
/// The domain that the API is said to be reached by, whatever the client's `Host` says: AWS serves no other.
const DOMAIN: &str = "local.execute-api.us-east-1.amazonaws.com";
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
    // As it was sent: nothing here decodes a path.
    let path = request.uri.path();
    let (query, all_queries) = query::parameters(request.uri.query().unwrap_or_default());
    let (headers, all_headers) = headers(&request.headers, arrival);
    let parameters = &matched.path_parameters;
    // Without binary media types of the API every body is text.
    let body = if body.is_empty() { Value::Null } else { json!(String::from_utf8_lossy(body)) };
    json!({
        "resource": matched.resource,
        "path": path,
        "httpMethod": request.method.as_str(),
        "headers": headers,
        "multiValueHeaders": all_headers,
        "queryStringParameters": query,
        "multiValueQueryStringParameters": all_queries,
        "pathParameters": if parameters.is_empty() { Value::Null } else { json!(parameters) },
        "stageVariables": null,
        "requestContext": {
            "accountId": ACCOUNT_ID,
            "apiId": API_ID,
            "domainName": DOMAIN,
            "domainPrefix": API_ID,
            "extendedRequestId": extended_id(&arrival.request_id),
            "httpMethod": request.method.as_str(),
            "identity": {
                "accessKey": null,
                "accountId": null,
                "caller": null,
                "cognitoAuthenticationProvider": null,
                "cognitoAuthenticationType": null,
                "cognitoIdentityId": null,
                "cognitoIdentityPoolId": null,
                "principalOrgId": null,
                "sourceIp": arrival.source_ip.to_string(),
                "user": null,
                "userAgent": request.headers.get(USER_AGENT).map(text),
                "userArn": null,
            },
            "path": format!("/{}{path}", matched.stage),
            "protocol": "HTTP/1.1",
            "requestId": arrival.request_id,
            "requestTime": arrival.at.format(TIME).unwrap_or_default(),
            "requestTimeEpoch": i64::try_from(arrival.at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default(),
            "resourceId": "local",
            "resourcePath": matched.resource,
            "stage": matched.stage,
        },
        "body": body,
        "isBase64Encoded": false,
    })
}

/// The last value of each header, and all of them. Names come as hyper has them, in lower case, as clients of HTTP/2 send
/// them; those of API Gateway's own are in its spelling.
fn headers(sent: &HeaderMap, arrival: &Arrival) -> (Value, Value) {
    let mut all: Vec<(String, Vec<String>)> = vec![];
    let forwarded = |name: &str| sent.get_all(name).iter().map(text);
    for name in sent.keys() {
        let is_ours = name == HOST || name.as_str().starts_with("x-forwarded-");
        if !is_ours && name != CONNECTION && name != TRANSFER_ENCODING {
            all.push((name.to_string(), sent.get_all(name).iter().map(text).collect()));
        }
    }
    let host = sent.get(HOST).map_or_else(|| DOMAIN.to_owned(), text);
    let hops: Vec<_> =
        forwarded("x-forwarded-for").chain([arrival.source_ip.to_string()]).collect();
    let trace =
        format!("Root=1-{:08x}-{:024x}", arrival.at.unix_timestamp(), seed(&arrival.request_id));
    let own = [
        ("Host", host),
        ("X-Amzn-Trace-Id", trace),
        ("X-Forwarded-For", hops.join(", ")),
        ("X-Forwarded-Port", "443".to_owned()),
        ("X-Forwarded-Proto", "https".to_owned()),
    ];
    all.extend(own.map(|(name, value)| (name.to_owned(), vec![value])));
    let last = all.iter().filter_map(|(name, values)| Some((name.clone(), json!(values.last()?))));
    let last: Map<_, _> = last.collect();
    let all: Map<_, _> = all.into_iter().map(|(name, values)| (name, json!(values))).collect();
    (Value::Object(last), Value::Object(all))
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// The id that answers carry as `x-amz-apigw-id`: 16 characters of Base64.
pub(super) fn extended_id(request_id: &str) -> String {
    let bytes: Vec<u8> = request_id.bytes().filter(u8::is_ascii_alphanumeric).take(11).collect();
    data_encoding::BASE64.encode(&bytes)
}

/// A number that differs from request to request.
fn seed(request_id: &str) -> u64 {
    static STATE: LazyLock<RandomState> = LazyLock::new(Default::default);
    STATE.hash_one(request_id)
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
mod tests;
