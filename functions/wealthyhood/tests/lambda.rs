//! The real binaries, behind the Lambda runtime API.
#![allow(
    clippy::allow_attributes,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a panic that names what went wrong is how they report"
)]

use std::path::Path;

use harness::{
    binaries::Binary,
    world::{Tenant, World},
};
use serde_json::{Value, json};
use shared::{auth::Role, domain::Mode};

fn binary(operation: &str) -> &'static Path {
    Path::new(match operation {
        "wealthyhood_create_user" => env!("CARGO_BIN_EXE_wealthyhood_create_user"),
        "wealthyhood_get_user" => env!("CARGO_BIN_EXE_wealthyhood_get_user"),
        unknown => panic!("{unknown} has no binary here"),
    })
}

fn john(email: &str) -> Value {
    json!({
        "email": email, "firstName": "John", "lastName": "Doe", "dateOfBirth": "1990-05-15",
        "residencyCountry": "GB",
    })
}

/// Every binary, with a request of a tenant of its own.
async fn binaries() -> Vec<Binary<'static>> {
    let mut binaries = vec![];
    for endpoint in wealthyhood::ENDPOINTS {
        let Tenant { world, keys, owner } = World::shared().tenant().await;
        let key = world.key(&keys, Mode::Test, Role::Owner).await;
        let user = owner.post("/users").json(john("of@example.com")).send().await;
        let user = user.expect(201).json();
        binaries.push(Binary {
            endpoint,
            path: binary(endpoint.operation),
            request_path: endpoint.path.replace("{id}", user["id"].as_str().unwrap()),
            headers: vec![("authorization", format!("Bearer {}", key.expose_secret()))],
            body: john("by@example.com"),
            status: if endpoint.operation == "wealthyhood_create_user" { 201 } else { 200 },
        });
    }
    binaries
}

#[tokio::test]
async fn every_binary_answers() {
    for binary in binaries().await {
        binary.answers().await;
    }
}

#[tokio::test]
async fn no_event_ends_a_binary() {
    for binary in binaries().await {
        binary.survives_malformed_events().await;
    }
}

#[tokio::test]
async fn no_event_that_a_client_can_cause_is_a_fault() {
    for binary in binaries().await {
        binary.survives_hostile_events().await;
    }
}

#[tokio::test]
async fn a_backend_that_is_away_is_a_503() {
    for binary in binaries().await {
        binary.says_when_a_backend_is_away().await;
    }
}
