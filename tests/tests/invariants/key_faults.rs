//! AWS fails while keys are managed: a key, its entry and the count of owners change together or not at all.

use harness::{
    client::{Answer, Client, Request},
    cold::Cold,
    recorder::{Fault, FaultKind},
    world::World,
};
use serde_json::json;
use shared::{
    auth::Role,
    domain::{Mode, Scope},
};

use crate::tables::check_api_keys;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Create,
    List,
    Rotate,
    Revoke,
}

impl Operation {
    fn request(self, client: &Client, id: &str) -> Request {
        let once = |request: Request| request.header("idempotency-key", "k");
        match self {
            Self::Create => {
                once(client.post("/v1/api-keys")).json(json!({"role": "OWNER", "name": "x"}))
            }
            Self::List => client.get("/v1/api-keys"),
            Self::Rotate => once(client.post(&format!("/v1/api-keys/{id}/rotate"))),
            Self::Revoke => client.delete(&format!("/v1/api-keys/{id}")),
        }
    }

    const fn success(self) -> u16 {
        match self {
            Self::Create | Self::Rotate => 201,
            Self::List => 200,
            Self::Revoke => 204,
        }
    }

    /// How many keys there are when it has succeeded: two were there before.
    const fn keys(self) -> usize {
        match self {
            Self::Create | Self::Rotate => 3,
            Self::List | Self::Revoke => 2,
        }
    }
}

/// A tenant with two owner keys, the second of which is to be managed, and functions that have not been called.
struct Scene {
    scope: Scope,
    client: Client,
    id: String,
    _cold: Cold,
}

impl Scene {
    async fn set(world: &World) -> Self {
        let tenant = world.own_tenant().await;
        let owner = world.key(&tenant, Mode::Test, Role::Owner).await;
        let id = world.key(&tenant, Mode::Test, Role::Owner).await.id.clone();
        let cold = Cold::start(world).await;
        let client = cold.client(owner.expose_secret());
        Self { scope: tenant.scope(Mode::Test), client, id, _cold: cold }
    }

    async fn send(&self, operation: Operation) -> Answer {
        operation.request(&self.client, &self.id).send().await
    }
}

async fn calls_of(world: &World, operation: Operation) -> usize {
    let scene = Scene::set(world).await;
    let mark = world.dynamodb.mark();
    scene.send(operation).await.expect(operation.success());
    assert_eq!(check_api_keys(world, &scene.scope).await, operation.keys());
    let mut calls = world.dynamodb.since(mark);
    calls.retain(|call| call.operation != "Scan");
    calls.len()
}

async fn strike(world: &World, operation: Operation, fault: Fault, for_good: bool) {
    let scene = Scene::set(world).await;
    world.dynamodb.inject(if for_good { fault.always() } else { fault });
    let answer = scene.send(operation).await;
    if for_good {
        answer.problem(503, "unavailable");
    } else {
        assert_eq!(world.dynamodb.unstruck_faults(), 0);
        answer.expect(operation.success());
    }
    world.dynamodb.clear_faults();
    check_api_keys(world, &scene.scope).await;
    let again = scene.send(operation).await;
    again.expect(operation.success());
    assert_eq!(check_api_keys(world, &scene.scope).await, operation.keys());
}

async fn every_call_of_it_may_fail(operation: Operation, calls: usize) {
    let world = World::start();
    assert_eq!(calls_of(&world, operation).await, calls, "a cold {operation:?} makes other calls");
    for kind in [FaultKind::Throttle, FaultKind::InternalError, FaultKind::DropBefore] {
        for nth in 1..=calls {
            for for_good in [false, true] {
                strike(&world, operation, Fault::new(kind.clone()).nth(nth), for_good).await;
            }
        }
    }
    if operation != Operation::List {
        for for_good in [false, true] {
            let lost = Fault::new(FaultKind::DropAfter).on("TransactWriteItems").nth(1);
            strike(&world, operation, lost, for_good).await;
        }
    }
}

/// The key; the permit, which is looked for and taken; the index key where there is an idempotency key; the change.
#[tokio::test]
async fn every_call_of_making_a_key_may_fail() {
    every_call_of_it_may_fail(Operation::Create, 5).await;
}

/// The key; the permit, which is looked for and taken; the register; the keys, and their last use.
#[tokio::test]
async fn every_call_of_listing_keys_may_fail() {
    every_call_of_it_may_fail(Operation::List, 6).await;
}

/// As making one, and a look at the old one.
#[tokio::test]
async fn every_call_of_rotating_a_key_may_fail() {
    every_call_of_it_may_fail(Operation::Rotate, 6).await;
}

/// The key; the permit, which is looked for and taken; a look at the key; the change.
#[tokio::test]
async fn every_call_of_revoking_a_key_may_fail() {
    every_call_of_it_may_fail(Operation::Revoke, 5).await;
}
