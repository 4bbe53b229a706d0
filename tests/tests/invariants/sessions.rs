//! Items that are read together are not one snapshot: a session may be older than the user beside it. It is counted once
//! all the same.

use harness::{
    client::Client,
    recorder::{Fault, FaultKind},
    world::World,
};
use serde_json::{Value, json};
use shared::{
    auth::Role,
    domain::{Mode, Scope},
};

use crate::tables::{Tables, partition};

struct Scene {
    world: World,
    scope: Scope,
    client: Client,
    id: String,
}

impl Scene {
    async fn set() -> Self {
        let world = World::start();
        let tenant = world.own_tenant().await;
        let client = world.client(&tenant, Role::Owner).await;
        let user = client.post("/v1/user").json(json!({})).send().await.expect(201).json();
        let id = user["id"].as_str().unwrap().to_owned();
        Self { world, scope: tenant.scope(Mode::Test), client, id }
    }

    /// Records the session, and answers what was read for it.
    async fn record(&self, outcome: &str) -> Value {
        let request = self.client.post(&format!("/v1/user/{}/verification", self.id));
        let mark = self.world.dynamodb.mark();
        let report = json!({
            "session_id": "s", "workflow": {"name": "KYC", "version": 1}, "risk_level": "low",
            "outcome": outcome, "executed_at": "2024-01-15T10:30:00Z",
        });
        request.json(report).send().await.expect(200);
        let calls = self.world.dynamodb.since(mark);
        calls.iter().find(|call| call.operation == "BatchGetItem").unwrap().response.clone()
    }

    /// What a read finds now, but for the session, which is as another read found it.
    async fn mix(&self, outcome: &str, older: Option<&Value>) -> Value {
        let mut read = self.record(outcome).await;
        let items = read["Responses"]["UsersTable"].as_array_mut().unwrap();
        items.retain(|item| !is_session(item));
        let older =
            older.into_iter().flat_map(|it| it["Responses"]["UsersTable"].as_array().unwrap());
        items.extend(older.filter(|item| is_session(item)).cloned());
        read
    }

    async fn check(&self, outcome: &str) {
        let tables = Tables::of(&self.world, &self.scope).await;
        // The counters are those of the sessions' items.
        tables.check(&self.world, &self.scope).await;
        let sessions = tables.sessions(&partition(&self.scope, &self.id));
        let [session] = sessions.as_slice() else { panic!("{sessions:?}") };
        assert_eq!(session["outcome"].as_s().unwrap(), outcome);
    }
}

fn is_session(item: &Value) -> bool {
    item["sk"]["S"].as_str().unwrap().starts_with("V#")
}

#[tokio::test]
async fn a_session_that_was_not_seen_yet_is_not_counted_again() {
    let scene = Scene::set().await;
    scene.record("in_review").await;
    let without = scene.mix("in_review", None).await;
    scene.world.dynamodb.inject(Fault::new(FaultKind::Respond(200, without)).on("BatchGetItem"));
    scene.record("approved").await;
    scene.check("approved").await;
}

#[tokio::test]
async fn a_session_that_was_seen_as_it_was_leaves_the_counter_that_it_is_in() {
    let scene = Scene::set().await;
    scene.record("in_review").await;
    let in_review = scene.record("in_review").await;
    scene.record("declined").await;
    let stale = scene.mix("declined", Some(&in_review)).await;
    scene.world.dynamodb.inject(Fault::new(FaultKind::Respond(200, stale)).on("BatchGetItem"));
    scene.record("approved").await;
    scene.check("approved").await;
}
