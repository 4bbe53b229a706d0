//! Truv's API.

use super::*;

/// What the tables get for each operation: calls, and how many of them wait for one another.
#[tokio::test]
async fn each_operation_has_its_depth() {
    let budget = Budget::new().await;
    budget.warm().await;
    let client = async |role| {
        let key = budget.world.key(&budget.tenant, Mode::Test, role).await;
        let client = budget.functions.anonymous().header("x-access-client-id", &key.id);
        let client = client.header("x-access-secret", key.expose_secret());
        // The key is looked up once a minute: here and now.
        client.get("/v1/users/").send().await.expect(200);
        client
    };
    let (owner, reader) = (client(Role::Owner).await, client(Role::Reader).await);
    let john = json!({
        "external_user_id": "1", "first_name": "John", "last_name": "Doe", "ssn": "222233333",
    });
    let made = budget.cost(201, owner.post("/v1/users/").json(john)).await;
    made.is(&["TransactWriteItems"], 1);
    let path = format!("/v1/users/{}/", made.answer["id"].as_str().unwrap());
    let change = |body: Value| owner.patch(&path).json(body);

    budget.cost(200, reader.get(&path)).await.is(&["BatchGetItem"], 1);
    // The event of a showing is durable before the number leaves.
    budget.cost(200, owner.get(&path)).await.is(&["BatchGetItem", "TransactWriteItems"], 2);
    let two = ["BatchGetItem", "TransactWriteItems"];
    budget.cost(200, change(json!({"last_name": "Roe"}))).await.is(&two, 2);
    budget.cost(200, change(json!({}))).await.is(&two, 2);

    // Three statuses, each read for its rows and for its count; then users and data keys.
    let page =
        ["BatchGetItem", "BatchGetItem", "Query", "Query", "Query", "Query", "Query", "Query"];
    let first = budget.cost(200, reader.get("/v1/users/?page_size=1")).await;
    first.is(&page, 2);
    let shown = budget.cost(200, owner.get("/v1/users/?page_size=2")).await;
    assert_eq!(depth(&shown.dynamodb), 3, "{:?}", shown.dynamodb);
    let next = first.answer["next"].as_str().unwrap();
    let next = format!("/v1/users{}", next.split_once("/v1/users").unwrap().1);
    // What was counted once is not counted again.
    let next = budget.cost(200, reader.get(&next)).await;
    next.is(&["BatchGetItem", "BatchGetItem", "Query", "Query", "Query"], 2);
    let one = reader.get("/v1/users/?external_user_id=1");
    budget.cost(200, one).await.is(&["BatchGetItem", "GetItem"], 2);
    let two = ["BatchGetItem", "BatchGetItem", "Query", "TransactWriteItems"];
    budget.cost(204, owner.delete(&path)).await.is(&two, 2);
}

/// What a page reads is what is on it, whether a tenant has thirty users or three hundred; only the first one also counts.
#[tokio::test]
async fn a_page_costs_the_page() {
    let budget = Budget::new().await;
    let key = budget.world.key(&budget.tenant, Mode::Test, Role::Developer).await;
    let client = budget.functions.anonymous().header("x-access-client-id", &key.id);
    let client = client.header("x-access-secret", key.expose_secret());
    // The key is looked up once a minute: here and now.
    client.get("/v1/users/").send().await.expect(200);
    budget.world.dynamodb.measure_capacity(true);
    let mut measured = Vec::new();
    for (from, to) in [(100, 130), (130, 400)] {
        let mut batch = tokio::task::JoinSet::new();
        for number in from..to {
            let body = json!({
                "external_user_id": number.to_string(), "first_name": "Ada", "last_name": "Lovelace",
            });
            batch.spawn(client.post("/v1/users/").json(body).send());
        }
        for answer in batch.join_all().await {
            answer.expect(201);
        }
        // The key that all of these are sealed under is fetched once.
        client.get("/v1/users/?page_size=1").send().await.expect(200);
        let first = budget.cost(200, client.get("/v1/users/?page_size=10")).await;
        assert_eq!(first.answer["count"], to - 100);
        let next = first.answer["next"].as_str().unwrap();
        let next = format!("/v1/users{}", next.split_once("/v1/users").unwrap().1);
        let next = budget.cost(200, client.get(&next)).await;
        for page in [&first, &next] {
            assert_eq!(page.answer["results"].as_array().unwrap().len(), 10);
        }
        measured.push([first, next].map(|page| (page.dynamodb.len(), capacity(&page.dynamodb))));
    }
    let [[few, few_next], [many, many_next]] = measured.try_into().unwrap();
    assert_eq!((few.0, few_next.0), (many.0, many_next.0));
    assert!((many_next.1 - few_next.1).abs() <= 1.0, "{few_next:?} and {many_next:?}");
    // Half a unit for each 4 KB of keys.
    assert!(many.1 - few.1 <= 8.0, "{few:?} and {many:?}");
}
