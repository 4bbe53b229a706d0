//! So many requests a minute, and no more.

use futures_util::future::join_all;
use harness::{
    client::{Answer, Client},
    world::{Tenant, World},
};
use serde_json::json;
use shared::{
    auth::Role,
    domain::{Mode, Timestamp},
};

use super::{client, client_of, world};

async fn limited(reads: &str, writes: &str) -> (Tenant, Client) {
    let world = world(&[("RateLimitReadsPerMinute", reads), ("RateLimitWritesPerMinute", writes)]);
    let tenant = world.tenant().await;
    let owner = client(&tenant, Role::Owner).await;
    (tenant, owner)
}

async fn read(client: &Client) -> Answer {
    client.get("/v3/users/nobody/").send().await
}

async fn write(client: &Client) -> Answer {
    client.post("/v3/users/delete/").json(json!({"vendor_data_list": []})).send().await
}

fn headers(answer: &Answer) -> Vec<&str> {
    let names = answer.headers.keys().map(reqwest::header::HeaderName::as_str);
    names.filter(|name| name.starts_with("x-ratelimit") || *name == "retry-after").collect()
}

#[track_caller]
fn throttled(answer: &Answer, limit: &str) {
    answer.expect(429);
    let number = |name: &str| answer.header(name).unwrap().parse::<i64>().unwrap();
    let wait = number("retry-after");
    assert!((1..=71).contains(&wait), "{wait}");
    assert_eq!(answer.header("x-ratelimit-limit"), Some(limit));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
    let reset = number("x-ratelimit-reset") - Timestamp::now().unix_seconds();
    assert!((0..=71).contains(&reset), "{reset}");
}

#[tokio::test]
async fn exactly_the_limit_passes_and_reads_writes_and_keys_are_apart() {
    let (tenant, owner) = limited("50", "20").await;
    for n in 0..50 {
        let answer = read(&owner).await;
        assert_eq!((answer.status, headers(&answer)), (404, vec![]), "read {n}");
    }
    for n in 0..3 {
        let answer = read(&owner).await;
        throttled(&answer, "50");
        let seconds = answer.header("retry-after").unwrap();
        let text = format!("Request was throttled. Expected available in {seconds} seconds.");
        assert_eq!(answer.json(), json!({"detail": text}), "{n}");
        assert_eq!(headers(&answer).len(), 4);
    }
    for n in 0..20 {
        let answer = write(&owner).await;
        assert_eq!((answer.status, headers(&answer)), (200, vec![]), "write {n}");
    }
    throttled(&write(&owner).await, "20");
    let create = owner.post("/v3/users/create/").json(json!({"vendor_data": "a"})).send().await;
    throttled(&create, "20");
    throttled(&owner.get("/v3/users/").send().await, "50");

    assert_eq!(read(&client(&tenant, Role::Owner).await).await.status, 404);
    assert_eq!(read(&client_of(&tenant, Mode::Live, Role::Owner).await).await.status, 404);
    // Without a key there is nothing to count by.
    assert_eq!(read(&tenant.world.anonymous()).await.status, 401);
}

#[tokio::test]
async fn what_a_role_may_not_do_counts_too_and_both_apis_count_together() {
    let (tenant, _owner) = limited("5", "4").await;
    let key = tenant.world.key(&tenant.keys, Mode::Test, Role::Reader).await;
    let didit = tenant.world.anonymous().header("x-api-key", key.expose_secret());
    let palm = tenant.world.anonymous().bearer(key.expose_secret());
    for _ in 0..2 {
        write(&didit).await.expect(403);
        palm.post("/v1/user").json(json!({})).send().await.expect(403);
    }
    throttled(&write(&didit).await, "4");
    let answer = palm.post("/v1/user").json(json!({})).send().await;
    answer.problem(429, "rate_limited");
    throttled(&answer, "4");
    read(&didit).await.expect(404);
}

#[tokio::test]
async fn a_limit_of_none_allows_nothing() {
    let (_tenant, owner) = limited("0", "1").await;
    throttled(&read(&owner).await, "0");
    write(&owner).await.expect(200);
    throttled(&write(&owner).await, "1");
}

#[tokio::test]
async fn of_64_at_once_as_many_pass_as_may() {
    let (_tenant, owner) = limited("40", "10").await;
    let answers = join_all((0..64).map(|_| read(&owner))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 404).count(), 40);
    for answer in answers.iter().filter(|answer| answer.status != 404) {
        throttled(answer, "40");
    }
}

#[tokio::test]
async fn counting_costs_less_than_a_tenth_of_a_write_per_request() {
    let world: &World = Box::leak(Box::new(World::warm(&[])));
    let tenant = world.tenant().await;
    let owner = client(&tenant, Role::Owner).await;
    let mark = world.dynamodb.mark();
    for chunk in [8_usize; 75] {
        for answer in join_all((0..chunk).map(|_| read(&owner))).await {
            answer.expect(404);
        }
    }
    throttled(&read(&owner).await, "600");
    let puts = world
        .dynamodb
        .since(mark)
        .into_iter()
        .filter(|call| call.operation == "UpdateItem")
        .count();
    assert!(puts <= 60, "{puts} writes for 600 requests");
    // A refusal is believed for a second: those that go on trying cost next to nothing.
    let mark = world.dynamodb.mark();
    let started = std::time::Instant::now();
    for answer in join_all((0..50).map(|_| read(&owner))).await {
        throttled(&answer, "600");
    }
    let puts = world
        .dynamodb
        .since(mark)
        .into_iter()
        .filter(|call| call.operation == "UpdateItem")
        .count();
    let seconds = usize::try_from(started.elapsed().as_secs()).unwrap();
    assert!(puts <= seconds + 1, "{puts} writes for 50 refusals in {seconds} s");
}
