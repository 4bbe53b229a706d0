//! Who may do what, and what is no credential.

use harness::{
    client::{Client, Request},
    world::{Tenant, World},
};
use insta::assert_snapshot;
use serde_json::{Value, json};
use shared::{
    api_keys::{Manager, revoke_api_key},
    auth::Role,
    domain::{Mode, Timestamp},
    http::Endpoint,
};

use super::{DENIED, NOT_FOUND, client, client_of, detail, make, owner, refused};
use crate::palm::samples::table;

const NO_CREDENTIAL: &str =
    "You must be authenticated with a valid access token to access this endpoint.";

/// A good request to an endpoint, about a user.
fn request(client: &Client, endpoint: &Endpoint, vendor_data: &str, fresh: &str) -> Request {
    let path = endpoint.path.replace("{vendor_data}", vendor_data);
    let request = client.request(endpoint.method.clone(), &path);
    match endpoint.operation {
        "didit_create_user" => request.json(json!({"vendor_data": fresh})),
        "didit_update_user" => request.json(json!({"display_name": "x"})),
        "didit_update_user_status" => request.json(json!({"status": "FLAGGED"})),
        "didit_delete_users" => request.json(json!({"vendor_data_list": [fresh]})),
        "didit_get_user" | "didit_list_users" => request,
        other => panic!("{other} has no sample request"),
    }
}

#[tokio::test]
async fn every_role_may_do_what_its_row_says() {
    let (tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let mut rows = vec![];
    for endpoint in didit::ENDPOINTS {
        let mut cells = vec![];
        for role in Role::ALL {
            let client = client(&tenant, role).await;
            let answer = request(&client, endpoint, "a", role.as_str()).send().await;
            if answer.status == 403 {
                refused(endpoint.operation, &answer, 403, detail(DENIED));
                assert_eq!(answer.header("x-amzn-remapped-www-authenticate"), None);
            }
            cells.push(answer.status.to_string());
        }
        rows.push((endpoint.operation.to_owned(), cells));
    }
    assert_snapshot!(table(&Role::ALL.map(Role::as_str), rows), @r"
                           OWNER  ADMIN  COMPLIANCE_OFFICER  DEVELOPER  READER
    didit_list_users       200    200    200                 200        200
    didit_get_user         200    200    200                 200        200
    didit_create_user      201    201    403                 201        403
    didit_update_user      200    200    200                 403        403
    didit_update_user_status 200    200    200                 403        403
    didit_delete_users     200    200    403                 403        403
    ");
}

#[tokio::test]
async fn permission_is_decided_before_the_body_is_read() {
    let (tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let before = tenant.items().await;
    let reader = client(&tenant, Role::Reader).await;
    for endpoint in
        didit::ENDPOINTS.into_iter().filter(|endpoint| !Role::Reader.allows(endpoint.action))
    {
        for who in ["a", "nobody"] {
            for body in [b"{garbage".to_vec(), vec![b' '; 256 * 1024 + 1], b"\xff".to_vec()] {
                let path = endpoint.path.replace("{vendor_data}", who);
                let answer = reader.request(endpoint.method.clone(), &path).raw(body).send().await;
                refused(endpoint.operation, &answer, 403, detail(DENIED));
            }
        }
    }
    assert_eq!(tenant.items().await, before);
}

async fn bad_credentials(tenant: &Tenant) -> Vec<(&'static str, Client)> {
    let (world, keys) = (tenant.world, &tenant.keys);
    let good = world.key(keys, Mode::Test, Role::Owner).await.expose_secret().to_owned();
    let mut typo = good.clone();
    let last = if typo.pop() == Some('0') { '1' } else { '0' };
    typo.push(last);
    let past = Timestamp::now().plus(time::Duration::seconds(-1));
    let expired = world.expiring_key(keys, Mode::Test, Role::Owner, Some(past)).await;
    let revoked = world.key(keys, Mode::Test, Role::Owner).await;
    let (app, id) = (keys.app().clone(), revoked.id.clone());
    world.run(async move { revoke_api_key(&app, &Manager::Operator, &id).await }).await.unwrap();
    let unknown =
        "sk_test_0123456789abcdef0s3ge1o70s3ge1o70s3ge1o70s3ge1o70s3ge1o70s3ge1o70s3g34p2c10";
    let nobody = world.anonymous();
    let key = |key: &str| nobody.header("x-api-key", key);
    vec![
        ("empty", key("")),
        ("malformed", key("sk_test_123")),
        ("another kind", key("didit-key-123")),
        ("typo", key(&typo)),
        ("unknown", key(unknown)),
        ("upper case", key(&good.to_uppercase())),
        ("two", key(&format!("{good},{good}"))),
        ("with a scheme", key(&format!("Bearer {good}"))),
        ("not ASCII", key("é")),
        ("very long", key(&"x".repeat(6_000))),
        ("expired", key(expired.expose_secret())),
        ("revoked", key(revoked.expose_secret())),
        ("a good key as a bearer", nobody.bearer(&good)),
        ("a console's token", nobody.bearer("eyJhbGciOiJSUzI1NiJ9.e30.x")),
        ("basic", nobody.header("authorization", "Basic eDp5")),
    ]
}

#[tokio::test]
async fn only_no_credential_at_all_is_unauthenticated() {
    let (tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let before = tenant.items().await;
    let bad = bad_credentials(&tenant).await;
    let nobody = tenant.world.anonymous();
    for endpoint in didit::ENDPOINTS {
        for client in [
            nobody.clone(),
            nobody.header("x-access-secret", "x"),
            nobody.header("cookie", "sessionid=x"),
        ] {
            let answer = request(&client, endpoint, "a", "b").send().await;
            refused(endpoint.operation, &answer, 401, detail(NO_CREDENTIAL));
            assert!(answer.header("x-amzn-remapped-www-authenticate").is_some(), "{answer}");
        }
        for (case, client) in &bad {
            let answer = request(client, endpoint, "a", "b").send().await;
            refused(case, &answer, 403, detail(DENIED));
            assert_eq!(answer.header("x-amzn-remapped-www-authenticate"), None, "{case}");
        }
    }
    assert_eq!(tenant.items().await, before);
    let key = tenant.world.key(&tenant.keys, Mode::Test, Role::Reader).await;
    let both = nobody.header("x-api-key", key.expose_secret()).bearer("x");
    both.get("/v3/users/a/").send().await.expect(200);
    nobody
        .header("X-API-Key", &format!(" {} ", key.expose_secret()))
        .get("/v3/users/")
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn a_foreign_user_looks_exactly_like_an_absent_one() {
    let (tenant, owner) = owner().await;
    let (_other_tenant, other) = super::owner().await;
    let live = client_of(&tenant, Mode::Live, Role::Owner).await;
    make(&other, json!({"vendor_data": "theirs"})).await;
    make(&live, json!({"vendor_data": "live"})).await;
    for endpoint in [&didit::GET_USER, &didit::UPDATE_USER, &didit::UPDATE_USER_STATUS] {
        for who in ["theirs", "live", "nobody"] {
            let answer = request(&owner, endpoint, who, "").send().await;
            refused(who, &answer, 404, detail(NOT_FOUND));
            assert_eq!(answer.header("etag"), None);
        }
    }
    make(&owner, json!({"vendor_data": "theirs"})).await;
    let own = owner.get("/v3/users/theirs/").send().await.expect(200).json();
    assert_eq!(own["display_name"], Value::Null);
    assert_eq!(World::shared().base_url(), tenant.world.base_url());
}
