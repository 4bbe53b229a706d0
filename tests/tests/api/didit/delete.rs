//! Deleting users.

use serde_json::{Value, json};
use shared::{auth::Role, domain::Mode};

use super::{
    NOT_FOUND, client_of, delete, detail, get, id, list, make, make_all, names, owner, patch, path,
    refused,
};

fn deleted(n: usize) -> Value {
    json!({"deleted": n})
}

#[tokio::test]
async fn three_selectors_have_an_order() {
    let (_tenant, owner) = owner().await;
    let users = make_all(&owner, (0..6).map(|n| json!({"vendor_data": n.to_string()}))).await;
    let of = |n: usize| id(&users[n]);
    let cases = [
        (json!({"vendor_data_list": ["0"], "didit_internal_id_list": [of(1)]}), 1),
        (
            json!({"delete_all": false, "vendor_data_list": null, "didit_internal_id_list": [of(1)]}),
            1,
        ),
        (json!({"delete_all": null, "vendor_data_list": ["2"], "unknown": 1}), 1),
        (json!({"vendor_data_list": [], "didit_internal_id_list": [of(3)]}), 0),
    ];
    for (body, n) in cases {
        assert_eq!(delete(&owner, body.clone()).await.expect(200).json(), deleted(n), "{body}");
    }
    let mut left =
        names(&list(&owner, "").await).into_iter().map(str::to_owned).collect::<Vec<_>>();
    left.sort();
    assert_eq!(left, ["3", "4", "5"]);
    let all =
        json!({"delete_all": true, "vendor_data_list": ["3"], "didit_internal_id_list": [of(4)]});
    assert_eq!(delete(&owner, all).await.expect(200).json(), deleted(3));
}

#[tokio::test]
async fn without_a_selector_the_answer_is_a_bare_list() {
    let (tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let before = tenant.items().await;
    let message = json!(["Provide vendor_data_list or set delete_all=true."]);
    for body in [
        json!({}),
        json!({"delete_all": false}),
        json!({"vendor_data_list": null, "vendor_data": "a"}),
    ] {
        refused(&body.to_string(), &delete(&owner, body.clone()).await, 400, message.clone());
    }
    let wrong = [
        (json!({"delete_all": "true"}), json!({"delete_all": ["Must be a valid boolean."]})),
        (json!({"delete_all": 1}), json!({"delete_all": ["Must be a valid boolean."]})),
        (
            json!({"vendor_data_list": "a"}),
            json!({"vendor_data_list": ["Expected a list of items."]}),
        ),
        (
            json!({"vendor_data_list": ["a", 1, null]}),
            json!({"vendor_data_list": {"1": ["Not a valid string."], "2": ["Not a valid string."]}}),
        ),
        (
            json!({"didit_internal_id_list": {}}),
            json!({"didit_internal_id_list": ["Expected a list of items."]}),
        ),
    ];
    for (body, expected) in wrong {
        refused(&body.to_string(), &delete(&owner, body.clone()).await, 400, expected);
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn deleting_again_is_nothing_and_unknown_ids_count_for_nothing() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, json!({"vendor_data": "a"})).await;
    let list = json!(["a", "a", "b", "", "\u{0}", "x".repeat(600), "A"]);
    assert_eq!(
        delete(&owner, json!({"vendor_data_list": list})).await.expect(200).json(),
        deleted(1)
    );
    let after = tenant.items().await;
    let absent = "00000000-0000-8000-8000-000000000000";
    for body in [
        json!({"vendor_data_list": list}),
        json!({"didit_internal_id_list": [id(&user), id(&user), absent, "x", "123e4567-e89b-12d3-a456-426614174000"]}),
        json!({"delete_all": true}),
    ] {
        assert_eq!(delete(&owner, body.clone()).await.expect(200).json(), deleted(0), "{body}");
    }
    assert_eq!(tenant.items().await, after);
}

#[tokio::test]
async fn nobody_reaches_users_of_another_tenant_or_mode() {
    let (tenant, owner) = owner().await;
    let (_other_tenant, other) = super::owner().await;
    let live = client_of(&tenant, Mode::Live, Role::Owner).await;
    let mut ids = vec![];
    for client in [&owner, &other, &live] {
        ids.push(id(&make(client, json!({"vendor_data": "same"})).await).to_owned());
    }
    let by_id = json!({"didit_internal_id_list": ids});
    assert_eq!(delete(&owner, by_id).await.expect(200).json(), deleted(1));
    for body in [json!({"vendor_data_list": ["same"]}), json!({"delete_all": true})] {
        assert_eq!(delete(&owner, body).await.expect(200).json(), deleted(0));
    }
    for client in [&other, &live] {
        get(client, "same").await.expect(200);
        assert_eq!(
            delete(client, json!({"delete_all": true})).await.expect(200).json(),
            deleted(1)
        );
    }
}

#[tokio::test]
async fn a_deleted_user_is_gone_for_didit_and_bare_for_palm() {
    let (tenant, owner) = owner().await;
    let body = json!({"vendor_data": "a", "display_name": "Ann", "full_name": "Ann Lee", "approved_emails": ["a@example.com"], "metadata": {"a": 1}});
    let user = make(&owner, body.clone()).await;
    delete(&owner, json!({"vendor_data_list": ["a"]})).await.expect(200);
    refused("get", &get(&owner, "a").await, 404, detail(NOT_FOUND));
    refused(
        "patch",
        &patch(&owner, "a", json!({"display_name": "x"})).await,
        404,
        detail(NOT_FOUND),
    );
    let moved = owner.patch(&path("a", "update-status/")).json(json!({"status": "BLOCKED"}));
    refused("move", &moved.send().await, 404, detail(NOT_FOUND));
    let palm = tenant.owner.get(&format!("/v1/user/{}", id(&user))).send().await.expect(200).json();
    assert_eq!(palm["status"], "deleted");
    for (key, bare) in [
        ("display_name", Value::Null),
        ("metadata", json!({})),
        ("vault", json!({})),
        ("email_fingerprint", Value::Null),
    ] {
        assert_eq!(palm[key], bare, "{key}");
    }
    let other = make(&owner, body).await;
    assert_ne!(id(&other), id(&user));
    assert_eq!(id(&get(&owner, "a").await.expect(200).json()), id(&other));
    assert_eq!(other["comments"], json!([]));
    let once_more = delete(&owner, json!({"didit_internal_id_list": [id(&user)]})).await;
    assert_eq!(once_more.expect(200).json(), deleted(0));
    get(&owner, "a").await.expect(200);
}
