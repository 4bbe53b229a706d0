//! An e-mail address is one user's.

use harness::{
    client::Client,
    world::{Tenant, World},
};
use serde_json::{Value, json};

use super::{get, john, make, owner, taken, uuid};
use crate::{didit, truv};

const EMAIL: &str = "john.doe@example.com";

/// John Doe's address in 32 spellings of one meaning.
fn spellings() -> Vec<String> {
    let spell = |bits: u32| {
        let letter = |(place, c): (u32, char)| {
            if bits >> (place % 5) & 1 == 1 { c.to_ascii_uppercase() } else { c }
        };
        (0..).zip(EMAIL.chars()).map(letter).collect()
    };
    (0..32).map(spell).collect()
}

#[tokio::test]
async fn of_32_who_race_for_one_address_one_has_it() {
    let (tenant, owner) = owner().await;
    let mut race = tokio::task::JoinSet::new();
    let spellings = spellings();
    assert_eq!(spellings.iter().collect::<std::collections::BTreeSet<_>>().len(), 32);
    for email in &spellings {
        race.spawn(owner.post("/users").json(john(email)).send());
    }
    let answers = race.join_all().await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|it| it.status == 201);
    assert_eq!((made.len(), refused.len()), (1, 31));
    refused.into_iter().for_each(taken);
    let items = tenant.items().await;
    let users = items.iter().filter(|item| item["sk"] == "U");
    let claims: Vec<_> = items.iter().filter(|item| item["sk"] == "M").collect();
    assert_eq!((users.count(), claims.len()), (1, 1));
    assert_eq!(claims[0]["user"], made[0].json()["id"]);
    assert!(!claims[0].to_string().contains("john"), "it is a keyed digest");
}

#[tokio::test]
async fn a_taken_address_writes_nothing() {
    let (tenant, owner) = owner().await;
    make(&owner, john(EMAIL)).await;
    let before = tenant.items().await;
    for email in [EMAIL, " John.Doe@Example.com ", "JOHN.DOE@EXAMPLE.COM"] {
        taken(&owner.post("/users").json(john(email)).send().await);
    }
    assert_eq!(tenant.items().await, before);
    make(&tenant.live_client(shared::auth::Role::Owner).await, john(EMAIL)).await;
    make(&World::shared().tenant().await.owner, john(EMAIL)).await;
}

/// Deletes a user through one of the APIs.
async fn delete(tenant: &Tenant, user: &Value, api: &str) {
    let id = uuid(user);
    match api {
        "didit" => {
            let client = didit::client(tenant, shared::auth::Role::Owner).await;
            let body = json!({"didit_internal_id_list": [id]});
            let answer = client.post("/v3/users/delete/").json(body).send().await;
            assert_eq!(answer.expect(200).json(), json!({"deleted": 1}));
        }
        "didit, all" => {
            let client = didit::client(tenant, shared::auth::Role::Owner).await;
            let body = json!({"delete_all": true});
            client.post("/v3/users/delete/").json(body).send().await.expect(200);
        }
        "truv" => {
            let client = truv::client(tenant, shared::auth::Role::Owner).await;
            let path = format!("/v1/users/{}/", id.replace('-', ""));
            client.delete(&path).send().await.expect(204);
        }
        other => panic!("{other} deletes nobody"),
    }
}

#[tokio::test]
async fn an_address_is_free_once_its_user_is_deleted_or_gives_it_up() {
    for api in ["didit", "didit, all", "truv"] {
        let (tenant, owner) = owner().await;
        let user = make(&owner, john(EMAIL)).await;
        delete(&tenant, &user, api).await;
        get(&owner, &user).await.problem(404, "not_found");
        assert_ne!(make(&owner, john("John.Doe@example.com")).await["id"], user["id"], "{api}");
        taken(&owner.post("/users").json(john(EMAIL)).send().await);
    }
    for new in [json!("jane@example.com"), Value::Null] {
        let (tenant, owner) = owner().await;
        let user = make(&owner, john(EMAIL)).await;
        let vault = tenant.owner.patch(&format!("/v1/user/{}/vault", uuid(&user)));
        vault.json(json!({"identity.email": new})).send().await.expect(200);
        assert_eq!(get(&owner, &user).await.expect(200).json()["email"], new);
        make(&owner, john(EMAIL)).await;
    }
}

