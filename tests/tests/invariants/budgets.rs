//! How many round trips an operation costs, counted at the wire.

use std::time::Duration;

use harness::{
    client::Client,
    cold::Cold,
    recorder::{Call, capacity, depth, item_bytes},
    world::{TenantKeys, World},
};
use serde_json::{Value, json};
use shared::{
    auth::Role,
    domain::{ExternalId, Mode, UserId},
};

mod didit;
mod truv;
mod wealthyhood;

/// Far longer than calls that do not wait for each other take to arrive; see [`depth()`].
const LATENCY: Duration = Duration::from_millis(50);

const FIELDS: &str = "identity.email";

struct Budget {
    world: World,
    tenant: TenantKeys,
    /// One sandbox, so that whatever was called once is at hand everywhere.
    functions: Cold,
    client: Client,
}

/// What one request cost.
#[derive(Debug)]
struct Cost {
    dynamodb: Vec<Call>,
    kms: Vec<Call>,
    answer: Value,
}

impl Budget {
    async fn new() -> Self {
        let world = World::start();
        let tenant = world.own_tenant().await;
        let functions = Cold::one(&world).await;
        let key = world.key(&tenant, Mode::Test, Role::Owner).await;
        let client = functions.client(key.expose_secret());
        Self { world, tenant, functions, client }
    }

    /// A user, and with them a function that has everything at hand.
    async fn warm(&self) -> String {
        let user = self.client.post("/v1/user").json(person(0)).send().await.expect(201).json();
        let id = user["id"].as_str().unwrap().to_owned();
        let reveal = self.client.post(&format!("/v1/user/{id}/vault/reveal"));
        let reveal = reveal.json(json!({"fields": [FIELDS], "reason": "to warm up"}));
        reveal.send().await.expect(200);
        self.world.dynamodb.set_latency(LATENCY);
        self.world.kms.set_latency(LATENCY);
        id
    }

    async fn cost(&self, status: u16, request: harness::client::Request) -> Cost {
        let mark = self.world.dynamodb.mark();
        let answer = request.send().await;
        answer.expect(status);
        let answer = if answer.body.is_empty() { Value::Null } else { answer.json() };
        let mut dynamodb = self.world.dynamodb.since(mark);
        // The rate limiter has a budget of its own: see `a_permit_costs_a_tenth_of_a_call`.
        dynamodb.retain(|call| !call.is_of_the_limiter());
        Cost { dynamodb, kms: self.world.kms.since(mark), answer }
    }

    async fn search(&self, body: Value) -> Cost {
        self.cost(200, self.client.post("/v1/user/search").json(body)).await
    }
}

fn person(number: usize) -> Value {
    json!({
        "display_name": format!("Ada Lovelace {number}"),
        "vault": {FIELDS: format!("ada{number}@example.com"), "identity.first_name": "Ada"},
    })
}

impl Cost {
    #[track_caller]
    fn is(&self, operations: &[&str], round_trips: usize) {
        let mut made: Vec<_> = self.dynamodb.iter().map(|call| call.operation.as_str()).collect();
        made.sort_unstable();
        assert_eq!(made, operations);
        assert_eq!(depth(&self.dynamodb), round_trips);
        assert!(self.kms.is_empty(), "a warm function calls KMS: {:?}", self.kms);
    }
}

#[tokio::test]
async fn creating_is_one_transaction() {
    let budget = Budget::new().await;
    budget.warm().await;
    let create = || budget.client.post("/v1/user").json(person(1));
    budget.cost(201, create()).await.is(&["TransactWriteItems"], 1);
    let once = || create().header("idempotency-key", "once");
    budget.cost(201, once()).await.is(&["TransactWriteItems"], 1);
    // Only a repetition has to look who it was.
    budget.cost(201, once()).await.is(&["GetItem", "TransactWriteItems"], 2);
}

#[tokio::test]
async fn reading_one_user_is_one_read() {
    let budget = Budget::new().await;
    let id = budget.warm().await;
    budget.cost(200, budget.client.get(&format!("/v1/user/{id}"))).await.is(&["GetItem"], 1);
}

#[tokio::test]
async fn changing_is_a_read_and_a_transaction() {
    let budget = Budget::new().await;
    let id = budget.warm().await;
    let update = budget.client.patch(&format!("/v1/user/{id}"));
    let cost = budget.cost(200, update.json(json!({"display_name": "Grace Hopper"}))).await;
    cost.is(&["GetItem", "TransactWriteItems"], 2);
    let update = || budget.client.patch(&format!("/v1/user/{id}/vault"));
    let change = json!({"identity.email": "grace@example.com", "identity.first_name": null});
    let cost = budget.cost(200, update().json(change)).await;
    cost.is(&["BatchGetItem", "TransactWriteItems"], 2);
    let cost = budget.cost(200, update().json(json!({}))).await;
    cost.is(&["BatchGetItem"], 1);
}

