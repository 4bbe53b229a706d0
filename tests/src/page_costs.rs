//! What pages cost, counted at the wire.

use crate::{
    client::Client,
    recorder::{capacity, depth},
    world::World,
};

/// What one page cost.
#[derive(Debug, Clone, PartialEq)]
pub struct PageCost {
    /// Of which list.
    pub list: &'static str,
    /// Which page of it.
    pub page: &'static str,
    /// How many users were on it.
    pub users: usize,
    /// How many calls DynamoDB got for it.
    pub calls: usize,
    /// How many of them had to wait for one another.
    pub depth: usize,
    /// How many read capacity units they took.
    pub capacity: f64,
}

/// Didit's lists of the users of `coffer seed`, in pages of two.
const LISTS: [(&str, &str); 6] = [
    ("all", "/v3/users/?limit=2"),
    ("a status", "/v3/users/?limit=2&status=ACTIVE"),
    ("a country", "/v3/users/?limit=2&country_code=USA"),
    ("a period", "/v3/users/?limit=2&created_after=2020-01-01"),
    ("a search for the beginning of vendor_data", "/v3/users/?limit=2&search=seed-"),
    ("a search for a name", "/v3/users/?limit=2&search=jane"),
];

/// Asks for the first two pages of each list and counts.
pub async fn page_costs(world: &World, client: &Client) -> Vec<PageCost> {
    // Whatever is fetched once and kept is fetched now.
    client.get("/v3/users/?limit=2").send().await.expect(200);
    world.dynamodb.measure_capacity(true);
    let mut costs = Vec::new();
    for (list, path) in LISTS {
        let mut path = path.to_owned();
        for page in ["first", "second"] {
            let (cost, next) = page_cost(world, client, &path).await;
            costs.push(PageCost { list, page, ..cost });
            let next = next.expect("a next page");
            path = next.split_once("/v3/").map(|(_, rest)| format!("/v3/{rest}")).expect("a link");
        }
    }
    world.dynamodb.measure_capacity(false);
    costs
}

/// Asks for one page and counts; answers the link to the next one too.
///
/// # Panics
///
/// When there is no such page.
pub async fn page_cost(world: &World, client: &Client, path: &str) -> (PageCost, Option<String>) {
    let mark = world.dynamodb.mark();
    let answer = client.get(path).send().await;
    let body = answer.expect(200).json();
    let mut calls = world.dynamodb.since(mark);
    // The rate limiter's permits are no cost of a page, nor is another look at an API key after a minute.
    calls.retain(|call| !call.is_of_the_limiter() && call.operation != "GetItem");
    let users = body["results"].as_array().expect("a list of results").len();
    let (depth, capacity) = (depth(&calls), capacity(&calls));
    let cost = PageCost { list: "", page: "", users, calls: calls.len(), depth, capacity };
    (cost, body["next"].as_str().map(str::to_owned))
}
