//! A page costs what is on it, however many users there are.

use std::time::Duration;

use harness::{
    page_costs::{PageCost, page_costs},
    world::World,
};
use serde_json::json;
use shared::{auth::Role, domain::Mode};

/// The costs of a tenant with so many users, like those of `coffer seed`.
async fn costs_with(users: usize) -> Vec<PageCost> {
    let world = World::start();
    let tenant = world.own_tenant().await;
    let key = world.key(&tenant, Mode::Test, Role::Owner).await;
    let client = world.anonymous().header("x-api-key", key.expose_secret());
    let numbers: Vec<usize> = (0..users).collect();
    for batch in numbers.chunks(16) {
        let mut making = tokio::task::JoinSet::new();
        for number in batch {
            let body = json!({
                "vendor_data": format!("seed-{number:07}"),
                "full_name": if number % 20 == 0 { "Jane Roe" } else { "Ada Lovelace" },
                "issuing_states": [if number % 5 == 0 { "USA" } else { "GBR" }],
            });
            let request = client.post("/v3/users/create/").json(body);
            making.spawn(async move { request.send().await.expect(201).status });
        }
        making.join_all().await;
    }
    world.dynamodb.set_latency(Duration::from_millis(50));
    page_costs(&world, &client).await
}

#[tokio::test]
async fn a_page_of_a_list_costs_the_same_in_a_large_tenant() {
    let (few, many) = (costs_with(110).await, costs_with(330).await);
    for (few, many) in few.iter().zip(&many) {
        assert_eq!((few.list, few.page, few.users), (many.list, many.page, many.users));
        assert!(many.calls.abs_diff(few.calls) <= 1, "{few:?} and {many:?}");
        assert!(many.depth <= 2, "{many:?}");
        // The first page of a search counts its matches, up to a hundred of them, by their keys.
        let counted = many.page == "first" && many.list.starts_with("a search");
        let more = if counted { 8.0 } else { 1.0 };
        assert!((many.capacity - few.capacity).abs() <= more, "{few:?} and {many:?}");
        assert!(many.capacity <= 20.0, "{many:?}");
    }
}