#[tokio::test]
async fn revealing_writes_its_event_while_it_reads() {
    let budget = Budget::new().await;
    let id = budget.warm().await;
    let reveal = budget.client.post(&format!("/v1/user/{id}/vault/reveal"));
    let reveal = reveal.json(json!({"fields": [FIELDS], "reason": "a budget"}));
    let reveal = reveal.header("idempotency-key", "once");
    budget.cost(200, reveal).await.is(&["BatchGetItem", "TransactWriteItems"], 1);
}

fn session(id: &str, outcome: &str, emails: &[&str]) -> Value {
    json!({
        "session_id": id, "workflow": {"name": "KYC", "version": 1}, "risk_level": "low",
        "outcome": outcome, "executed_at": "2024-01-15T10:30:00Z", "approved_emails": emails,
        "vault": {"identity.first_name": "Ann", FIELDS: "ann@example.com"}, "issuing_state": "GBR",
    })
}

#[tokio::test]
async fn recording_a_verification_is_a_read_and_a_transaction() {
    let budget = Budget::new().await;
    let id = budget.warm().await;
    let record = |body| budget.client.post(&format!("/v1/user/{id}/verification")).json(body);
    let both = ["BatchGetItem", "TransactWriteItems"];
    let emails = ["a@example.com"];
    budget.cost(200, record(session("s", "in_review", &emails))).await.is(&both, 2);
    let approved = || record(session("s", "approved", &emails)).header("idempotency-key", "k");
    budget.cost(200, approved()).await.is(&both, 2);
    budget.cost(200, approved()).await.is(&["BatchGetItem"], 1);
    budget.cost(200, record(session("s", "approved", &emails))).await.is(&["BatchGetItem"], 1);
    budget.cost(200, record(session("s", "approved", &["b@example.com"]))).await.is(
        // What the session said before and does not say any more: others may.
        &["BatchGetItem", "Query", "TransactWriteItems"],
        3,
    );
}

#[tokio::test]
async fn a_page_of_events_is_two_reads_side_by_side() {
    let budget = Budget::new().await;
    let id = budget.warm().await;
    let at = |query: &str| budget.client.get(&format!("/v1/user/{id}/events{query}"));
    let cost = budget.cost(200, at("?limit=1")).await;
    cost.is(&["GetItem", "Query"], 1);
    let next = format!("?cursor={}", cost.answer["next_cursor"].as_str().unwrap());
    budget.cost(200, at(&next)).await.is(&["GetItem", "Query"], 1);
}

#[tokio::test]
async fn a_page_of_a_search_is_two_reads() {
    let budget = Budget::new().await;
    let id = budget.warm().await;
    let (app, scope) = (budget.world.app("palm_create_user"), budget.tenant.scope(Mode::Test));
    let user = UserId::parse_uuid(&id).unwrap();
    let claim = async move {
        let external_id = ExternalId::parse("customer-1").unwrap();
        let name = app.keyring.index(&scope).await.unwrap().external_id(&external_id);
        let mut transaction = app.store.transaction(&scope);
        transaction.claim_external_id(&name, user).unwrap();
        // As an API that knows external ids writes them.
        let mut user = app.store.user(&scope, user).await.unwrap().unwrap();
        user.external_id = Some(external_id);
        user.version += 1;
        transaction.replace_user(&user).unwrap();
        transaction.commit().await.unwrap();
    };
    budget.world.run(claim).await;
    for (body, calls) in [
        (json!({"email": "Ada0@example.com"}), ["BatchGetItem", "Query"].as_slice()),
        (json!({"display_name": "love ada"}), &["BatchGetItem", "Query"]),
        // Palm's `active` is two statuses of ours, read side by side.
        (json!({"status": "active"}), &["BatchGetItem", "Query", "Query"]),
        (json!({"status": "active", "sort": "name"}), &["BatchGetItem", "Query", "Query"]),
        (json!({"external_id": "customer-1"}), &["GetItem", "GetItem"]),
    ] {
        let cost = budget.search(body.clone()).await;
        assert_eq!(cost.answer["data"][0]["id"], id.as_str(), "{body}");
        cost.is(calls, 2);
    }
    let cost = budget.search(json!({})).await;
    assert_eq!((cost.answer["data"][0]["id"].as_str(), cost.kms.len()), (Some(id.as_str()), 0));
    assert_eq!(depth(&cost.dynamodb), 2);
    let cost = budget.search(json!({"email": "nobody@example.com"})).await;
    cost.is(&["Query"], 1);
}

