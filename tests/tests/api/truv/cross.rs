//! One user, several APIs.

use serde_json::{Value, json};
use shared::domain::UserId;

use super::{get, john, list, make, owner, patch, uuid};

#[tokio::test]
async fn a_user_made_here_is_seen_through_palm_and_didit() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, john()).await;
    let palm =
        tenant.owner.get(&format!("/v1/user/{}", uuid(&user))).send().await.expect(200).json();
    assert_eq!(palm["vault"], json!({"identity.first_name": "John", "identity.last_name": "Doe"}));
    let second = |text: &Value| text.as_str().unwrap().split_once('.').unwrap().0.to_owned();
    assert_eq!(palm["created_at"], format!("{}Z", second(&user["created_at"])));
    for search in [
        json!({"external_id": "12345"}),
        json!({"ssn": "222233333"}),
        json!({"phone": "+14155554193"}),
    ] {
        let found = tenant.owner.post("/v1/user/search").json(search.clone()).send().await;
        assert_eq!(found.expect(200).json()["data"][0]["id"], palm["id"], "{search}");
    }
    let didit = crate::didit::client(&tenant, shared::auth::Role::Owner).await;
    patch(&owner, &user, json!({"external_user_id": "new", "first_name": "Jane"}))
        .await
        .expect(200);
    let read = didit.get("/v3/users/new/").send().await.expect(200).json();
    assert_eq!((&read["didit_internal_id"], &read["full_name"]), (&palm["id"], &json!("Jane Doe")));
    let comment = &read["comments"][0];
    assert_eq!(comment["changed_fields"], json!(["vendor_data", "first_name"]), "{read}");
    let delete = json!({"vendor_data_list": ["new"]});
    didit.post("/v3/users/delete/").json(delete).send().await.expect(200);
    get(&owner, &user).await.expect(404);
}

#[tokio::test]
async fn a_user_made_elsewhere_is_seen_here() {
    let (tenant, owner) = owner().await;
    let palm = tenant.owner.post("/v1/user").json(json!({"display_name": "Nobody"})).send().await;
    let palm = palm.expect(201).json();
    let hex = UserId::parse_uuid(palm["id"].as_str().unwrap()).unwrap().to_simple();
    let read = owner.get(&format!("/v1/users/{hex}/")).send().await.expect(200).json();
    for absent in ["external_user_id", "first_name", "last_name", "email", "phone", "ssn"] {
        assert_eq!(read[absent], Value::Null, "{absent}");
    }
    assert_eq!(list(&owner, "").await["results"][0]["id"], hex);
}