/// Somebody with John's address, made through another API.
async fn make_elsewhere(tenant: &Tenant, palm: &Client, api: &str) -> String {
    match api {
        "palm" => {
            let body = json!({"vault": {"identity.email": "John.Doe@EXAMPLE.com"}});
            let user = palm.post("/v1/user").json(body).send().await.expect(201).json();
            user["id"].as_str().unwrap().to_owned()
        }
        "palm, later" => {
            let user = palm.post("/v1/user").json(json!({})).send().await.expect(201).json();
            let id = user["id"].as_str().unwrap().to_owned();
            let vault = palm.patch(&format!("/v1/user/{id}/vault"));
            vault.json(json!({"identity.email": EMAIL})).send().await.expect(200);
            id
        }
        "truv" => {
            let client = truv::client(tenant, shared::auth::Role::Owner).await;
            let body = json!({"external_user_id": "1", "first_name": "A", "last_name": "B", "email": EMAIL});
            let user = client.post("/v1/users/").json(body).send().await.expect(201).json();
            let id = user["id"].as_str().unwrap();
            shared::domain::UserId::parse_simple(id).unwrap().to_uuid().to_string()
        }
        "didit" => {
            let client = didit::client(tenant, shared::auth::Role::Owner).await;
            let body = json!({"vendor_data": "1", "approved_emails": ["x@example.com", EMAIL]});
            let user = client.post("/v3/users/create/").json(body).send().await.expect(201).json();
            user["didit_internal_id"].as_str().unwrap().to_owned()
        }
        other => panic!("{other} makes nobody"),
    }
}

#[tokio::test]
async fn an_address_that_somebody_has_elsewhere_cannot_be_taken() {
    for api in ["palm", "palm, later", "truv", "didit"] {
        let (tenant, owner) = owner().await;
        let other = make_elsewhere(&tenant, &owner, api).await;
        let before = tenant.items().await;
        taken(&owner.post("/users").json(john(EMAIL)).send().await);
        assert_eq!(tenant.items().await, before, "{api}");
        let client = didit::client(&tenant, shared::auth::Role::Owner).await;
        let body = json!({"didit_internal_id_list": [other]});
        client.post("/v3/users/delete/").json(body).send().await.expect(200);
        make(&owner, john(EMAIL)).await;
    }
}

/// The other APIs know no unique address: they may give one to whom they like, but not one of ours to another of ours.
#[tokio::test]
async fn no_api_gives_one_address_to_two_of_these_users() {
    let (tenant, owner) = owner().await;
    let (john_doe, jane) =
        (make(&owner, john(EMAIL)).await, make(&owner, john("jane@example.com")).await);
    let palm = owner.post("/v1/user").json(json!({"vault": {"identity.email": EMAIL}}));
    palm.send().await.expect(201);
    let before = tenant.items().await;
    let vault = owner.patch(&format!("/v1/user/{}/vault", uuid(&jane)));
    taken(&vault.json(json!({"identity.email": "John.Doe@example.com"})).send().await);
    let client = truv::client(&tenant, shared::auth::Role::Owner).await;
    let path = format!("/v1/users/{}/", uuid(&jane).replace('-', ""));
    let answer = client.patch(&path).json(json!({"email": EMAIL})).send().await;
    let params = &answer.expect(400).json()["error"]["extra"]["invalid-params"];
    assert_eq!(*params, json!([{"field": "email", "message": "Email belongs to another user"}]));
    assert_eq!(tenant.items().await, before);
    // Their own address, spelled otherwise, they may have.
    let vault = owner.patch(&format!("/v1/user/{}/vault", uuid(&john_doe)));
    vault.json(json!({"identity.email": "JOHN.DOE@example.com"})).send().await.expect(200);
    let mut race = tokio::task::JoinSet::new();
    for user in [&john_doe, &jane] {
        let vault = owner.patch(&format!("/v1/user/{}/vault", uuid(user)));
        race.spawn(vault.json(json!({"identity.email": "new@example.com"})).send());
    }
    let mut statuses: Vec<_> = race.join_all().await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}