/// What a page reads is what is on it, whether a tenant has thirty users or three hundred.
#[tokio::test]
async fn a_page_costs_the_same_however_many_users_there_are() {
    let budget = Budget::new().await;
    budget.world.dynamodb.measure_capacity(true);
    let mut made = 0;
    let mut measured = Vec::new();
    for users in [30, 300] {
        while made < users {
            let mut batch = tokio::task::JoinSet::new();
            for number in made..made + 15 {
                batch.spawn(budget.client.post("/v1/user").json(person(100 + number)).send());
            }
            for answer in batch.join_all().await {
                answer.expect(201);
            }
            made += 15;
        }
        let mut costs = Vec::new();
        for body in [
            json!({"limit": 10}),
            json!({"limit": 10, "display_name": "ada"}),
            json!({"limit": 10, "sort": "name", "order": "asc"}),
            json!({"limit": 10, "email": "ada100@example.com"}),
        ] {
            let cost = budget.search(body.clone()).await;
            let found = cost.answer["data"].as_array().unwrap().len();
            assert_eq!(found, if body.get("email").is_some() { 1 } else { 10 }, "{body}");
            let calls = cost.dynamodb.len();
            costs.push((body, calls, capacity(&cost.dynamodb), item_bytes(&cost.dynamodb)));
        }
        measured.push(costs);
    }
    let [few, many] = measured.as_slice() else { panic!("two rounds") };
    for ((body, calls, units, bytes), (_, calls_of_many, units_of_many, bytes_of_many)) in
        few.iter().zip(many)
    {
        assert_eq!(calls, calls_of_many, "{body}");
        assert!((units_of_many - units).abs() <= 1.0, "{body}: {units} and {units_of_many} units");
        // Names differ by a digit here and there.
        assert!(bytes_of_many.abs_diff(*bytes) < 200, "{body}: {bytes} and {bytes_of_many} bytes");
        assert!(*units_of_many > 0.0);
    }
}

#[tokio::test]
async fn a_permit_costs_a_tenth_of_a_call() {
    let world = World::with_parameters(&[]);
    let tenant = world.own_tenant().await;
    let client = world.client(&tenant, Role::Owner).await;
    let mark = world.dynamodb.mark();
    for _request in 0..600 {
        client.get("/v1/vault/fields").send().await.expect(200);
    }
    let calls = world.dynamodb.since(mark);
    let permits = calls.iter().filter(|call| call.is_of_the_limiter()).count();
    assert!(permits <= 60, "{permits} calls for 600 requests");
    client.get("/v1/vault/fields").send().await.problem(429, "rate_limited");
}

/// What the first request of a new sandbox costs, whose keys have to be fetched.
#[tokio::test]
async fn a_cold_start_fetches_the_keys_side_by_side() {
    let budget = Budget::new().await;
    let key = budget.world.key(&budget.tenant, Mode::Test, Role::Owner).await;
    let id = budget.warm().await;
    let cold = Cold::start(&budget.world).await;
    let client = cold.client(key.expose_secret());
    let reveal = json!({"fields": [FIELDS], "reason": "cold"});
    let at = |rest: &str| format!("/v1/user/{id}{rest}");
    // Requests, DynamoDB's round trips, KMS's round trips, KMS calls. One round trip is the API key's.
    for (status, request, dynamodb, kms, decrypts) in [
        (201, client.post("/v1/user").json(person(2)), 3, 1, 2),
        (200, client.get(&at("")), 2, 0, 0),
        (200, client.patch(&at("")).json(json!({"display_name": "Grace"})), 3, 1, 1),
        (200, client.post("/v1/user/search").json(json!({"email": "a@b.cd"})), 3, 1, 1),
        (200, client.patch(&at("/vault")).json(json!({"custom.a": "b"})), 4, 2, 2),
        (200, client.post(&at("/vault/reveal")).json(reveal), 4, 2, 2),
        (200, client.post(&at("/verification")).json(session("s", "approved", &[])), 5, 2, 2),
        (200, client.get(&at("/events")), 3, 1, 1),
        (200, client.get("/v1/vault/fields"), 1, 0, 0),
    ] {
        let shown = format!("{request:?}");
        let cost = budget.cost(status, request).await;
        assert!(depth(&cost.dynamodb) <= dynamodb, "{shown}: {:?}", cost.dynamodb);
        assert!(depth(&cost.kms) <= kms, "{shown}: {:?}", cost.kms);
        assert_eq!(cost.kms.len(), decrypts, "{shown}");
    }
}

#[tokio::test]
async fn however_many_ask_at_once_a_key_is_fetched_once() {
    let budget = Budget::new().await;
    let cold = Cold::start(&budget.world).await;
    let key = budget.world.key(&budget.tenant, Mode::Test, Role::Owner).await;
    let client = cold.client(key.expose_secret());
    budget.world.dynamodb.set_latency(LATENCY);
    budget.world.kms.set_latency(LATENCY);
    let mark = budget.world.dynamodb.mark();
    let mut crowd = tokio::task::JoinSet::new();
    for number in 0..32 {
        crowd.spawn(client.post("/v1/user").json(person(number)).send());
    }
    for answer in crowd.join_all().await {
        answer.expect(201);
    }
    let purposes = |calls: Vec<Call>| {
        let mut purposes: Vec<_> = calls
            .iter()
            .map(|call| call.request["EncryptionContext"]["purpose"].as_str().unwrap().to_owned())
            .collect();
        purposes.sort();
        purposes
    };
    assert_eq!(purposes(budget.world.kms.since(mark)), ["branch", "index"]);
    let made = budget.world.dynamodb.since(mark);
    let count = |operation: &str| made.iter().filter(|call| call.operation == operation).count();
    assert_eq!((count("Query"), count("TransactWriteItems")), (2, 32));
}
