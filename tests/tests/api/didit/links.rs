//! Links to other pages.

use harness::world::{Tenant, World};
use lambda_http::Context;
use serde_json::{Value, json};
use shared::{App, auth::Role, config::Config, domain::Mode};

use super::{client_of, link, list, make_all, names, owner};

/// The answer to an event of API Gateway, by a function that was told where clients reach it, or was not.
async fn answer(
    tenant: &Tenant,
    public_base_url: Option<&str>,
    [path, full_path]: [&str; 2],
    query: &Value,
) -> Value {
    let (world, operation) = (tenant.world, "didit_list_users");
    let key = world.key(&tenant.keys, Mode::Test, Role::Reader).await;
    let event = json!({
        "resource": "/v3/users", "path": path, "httpMethod": "GET",
        // What a client says of itself leads nowhere.
        "headers": {"Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example",
            "X-Api-Key": key.expose_secret()},
        "queryStringParameters": query,
        "requestContext": {"domainName": "x.execute-api.example", "path": full_path, "stage": "live"},
        "body": null, "isBase64Encoded": false,
    });
    let mut environment = world.stack().environment(operation).unwrap();
    environment
        .insert("PUBLIC_BASE_URL".to_owned(), public_base_url.unwrap_or_default().to_owned());
    let config = Config::from_lookup(|name| environment.get(name).cloned()).unwrap();
    let app = App::new(config, world.stack().sdk_config());
    let answering =
        async move { didit::LIST_USERS.answer(&app, &event.to_string(), Context::default()).await };
    let answer: Value = serde_json::from_str(world.run(answering).await.get()).unwrap();
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_link_leads_back_to_where_the_deployment_says_or_the_gateway_serves_and_never_to_the_host()
 {
    let (tenant, owner) = owner().await;
    make_all(&owner, (0..3).map(|n| json!({"vendor_data": n.to_string()}))).await;
    let cases = [
        (None, ["/v3/users/", "/live/v3/users/"], "https://x.execute-api.example/live/v3/users/?"),
        (
            None,
            ["/base/v3/users", "/base/v3/users"],
            "https://x.execute-api.example/base/v3/users?",
        ),
        (
            Some("https://api.example/"),
            ["/v3/users/", "/live/v3/users/"],
            "https://api.example/v3/users/?",
        ),
        (
            Some("https://api.example"),
            ["/v3/users", "/live/v3/users"],
            "https://api.example/v3/users?",
        ),
    ];
    for (base, paths, start) in cases {
        let query = json!({"limit": "1", "status": "ACTIVE"});
        let page = answer(&tenant, base, paths, &query).await;
        let next = page["next"].as_str().unwrap_or_else(|| panic!("{page}"));
        let rest = next.strip_prefix(start);
        let rest = rest.unwrap_or_else(|| panic!("{next} does not begin with {start}"));
        let cursor = rest.strip_prefix("status=ACTIVE&limit=1&cursor=").unwrap();
        let cursor = cursor.replace("%2D", "-").replace("%5F", "_");
        let query = json!({"limit": "1", "status": "ACTIVE", "cursor": cursor});
        let second = answer(&tenant, base, paths, &query).await;
        assert_eq!(names(&second).len(), 1, "{second}");
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
