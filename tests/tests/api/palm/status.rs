//! Where a user stands, and what is shown of them then.

use harness::world::World;
use serde_json::{Value, json};
use shared::domain::{Outcome, RiskLevel, Status, Timestamp, Verification, Workflow};
use time::Duration;

use super::{id, make, path, rewrite, samples::request};

fn full() -> Value {
    let vault = json!({
        "identity.first_name": "Ann", "identity.email": "ann@example.com", "identity.phone_number": "+14155552671"
    });
    json!({"display_name": "Ann", "metadata": {"a": 1}, "vault": vault})
}

#[tokio::test]
async fn a_status_has_the_word_that_palm_uses_and_is_searched_by_it() {
    let tenant = World::shared().tenant().await;
    let words = [
        (Status::Active, "active", true),
        (Status::Flagged, "active", true),
        (Status::Blocked, "suspended", true),
        (Status::Deleted, "deleted", false),
    ];
    let mut made = vec![];
    for (status, word, listed) in words {
        let user = make(&tenant.owner, full()).await;
        rewrite(&tenant, id(&user), move |user| user.status = status).await;
        let read = tenant.owner.get(&path(&user, "")).send().await.expect(200).json();
        assert_eq!(read["status"], word, "{status:?}");
        made.push((id(&user).to_owned(), word, listed));
    }
    for wanted in [None, Some("active"), Some("suspended"), Some("deleted")] {
        for sort in ["created_at", "name", "risk_level", "last_verified"] {
            let query = json!({"status": wanted, "sort": sort, "order": "asc"});
            let list = tenant.owner.post("/v1/user/search").json(query.clone()).send().await;
            let list = list.expect(200).json();
            let found: Vec<_> = list["data"].as_array().unwrap().iter().map(id).collect();
            let fits = |word: &str, listed| wanted.map_or(listed, |wanted| wanted == word);
            let expected = made.iter().filter(|(_, word, listed)| fits(word, *listed));
            let mut expected: Vec<_> = expected.map(|(id, _, _)| id.as_str()).collect();
            expected.sort_unstable();
            // One risk, one time, one name: all orders are that of the ids.
            assert_eq!(found, expected, "{query}");
        }
    }
}

#[tokio::test]
async fn a_deleted_user_is_shown_bare_and_is_not_changed_or_revealed() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, full()).await;
    let later = Timestamp::now().plus(Duration::days(30));
    rewrite(&tenant, id(&user), move |user| {
        user.status = Status::Deleted;
        user.purge_at = Some(later);
    })
    .await;
    let before = tenant.items().await;
    let read = tenant.owner.get(&path(&user, "")).send().await.expect(200).json();
    assert_eq!(
        read,
        json!({
            "id": user["id"], "object": "user", "created_at": user["created_at"], "updated_at": read["updated_at"],
            "metadata": {}, "status": "deleted", "verification": null, "display_name": null,
            "email_fingerprint": null, "phone_fingerprint": null, "vault": {}
        })
    );
    for endpoint in [&palm::UPDATE_USER, &palm::UPDATE_VAULT, &palm::REVEAL_VAULT] {
        let answer = request(&tenant.owner, endpoint, id(&user)).send().await;
        answer.problem(404, "not_found");
    }
    for query in [json!({}), json!({"display_name": "ann"}), json!({"email": "ann@example.com"})] {
        let list = tenant.owner.post("/v1/user/search").json(query.clone()).send().await.json();
        assert_eq!(list["data"], json!([]), "{query}");
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn a_purged_user_is_gone_before_the_table_has_removed_them() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, full()).await;
    rewrite(&tenant, id(&user), |user| {
        user.status = Status::Deleted;
        user.purge_at = Some(Timestamp::now().plus(Duration::seconds(-1)));
    })
    .await;
    for endpoint in palm::ENDPOINTS.into_iter().filter(|it| it.path.contains("{user_id}")) {
        let answer = request(&tenant.owner, endpoint, id(&user)).send().await;
        answer.problem(404, "not_found");
    }
    let query = json!({"status": "deleted"});
    let list = tenant.owner.post("/v1/user/search").json(query).send().await.json();
    assert_eq!(list["data"], json!([]));
}

#[tokio::test]
async fn the_latest_verification_is_shown_as_documented() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    rewrite(&tenant, id(&user), |user| {
        user.verification = Some(Verification {
            id: "550e8400-e29b-41d4-a716-446655440000".to_owned(),
            outcome: Outcome::Approved,
            risk_level: RiskLevel::Low,
            workflow: Workflow { name: "KYC Verification".to_owned(), version: 1 },
            executed_at: Timestamp::from_unix_millis(1_705_314_600_000),
        });
    })
    .await;
    let read = tenant.owner.get(&path(&user, "")).send().await.expect(200).json();
    assert_eq!(
        read["verification"],
        json!({
            "id": "550e8400-e29b-41d4-a716-446655440000", "risk_level": "low",
            "workflow": {"name": "KYC Verification", "version": 1}, "executed_at": "2024-01-15T10:30:00.000Z"
        })
    );
}
