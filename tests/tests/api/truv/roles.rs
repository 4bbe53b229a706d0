//! Who may do what.

use harness::client::{Client, Request};
use insta::assert_snapshot;
use serde_json::json;
use shared::{auth::Role, domain::Mode, http::Endpoint};

use super::{client, client_of, coded, detail, john, make, owner, refused, somebody};
use crate::palm::samples::table;

const DENIED: &str = "You do not have permission to perform this action.";

/// A good request to an endpoint, about a user.
fn request(client: &Client, endpoint: &Endpoint, user: &str, fresh: &str) -> Request {
    let path = endpoint.path.replace("{user_id}", user);
    let request = client.request(endpoint.method.clone(), &path);
    match endpoint.operation {
        "truv_create_user" => request.json(somebody(fresh)),
        "truv_update_user" => request.json(json!({"first_name": "Jane"})),
        "truv_list_users" | "truv_get_user" | "truv_delete_user" => request,
        other => panic!("{other} has no sample request"),
    }
}

#[tokio::test]
async fn every_role_may_do_what_its_row_says() {
    let (tenant, owner) = owner().await;
    let mut rows = vec![];
    for endpoint in truv::ENDPOINTS {
        let mut cells = vec![];
        for role in Role::ALL {
            let name = format!("{} {}", endpoint.operation, role.as_str());
            let user = make(&owner, somebody(&name)).await;
            let client = client(&tenant, role).await;
            let answer = request(&client, endpoint, super::id(&user), role.as_str()).send().await;
            if answer.status == 403 {
                refused(&name, &answer, 403, coded("not_authenticated", DENIED));
            }
            cells.push(answer.status.to_string());
        }
        rows.push((endpoint.operation.to_owned(), cells));
    }
    assert_snapshot!(table(&Role::ALL.map(Role::as_str), rows), @r"
                           OWNER  ADMIN  COMPLIANCE_OFFICER  DEVELOPER  READER
    truv_create_user       201    201    403                 201        403
    truv_list_users        200    200    200                 200        200
    truv_get_user          200    200    200                 200        200
    truv_update_user       200    200    200                 403        403
    truv_delete_user       204    204    403                 403        403
    ");
}

#[tokio::test]
async fn permission_is_decided_before_the_body_is_read() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, john()).await;
    let before = tenant.items().await;
    let reader = client(&tenant, Role::Reader).await;
    let denied = truv::ENDPOINTS.into_iter().filter(|it| !Role::Reader.allows(it.action));
    for endpoint in denied {
        for who in [super::id(&user), "nobody"] {
            let path = endpoint.path.replace("{user_id}", who);
            let answer =
                reader.request(endpoint.method.clone(), &path).raw("{garbage").send().await;
            refused(endpoint.operation, &answer, 403, coded("not_authenticated", DENIED));
        }
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn a_foreign_user_looks_exactly_like_an_absent_one() {
    let (tenant, owner) = owner().await;
    let (_other, stranger) = super::owner().await;
    let live = client_of(&tenant, Mode::Live, Role::Owner).await;
    let theirs = make(&stranger, john()).await;
    let of_mode = make(&live, john()).await;
    for endpoint in truv::ENDPOINTS.into_iter().filter(|it| it.path.contains("{user_id}")) {
        for who in [super::id(&theirs), super::id(&of_mode), "00000000000080008000000000000000"] {
            let answer = request(&owner, endpoint, who, "").send().await;
            refused(endpoint.operation, &answer, 404, detail("Not Found."));
            assert_eq!(answer.header("etag"), None);
        }
    }
    assert_eq!(super::list(&owner, "").await["count"], 0);
    super::get(&stranger, &theirs).await.expect(200);
}
