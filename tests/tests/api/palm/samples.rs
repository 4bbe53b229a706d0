//! A good request for every endpoint: what the tests of roles, credentials and bodies start from.

use harness::client::{Client, Request};
use lambda_http::http::Method;
use serde_json::{Value, json};
use shared::http::Endpoint;

/// A good body for an endpoint that takes one. A new endpoint without a line here fails whatever walks through all.
pub(crate) fn body(endpoint: &Endpoint) -> Option<Value> {
    Some(match endpoint.operation {
        "palm_create_user" => json!({}),
        "palm_update_user" => json!({"display_name": "Jane Doe"}),
        "palm_search_users" => json!({"limit": 1}),
        "palm_update_vault" => json!({"identity.email": "jane.doe@example.com"}),
        "palm_reveal_vault" => json!({"fields": ["identity.email"], "reason": "a test"}),
        "palm_record_verification" => json!({
            "session_id": "a sample", "workflow": {"name": "KYC Verification", "version": 1},
            "risk_level": "low", "outcome": "approved", "executed_at": "2024-01-15T10:30:00.000Z",
        }),
        "palm_get_user" | "palm_list_events" | "palm_list_vault_fields" => return None,
        other => panic!(
            "{other} has no sample request: write one, and look at every test that walks over all"
        ),
    })
}

/// The endpoints that take a body.
pub(crate) fn with_body() -> impl Iterator<Item = &'static Endpoint> {
    palm::ENDPOINTS.into_iter().filter(|endpoint| endpoint.method != Method::GET)
}

/// The path of an endpoint, about a user.
pub(crate) fn path(endpoint: &Endpoint, user: &str) -> String {
    endpoint.path.replace("{user_id}", user)
}

/// A request to an endpoint without a body.
pub(crate) fn bare(client: &Client, endpoint: &Endpoint, user: &str) -> Request {
    client.request(endpoint.method.clone(), &path(endpoint, user))
}

/// A good request to an endpoint.
pub(crate) fn request(client: &Client, endpoint: &Endpoint, user: &str) -> Request {
    let request = bare(client, endpoint, user);
    match body(endpoint) {
        Some(body) => request.json(body),
        None => request,
    }
}

/// A table: a name and its cells on each line.
pub(crate) fn table(columns: &[&str], rows: Vec<(String, Vec<String>)>) -> String {
    let head = (String::new(), columns.iter().map(ToString::to_string).collect());
    let rows = [head].into_iter().chain(rows);
    let line = |(name, cells): (String, Vec<String>)| {
        let cells: Vec<_> = cells
            .iter()
            .zip(columns)
            .map(|(cell, column)| format!("{cell:<0$}", column.len()))
            .collect();
        format!("{name:<22} {}", cells.join("  ")).trim_end().to_owned()
    };
    rows.map(line).collect::<Vec<_>>().join("\n")
}
