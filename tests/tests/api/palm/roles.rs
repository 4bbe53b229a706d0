//! Who may do what.

use harness::{client::Client, world::World};
use insta::assert_snapshot;
use serde_json::json;
use shared::auth::Role;

use super::{
    id, make,
    samples::{self, bare, request, table, with_body},
};

const COLUMNS: [&str; 5] = ["OWNER", "ADMIN", "COMPLIANCE_OFFICER", "DEVELOPER", "READER"];

#[tokio::test]
async fn every_role_may_do_what_its_row_says() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let mut rows = vec![];
    for endpoint in palm::ENDPOINTS {
        let mut cells = vec![];
        for role in Role::ALL {
            let answer = request(&tenant.client(role).await, endpoint, id(&user)).send().await;
            if answer.status == 403 {
                answer.problem(403, "permission_denied");
            }
            cells.push(answer.status.to_string());
        }
        rows.push((endpoint.operation.to_owned(), cells));
    }
    assert_eq!(COLUMNS, Role::ALL.map(Role::as_str));
    assert_snapshot!(table(&COLUMNS, rows), @r"
                           OWNER  ADMIN  COMPLIANCE_OFFICER  DEVELOPER  READER
    palm_create_user       201    201    403                 201        403
    palm_get_user          200    200    200                 200        200
    palm_update_user       200    200    200                 403        403
    palm_search_users      200    200    200                 200        200
    palm_update_vault      200    200    200                 403        403
    palm_reveal_vault      200    200    200                 403        403
    palm_record_verification 200    200    200                 403        403
    palm_list_events       200    200    200                 200        200
    palm_list_vault_fields 200    200    200                 200        200
    ");
}

/// Every endpoint, with a client of a role that may not call it.
async fn denied(tenant: &harness::world::Tenant) -> Vec<(&'static shared::http::Endpoint, Client)> {
    let mut denied = vec![];
    for endpoint in palm::ENDPOINTS {
        for role in Role::ALL {
            if !role.allows(endpoint.action) {
                denied.push((endpoint, tenant.client(role).await));
            }
        }
    }
    assert!(denied.len() > 3);
    denied
}

#[tokio::test]
async fn permission_is_decided_before_anything_of_the_request_is_read() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let before = tenant.items().await;
    let huge = vec![b' '; 256 * 1024 + 1];
    let absent = "00000000-0000-8000-8000-000000000000";
    for (endpoint, client) in denied(&tenant).await {
        for who in [id(&user), absent, "nobody"] {
            let requests = [
                ("garbage", bare(&client, endpoint, who).raw("{garbage")),
                (
                    "not UTF-8",
                    bare(&client, endpoint, who)
                        .header("content-type", "application/json")
                        .raw(*b"\xff"),
                ),
                (
                    "too large",
                    bare(&client, endpoint, who)
                        .header("content-type", "application/json")
                        .raw(huge.clone()),
                ),
                (
                    "wrong headers",
                    request(&client, endpoint, who)
                        .header("if-match", "x")
                        .header("idempotency-key", ""),
                ),
                ("good", request(&client, endpoint, who)),
            ];
            for (case, request) in requests {
                let answer = request.send().await;
                assert_eq!(answer.status, 403, "{case} to {}: {answer}", endpoint.operation);
            }
        }
    }
    for endpoint in with_body() {
        let request = bare(&tenant.world.anonymous(), endpoint, id(&user)).raw("{garbage");
        assert_eq!(
            request.send().await.status,
            401,
            "garbage from nobody to {}",
            endpoint.operation
        );
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn a_foreign_user_looks_exactly_like_an_absent_one() {
    let (tenant, other) = (World::shared().tenant().await, World::shared().tenant().await);
    let live = tenant.live_client(Role::Owner).await;
    let vault = json!({"vault": {"identity.email": "a@example.com"}});
    let (foreign, of_mode) = (make(&other.owner, vault.clone()).await, make(&live, vault).await);
    let absent = "00000000-0000-8000-8000-000000000000";
    for endpoint in
        palm::ENDPOINTS.into_iter().filter(|endpoint| endpoint.path.contains("{user_id}"))
    {
        let mut answers = vec![];
        for who in [absent, id(&foreign), id(&of_mode), "palm_usr_1a2b3c4d5e6f7g8h"] {
            let answer = request(&tenant.owner, endpoint, who).send().await;
            answer.problem(404, "not_found");
            let id = answer.header("x-request-id").unwrap();
            let body = answer.text().replace(id, "<request>");
            assert!(!body.contains(who), "{answer}");
            let mut headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
            headers.sort();
            answers.push((body, headers));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{}: {answers:?}", endpoint.operation);
    }
    assert_eq!(samples::path(&palm::GET_USER, "x"), "/v1/user/x");
}
