use serde_json::json;

use super::*;

fn request(event: &Value) -> Request {
    read(&event.to_string(), Context::default())
}

fn target(event: &Value) -> Target {
    request(event).extensions().get::<Target>().cloned().unwrap()
}

fn is_unreadable(request: &Request) -> bool {
    request.extensions().get::<Unreadable>().is_some()
}

#[test]
fn header_names_are_compared_without_case_and_odd_values_are_left_out() {
    let event = json!({
        "httpMethod": "GET",
        "headers": {"X-One": "last", "X-Null": null, "X-Number": 5, "X-Ünicode": "x", "X-Line": "a\nb", "x-two": "José"},
        "multiValueHeaders": {"x-one": ["first", "last"], "X-Nulls": [null, "y"]},
    });
    let request = request(&event);
    let all = |name: &str| {
        let values = request.headers().get_all(name).iter();
        values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(all("x-one"), ["first", "last"]);
    assert_eq!(all("x-two"), ["José"]);
    assert_eq!(all("x-number"), ["5"]);
    assert_eq!(all("x-nulls"), ["y"]);
    assert_eq!(all("x-null"), Vec::<String>::new());
    assert_eq!(all("x-line"), Vec::<String>::new());
    assert!(!is_unreadable(&request));
}

#[test]
fn a_body_is_text_or_base64_or_unreadable() {
    let body = |body: Value, encoded: bool| {
        let event = json!({"httpMethod": "POST", "body": body, "isBase64Encoded": encoded});
        let request = request(&event);
        (!is_unreadable(&request)).then(|| request.body().to_vec())
    };
    assert_eq!(body(Value::Null, false), Some(vec![]));
    assert_eq!(body(json!("é"), false), Some("é".into()));
    assert_eq!(body(json!("/wA="), true), Some(vec![255, 0]));
    assert_eq!(body(json!("!"), true), None);
    assert_eq!(body(json!(5), false), None);
}

#[test]
fn what_is_no_event_of_a_rest_api_is_unreadable() {
    for event in
        [json!({}), Value::Null, json!([]), json!({"httpMethod": 5}), json!({"httpMethod": "A B"})]
    {
        assert!(is_unreadable(&request(&event)), "{event}");
    }
    assert!(is_unreadable(&read("{", Context::default())));
    assert!(is_unreadable(&read(r#"{"httpMethod": "GET", "path": "\ud800"}"#, Context::default())));
}

#[test]
fn a_parameter_is_decoded_once_or_is_the_literal_in_its_place() {
    let sent = |resource: &str, value: Value| {
        let event = json!({"resource": resource, "pathParameters": {"vendor_data": value}});
        target(&event).parameter("/v3/users/{vendor_data}/", "vendor_data")
    };
    let pattern = "/v3/users/{vendor_data}";
    assert_eq!(sent(pattern, json!("a%252Fb")).as_deref(), Some("a%2Fb"));
    assert_eq!(sent(pattern, json!("%FF")), None);
    assert_eq!(sent(pattern, Value::Null), None);
    assert_eq!(sent("", json!("a%20b")).as_deref(), Some("a b"));
    assert_eq!(sent("/v3/users/create", Value::Null).as_deref(), Some("create"));
    assert_eq!(sent("/v3/users/create/update-status", Value::Null).as_deref(), Some("create"));
    assert_eq!(target(&json!({})).parameter("/v3/users/", "vendor_data"), None);
}

#[test]
fn the_query_is_taken_as_it_was_decoded() {
    let event = json!({
        "queryStringParameters": {"a": "2", "b": "%41", "c": null},
        "multiValueQueryStringParameters": {"a": ["1", "2"], "d": [null]},
    });
    let target = target(&event);
    let all = ["a", "b", "c", "d", "e"].map(|name| target.query(name));
    assert_eq!(all, [Some("1"), Some("%41"), None, None, None]);
}

#[test]
fn the_url_is_of_the_domain_that_serves_and_not_of_the_host_that_was_sent() {
    let event = json!({
        "path": "/v3/users/",
        "headers": {"Host": "evil.example"},
        "requestContext": {"domainName": "x.execute-api.example", "path": "/live/v3/users/"},
    });
    assert_eq!(target(&event).url.as_deref(), Some("https://x.execute-api.example/live/v3/users/"));
    assert_eq!(target(&json!({"path": "/x"})).url, None);
}
