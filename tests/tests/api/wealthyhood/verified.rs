//! What the recorded verifications say.

use serde_json::json;

use super::{get, john, make, owner, uuid};
use crate::palm::rewrite;

#[tokio::test]
async fn the_status_follows_the_sessions() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, john("john@example.com")).await;
    for (approved, declined, in_review, status) in [
        (0, 0, 0, "pending"),
        (0, 0, 3, "pending"),
        (0, 1, 0, "failed"),
        (1, 0, 0, "passed"),
        (2, 5, 1, "passed"),
    ] {
        rewrite(&tenant, &uuid(&user), move |user| {
            user.sessions.approved = approved;
            user.sessions.declined = declined;
            user.sessions.in_review = in_review;
        })
        .await;
        let read = get(&owner, &user).await.expect(200).json();
        assert_eq!(read["kycStatus"], status, "{approved} {declined} {in_review}");
        assert_eq!(read["emailVerified"], false);
    }
}

#[tokio::test]
async fn an_address_is_verified_once_it_is_approved() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, john("john@example.com")).await;
    let other = make(&owner, john("other@example.com")).await;
    for (approved, verified) in [(&other, false), (&user, true)] {
        let (app, scope) =
            (tenant.keys.app().clone(), tenant.keys.scope(shared::domain::Mode::Test));
        let id = shared::domain::UserId::parse_hex(super::id(approved)).unwrap();
        let read = async move { app.store.user(&scope, id).await.unwrap().unwrap() };
        let email = tenant.world.run(read).await.fingerprints.email.unwrap();
        rewrite(&tenant, &uuid(&user), move |user| {
            user.fingerprints.approved_emails.insert(email);
        })
        .await;
        let read = get(&owner, &user).await.expect(200).json();
        assert_eq!(read["emailVerified"], json!(verified));
    }
    let read = get(&owner, &other).await.expect(200).json();
    assert_eq!(read["emailVerified"], json!(false));
}
