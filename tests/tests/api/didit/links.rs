//! Links to other pages: wherever the gateway is reached.

use coffer::local::gateway::Invocation;
use harness::world::{Tenant, World};
use serde_json::{Value, json};
use shared::{auth::Role, domain::Mode};

use super::{client_of, link, list, make_all, names, owner};

/// The answer to an event of API Gateway.
async fn answer(tenant: &Tenant, stage: &str, headers: Value, query: &str) -> Value {
    let path =
        if stage == "$default" { "/v3/users/".to_owned() } else { format!("/{stage}/v3/users/") };
    let event = json!({
        "version": "2.0",
        "routeKey": "GET /v3/users/",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000", "apiId": "x", "domainName": "x.execute-api.example", "domainPrefix": "x",
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": ""},
            "requestId": "id", "routeKey": "GET /v3/users/", "stage": stage,
            "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1_584_039_838_390_i64,
        },
        "isBase64Encoded": false,
    });
    let operation = "didit_list_users".to_owned();
    let invocation = Invocation { operation, request_id: "id".to_owned(), event };
    let invoke = tenant.world.stack().invoker();
    let body = async move {
        let response = invoke(invocation).await;
        axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap()
    };
    serde_json::from_slice(&tenant.world.run(body).await).unwrap()
}

#[tokio::test]
async fn a_link_leads_back_through_whatever_host_scheme_and_stage_was_asked() {
    let (tenant, owner) = owner().await;
    make_all(&owner, (0..3).map(|n| json!({"vendor_data": n.to_string()}))).await;
    let key = tenant.world.key(&tenant.keys, Mode::Test, Role::Reader).await;
    let key = key.expose_secret();
    let headers = |host: &str, proto: &str| json!({"host": host, "x-forwarded-proto": proto, "x-api-key": key});
    let cases = [
        ("$default", headers("api.example.com", "https"), "https://api.example.com/v3/users/?"),
        ("$default", headers("localhost:9000", "http"), "http://localhost:9000/v3/users/?"),
        ("prod", headers("api.example.com", "https"), "https://api.example.com/prod/v3/users/?"),
        ("$default", json!({"x-api-key": key}), "https://x.execute-api.example/v3/users/?"),
    ];
    for (stage, headers, start) in cases {
        let page = answer(&tenant, stage, headers.clone(), "limit=1&status=ACTIVE").await;
        let next = page["next"].as_str().unwrap_or_else(|| panic!("{page}"));
        let query = next
            .strip_prefix(start)
            .unwrap_or_else(|| panic!("{next} does not begin with {start}"));
        assert!(query.starts_with("status=ACTIVE&limit=1&cursor="), "{next}");
        let second = answer(&tenant, stage, headers.clone(), query).await;
        assert_eq!(names(&second).len(), 1);
        assert!(second["previous"].as_str().unwrap().starts_with(start), "{second}");
    }
}

#[tokio::test]
async fn a_link_repeats_the_filters_as_they_were_given() {
    let (_tenant, owner) = owner().await;
    let names_of = ["a&b=c #1", "a&b=c #2", "a&b=c #3"];
    make_all(&owner, names_of.map(|name| json!({"vendor_data": name, "issuing_states": ["USA"]})))
        .await;
    let query = "search=a%26b%3Dc%20%23&country_code=US&status=ACTIVE&created_after=2020-01-01T00%3A00%3A00%2B02%3A00&limit=1&unknown=1";
    let mut seen = vec![];
    let mut page = list(&owner, query).await;
    loop {
        seen.extend(names(&page).into_iter().map(str::to_owned));
        assert_eq!(page["count"], 3);
        let Some(next) = link(World::shared(), &page, "next") else { break };
        assert!(!next.contains("unknown"), "{next}");
        page = owner.get(next).send().await.expect(200).json();
    }
    assert_eq!(seen, names_of);
}

#[tokio::test]
async fn the_modes_have_lists_of_their_own() {
    let (tenant, owner) = owner().await;
    let live = client_of(&tenant, Mode::Live, Role::Owner).await;
    make_all(&owner, [json!({"vendor_data": "test"})]).await;
    make_all(&live, [json!({"vendor_data": "live"})]).await;
    assert_eq!(names(&list(&owner, "").await), ["test"]);
    assert_eq!(names(&list(&live, "").await), ["live"]);
}
