//! Who may manage keys.

use harness::{client::Request, world::World};
use insta::assert_snapshot;
use serde_json::{Value, json};
use shared::{auth::Role, http::Endpoint};

use super::make_of;
use crate::palm::samples::table;

/// A good request to an endpoint, about a key.
fn request(client: &harness::client::Client, endpoint: &Endpoint, key: &Value) -> Request {
    let path = endpoint.path.replace("{key_id}", key["id"].as_str().unwrap());
    let request = client.request(endpoint.method.clone(), &path);
    match endpoint.operation {
        "keys_create_api_key" => request.json(json!({"role": "READER", "name": "a test"})),
        "keys_rotate_api_key" => request.json(json!({"overlap_seconds": 60})),
        "keys_list_api_keys" | "keys_revoke_api_key" => request,
        other => panic!("{other} has no sample request"),
    }
}

#[tokio::test]
async fn only_an_owner_manages_keys() {
    let tenant = World::shared().tenant().await;
    let nobody = tenant.world.anonymous();
    let mut columns: Vec<_> = Role::ALL.map(Role::as_str).to_vec();
    columns.push("nobody");
    let mut rows = vec![];
    for endpoint in keys::ENDPOINTS {
        let mut cells = vec![];
        for role in Role::ALL {
            let key = make_of(&tenant.owner, "READER").await;
            let client = tenant.client(role).await;
            let answer = request(&client, endpoint, &key).send().await;
            if answer.status == 403 {
                let problem = answer.problem(403, "permission_denied");
                let detail = "The role of this credential does not permit this operation.";
                assert_eq!(problem["detail"], detail);
                // Before anything of it is read.
                let path = endpoint.path.replace("{key_id}", "nobody");
                let garbage = client.request(endpoint.method.clone(), &path).raw("{garbage");
                garbage.header("idempotency-key", "").send().await.expect(403);
            }
            cells.push(answer.status.to_string());
        }
        let key = make_of(&tenant.owner, "READER").await;
        let answer = request(&nobody, endpoint, &key).send().await;
        answer.problem(401, "unauthenticated");
        cells.push(answer.status.to_string());
        rows.push((endpoint.operation.to_owned(), cells));
    }
    assert_snapshot!(table(&columns, rows), @r"
                           OWNER  ADMIN  COMPLIANCE_OFFICER  DEVELOPER  READER  nobody
    keys_create_api_key    201    403    403                 403        403     401
    keys_list_api_keys     200    403    403                 403        403     401
    keys_rotate_api_key    201    403    403                 403        403     401
    keys_revoke_api_key    204    403    403                 403        403     401
    ");
}

#[tokio::test]
async fn a_key_has_the_role_that_it_was_made_with() {
    let tenant = World::shared().tenant().await;
    let nobody = tenant.world.anonymous();
    let mut statuses = vec![];
    for role in Role::ALL {
        let key = make_of(&tenant.owner, role.as_str()).await;
        assert_eq!(key["role"], role.as_str());
        let client = nobody.bearer(super::secret(&key));
        let made = client.post("/v1/user").json(json!({})).send().await.status;
        let keys = client.get("/v1/api-keys").send().await.status;
        statuses.push((role.as_str(), made, keys));
    }
    let expected = [
        ("OWNER", 201, 200),
        ("ADMIN", 201, 403),
        ("COMPLIANCE_OFFICER", 403, 403),
        ("DEVELOPER", 201, 403),
        ("READER", 403, 403),
    ];
    assert_eq!(statuses, expected);
}

#[tokio::test]
async fn a_path_has_its_methods_and_no_others() {
    let tenant = World::shared().tenant().await;
    for (path, allow) in [
        ("/v1/api-keys", "GET, HEAD, POST"),
        ("/v1/api-keys/0123456789abcdef", "DELETE"),
        ("/v1/api-keys/0123456789abcdef/rotate", "POST"),
    ] {
        let answer = tenant.owner.put(path).json(json!({})).send().await;
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(allow), "{path}");
    }
}
