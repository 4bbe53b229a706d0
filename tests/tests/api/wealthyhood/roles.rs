//! Who may do what, with a key.

use insta::assert_snapshot;
use shared::auth::Role;

use super::{get, john, make, owner};
use crate::palm::samples::table;

#[tokio::test]
async fn every_role_may_do_what_its_row_says() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, john("john@example.com")).await;
    let mut rows = vec![];
    for endpoint in wealthyhood::ENDPOINTS {
        let mut cells = vec![];
        for role in Role::ALL {
            let client = tenant.client(role).await;
            let answer = match endpoint.operation {
                "wealthyhood_create_user" => {
                    let email = format!("{}@example.com", role.as_str());
                    client.post(endpoint.path).json(john(&email)).send().await
                }
                "wealthyhood_get_user" => get(&client, &user).await,
                other => panic!("{other} has no sample request"),
            };
            if answer.status == 403 {
                answer.problem(403, "permission_denied");
            }
            cells.push(answer.status.to_string());
        }
        rows.push((endpoint.operation.to_owned(), cells));
    }
    assert_snapshot!(table(&Role::ALL.map(Role::as_str), rows), @r"
                           OWNER  ADMIN  COMPLIANCE_OFFICER  DEVELOPER  READER
    wealthyhood_create_user 201    201    403                 201        403
    wealthyhood_get_user   200    200    200                 200        200
    ");
}

#[tokio::test]
async fn permission_is_decided_before_the_body_is_read() {
    let (tenant, _owner) = owner().await;
    let before = tenant.items().await;
    let reader = tenant.client(Role::Reader).await;
    reader.post("/users").raw("{garbage").send().await.problem(403, "permission_denied");
    let answer = tenant.world.anonymous().post("/users").raw("{garbage").send().await;
    answer.problem(401, "unauthenticated");
    assert_eq!(answer.header("x-amzn-remapped-www-authenticate"), Some("Bearer"));
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn a_foreign_user_looks_exactly_like_an_absent_one() {
    let (tenant, owner) = owner().await;
    let (_other, stranger) = super::owner().await;
    let live = tenant.live_client(Role::Owner).await;
    let mut bodies = vec![];
    for client in [&stranger, &live] {
        let user = make(client, john("john@example.com")).await;
        let answer = get(&owner, &user).await;
        answer.problem(404, "not_found");
        bodies.push(answer.text().replace(answer.header("x-request-id").unwrap(), "-"));
    }
    let absent = owner.get("/users/64f0c51e7fb3fc001234a001").send().await;
    bodies.push(absent.text().replace(absent.header("x-request-id").unwrap(), "-"));
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}
