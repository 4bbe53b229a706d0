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
use serde_json::json;
use shared::{auth::Role, domain::Mode};

fn binary(operation: &str) -> &'static Path {
    Path::new(match operation {
        "truv_create_user" => env!("CARGO_BIN_EXE_truv_create_user"),
        "truv_list_users" => env!("CARGO_BIN_EXE_truv_list_users"),
        "truv_get_user" => env!("CARGO_BIN_EXE_truv_get_user"),
        "truv_update_user" => env!("CARGO_BIN_EXE_truv_update_user"),
        "truv_delete_user" => env!("CARGO_BIN_EXE_truv_delete_user"),
        unknown => panic!("{unknown} has no binary here"),
    })
}

/// Every binary, with a request about a user of its own.
async fn binaries() -> Vec<Binary<'static>> {
    let Tenant { world, keys, .. } = World::shared().tenant().await;
    let key = world.key(&keys, Mode::Test, Role::Owner).await;
    let headers = vec![
        ("x-access-client-id", key.id.clone()),
        ("x-access-secret", key.expose_secret().to_owned()),
    ];
    let mut binaries = vec![];
    for endpoint in truv::ENDPOINTS {
        let body = |name: &str| json!({"external_user_id": format!("{name} {}", endpoint.operation), "first_name": "Ada", "last_name": "Lovelace"});
        let mut client = world.anonymous();
        for (name, value) in &headers {
            client = client.header(name, value);
        }
        let user = client.post("/v1/users/").json(body("of")).send().await.expect(201).json();
        binaries.push(Binary {
            endpoint,
            path: binary(endpoint.operation),
            request_path: endpoint.path.replace("{user_id}", user["id"].as_str().unwrap()),
            headers: headers.clone(),
            body: if endpoint.operation == "truv_delete_user" { json!(null) } else { body("by") },
            status: match endpoint.operation {
                "truv_create_user" => 201,
                "truv_delete_user" => 204,
                _others => 200,
            },
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
