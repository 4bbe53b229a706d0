//! Didit's operations: users are found by their external id, which is one round trip more.

use harness::client::Client;
use serde_json::{Value, json};
use shared::{auth::Role, domain::Mode};

use super::Budget;

/// A function that has everything at hand, and users `a-0`, `a-1`, … to work on.
async fn warm(users: usize) -> (Budget, Client, Vec<Value>) {
    let budget = Budget::new().await;
    budget.warm().await;
    let key = budget.world.key(&budget.tenant, Mode::Test, Role::Owner).await;
    let client = budget.functions.anonymous().header("x-api-key", key.expose_secret());
    let mut made = Vec::new();
    for number in 0..users {
        let body = json!({"vendor_data": format!("a-{number}"), "full_name": "Ada Lovelace"});
        made.push(client.post("/v3/users/create/").json(body).send().await.expect(201).json());
    }
    client.get("/v3/users/?limit=1").send().await.expect(200);
    client.get("/v3/users/a-0/").send().await.expect(200);
    client.patch("/v3/users/a-0/").json(json!({})).send().await.expect(200);
    (budget, client, made)
}

#[tokio::test]
async fn creating_is_one_transaction() {
    let (budget, client, _) = warm(1).await;
    let create = client.post("/v3/users/create/").json(json!({"vendor_data": "b"}));
    budget.cost(201, create).await.is(&["TransactWriteItems"], 1);
}

#[tokio::test]
async fn reading_one_user_is_two_round_trips() {
    let (budget, client, _) = warm(1).await;
    let cost = budget.cost(200, client.get("/v3/users/a-0/")).await;
    cost.is(&["BatchGetItem", "GetItem", "Query"], 2);
}

#[tokio::test]
async fn changing_is_a_look_up_a_read_and_a_transaction() {
    let (budget, client, _) = warm(1).await;
    let all = ["BatchGetItem", "GetItem", "Query", "TransactWriteItems"];
    for (path, body) in [
        ("/v3/users/a-0/", json!({"full_name": "Grace Hopper", "metadata": {"a": 1}})),
        ("/v3/users/a-0/update-status/", json!({"status": "FLAGGED", "reason": "a budget"})),
    ] {
        budget.cost(200, client.patch(path).json(body.clone())).await.is(&all, 3);
        budget.cost(200, client.patch(path).json(body)).await.is(&all[..3], 2);
    }
}

#[tokio::test]
async fn a_page_of_a_list_is_two_reads() {
    let (budget, client, _) = warm(3).await;
    // Users and their data keys are fetched side by side; so are the page and, for the first one, the count. A word can be
    // a `vendor_data`, the beginning of one, or of a name.
    for (query, queries) in [("", 6), ("status=ACTIVE", 2), ("search=ada", 8)] {
        let cost = budget.cost(200, client.get(&format!("/v3/users/?{query}"))).await;
        assert_eq!(cost.answer["results"].as_array().unwrap().len(), 4, "{query}");
        cost.is(&[vec!["BatchGetItem"; 2], vec!["Query"; queries]].concat(), 2);
    }
}

#[tokio::test]
async fn deleting_many_is_one_batch_of_reads_and_a_transaction_each() {
    let (budget, client, users) = warm(10).await;
    let names = |from: usize, to: usize| (from..to).map(|n| format!("a-{n}")).collect::<Vec<_>>();
    let ids: Vec<_> = users[5..].iter().map(|user| user["didit_internal_id"].clone()).collect();
    let delete = |body: Value| client.post("/v3/users/delete/").json(body);
    let mut of_five =
        [["BatchGetItem"; 2].as_slice(), &["Query"; 5], &["TransactWriteItems"; 5]].concat();
    budget.cost(200, delete(json!({"didit_internal_id_list": ids}))).await.is(&of_five, 2);
    of_five.insert(0, "BatchGetItem");
    budget.cost(200, delete(json!({"vendor_data_list": names(0, 5)}))).await.is(&of_five, 3);
}
