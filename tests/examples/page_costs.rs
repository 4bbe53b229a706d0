//! Prints what Didit's pages cost over the data directory of a local stack, as `docs/performance.md` has it:
//!
//! ```sh
//! cargo run -- seed --users 100000 --data-dir /tmp/seeded
//! cargo run --package harness --example page_costs -- /tmp/seeded '/v3/users/?limit=2&offset=1000'
//! ```
//!
//! Lists of one's own follow the directory.
#![allow(
    clippy::allow_attributes,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for people who measure"
)]

use std::{path::PathBuf, time::Duration};

use harness::{
    page_costs::{PageCost, page_cost, page_costs},
    world::World,
};
use serde_json::Value;

#[tokio::main]
async fn main() {
    let directory: PathBuf = std::env::args().nth(1).expect("a data directory").into();
    let credentials =
        std::fs::read_to_string(directory.join("credentials.json")).expect("credentials.json");
    let credentials: Value = serde_json::from_str(&credentials).expect("JSON");
    let key = credentials.pointer("/test/OWNER/api_key").and_then(Value::as_str);
    let key = key.expect("the owner's key");
    let world = World::over(Some(&directory), &[]);
    world.dynamodb.set_latency(Duration::from_millis(40));
    let client = world.anonymous().header("x-api-key", key);
    println!("| list | page | users on it | calls | depth | read capacity units |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for cost in page_costs(&world, &client).await {
        print(cost.list, &cost);
    }
    world.dynamodb.measure_capacity(true);
    for path in std::env::args().skip(2) {
        print(&path, &page_cost(&world, &client, &path).await.0);
    }
}

fn print(list: &str, cost: &PageCost) {
    let PageCost { page, users, calls, depth, capacity, .. } = cost;
    println!("| {list} | {page} | {users} | {calls} | {depth} | {capacity} |");
}
