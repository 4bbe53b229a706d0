//! One user, two APIs.

use serde_json::{Value, json};

use super::{get, id, list, make, names, owner, patch};

#[tokio::test]
async fn a_user_made_here_is_read_and_found_through_palm() {
    let (tenant, owner) = owner().await;
    let body = json!({
        "vendor_data": "order/1", "display_name": "Annie", "full_name": "Ann Lee", "date_of_birth": "1990-01-15",
        "approved_emails": ["ann@example.com"], "approved_phones": ["+14155552671"], "status": "BLOCKED", "metadata": {"a": 1},
    });
    let user = make(&owner, body).await;
    let palm = tenant.owner.get(&format!("/v1/user/{}", id(&user))).send().await.expect(200).json();
    assert_eq!(palm["id"], user["didit_internal_id"]);
    assert_eq!((&palm["display_name"], &palm["status"]), (&json!("Annie"), &json!("suspended")));
    assert_eq!(
        (&palm["metadata"], &palm["vault"]),
        (&json!({"a": 1}), &json!({"identity.full_name": "Ann Lee"}))
    );
    assert_eq!(palm["created_at"], user["created_at"]);
    assert!(!palm.to_string().contains("1990-01-15"), "{palm}");
    let reveal = json!({"fields": ["identity.date_of_birth"], "reason": "a test"});
    let shown = tenant
        .owner
        .post(&format!("/v1/user/{}/vault/reveal", id(&user)))
        .json(reveal)
        .send()
        .await;
    assert_eq!(shown.expect(200).json()["fields"], json!({"identity.date_of_birth": "1990-01-15"}));
    for search in [json!({"external_id": "order/1"}), json!({"display_name": "annie"})] {
        let found = tenant
            .owner
            .post("/v1/user/search")
            .json(search.clone())
            .send()
            .await
            .expect(200)
            .json();
        assert_eq!(found["data"][0]["id"], user["didit_internal_id"], "{search}");
    }
    assert_eq!(get(&owner, "order/1").await.json()["comments"], json!([]));
}

#[tokio::test]
async fn a_user_made_through_palm_is_listed_here() {
    let (tenant, owner) = owner().await;
    let vault = json!({
        "identity.first_name": "Ann", "identity.middle_name": "Bee", "identity.last_name": "Lee",
        "identity.email": "ann@example.com", "identity.phone_number": "+14155552671", "identity.date_of_birth": "1990-01-15",
    });
    let made = tenant
        .owner
        .post("/v1/user")
        .json(json!({"vault": vault, "metadata": {"a": true}}))
        .send()
        .await;
    let made = made.expect(201).json();
    for query in [
        "",
        "search=ann%20lee",
        "search=ann%40example.com",
        "search=%2B14155552671",
        "status=ACTIVE",
    ] {
        let page = list(&owner, query).await;
        let row = &page["results"][0];
        assert_eq!(row["didit_internal_id"], made["id"], "{query}");
        assert_eq!((&row["vendor_data"], &row["display_name"]), (&Value::Null, &Value::Null));
        assert_eq!(
            (&row["full_name"], &row["effective_name"]),
            (&json!("Ann Bee Lee"), &json!("Ann Bee Lee"))
        );
        assert_eq!(row["date_of_birth"], "1990-01-15");
        assert_eq!((&row["approved_emails"], &row["approved_phones"]), (&json!([]), &json!([])));
    }
    let by_id = json!({"didit_internal_id_list": [made["id"]]});
    assert_eq!(super::delete(&owner, by_id).await.expect(200).json(), json!({"deleted": 1}));
    assert_eq!(names(&list(&owner, "").await), Vec::<&str>::new());
}

#[tokio::test]
async fn what_one_api_changes_the_other_shows() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, json!({"vendor_data": "a", "full_name": "Ann Lee"})).await;
    let palm = format!("/v1/user/{}", id(&user));
    let vault = json!({"identity.date_of_birth": "1991-02-03", "identity.full_name": null, "identity.last_name": "Bee"});
    tenant.owner.patch(&format!("{palm}/vault")).json(vault).send().await.expect(200);
    tenant
        .owner
        .patch(&palm)
        .json(json!({"metadata": {"b": 2}, "display_name": "Bee"}))
        .send()
        .await
        .expect(200);
    let read = get(&owner, "a").await.expect(200).json();
    assert_eq!((&read["date_of_birth"], &read["full_name"]), (&json!("1991-02-03"), &json!("Bee")));
    assert_eq!((&read["metadata"], &read["display_name"]), (&json!({"b": 2}), &json!("Bee")));
    assert_eq!(read["comments"].as_array().unwrap().len(), 3, "{read}");
    patch(&owner, "a", json!({"metadata": {"x": [1, {"deep": null}]}, "status": "FLAGGED"}))
        .await
        .expect(200);
    let shown = tenant.owner.get(&palm).send().await.expect(200).json();
    assert_eq!(
        (&shown["metadata"], &shown["status"]),
        (&json!({"x": [1, {"deep": null}]}), &json!("active"))
    );
}
