//! A new key in the place of another.

use futures_util::future::join_all;
use harness::world::{Tenant, World};
use serde_json::{Value, json};
use shared::domain::Timestamp;

use super::{
    cache::Instance, is_about, list, listed, make, make_of, millis, now, rotate, secret, status,
};

const DAY: i64 = 86_400_000;

/// Whether a key opens anything at some time, for an instance that has never seen it.
async fn opens_at(tenant: &Tenant, secret: &str, at: i64) -> bool {
    Instance::new(tenant).takes(secret, at).await
}

#[tokio::test]
async fn both_are_valid_for_the_overlap_and_then_the_new_one() {
    let tenant = World::shared().tenant().await;
    for (body, overlap) in [
        (json!({}), DAY),
        (json!({"overlap_seconds": null}), DAY),
        (json!({"overlap_seconds": 60}), 60_000),
        (json!({"overlap_seconds": 604_800}), 7 * DAY),
    ] {
        let old = make_of(&tenant.owner, "READER").await;
        let new = rotate(&tenant.owner, &old, body.clone()).await.expect(201).json();
        let end = &new["previous"]["expires_at"];
        is_about(end, now() + overlap, 20);
        let end = millis(end);
        assert!(opens_at(&tenant, secret(&old), end - 1).await, "{body}");
        assert!(!opens_at(&tenant, secret(&old), end).await, "{body}");
        assert!(opens_at(&tenant, secret(&new), end + DAY).await, "{body}");
    }
}

#[tokio::test]
async fn without_an_overlap_the_old_one_ends_at_once() {
    let tenant = World::shared().tenant().await;
    let nobody = tenant.world.anonymous();
    let old = make_of(&tenant.owner, "READER").await;
    assert_eq!(status(&nobody, secret(&old)).await, 200);
    let new = rotate(&tenant.owner, &old, json!({"overlap_seconds": 0})).await.expect(201).json();
    let fresh = tenant.world.fresh().await;
    assert_eq!(status(&fresh, secret(&old)).await, 401);
    assert_eq!(status(&nobody, secret(&new)).await, 200);
    assert_eq!(listed(&tenant.owner, &old).await["status"], "expired");
}

#[tokio::test]
async fn the_new_key_has_as_long_as_the_old_one_had() {
    let tenant = World::shared().tenant().await;
    let end = Timestamp::from_unix_millis(now() + 10 * DAY).to_millis_string();
    let limited = json!({"role": "READER", "name": "x", "expires_at": end});
    let unlimited = json!({"role": "READER", "name": "x"});
    let year = Timestamp::from_unix_millis(now() + 365 * DAY).to_millis_string();
    for (body, rotation, expected) in [
        (&unlimited, json!({}), None),
        (&unlimited, json!({"expires_at": null}), None),
        (&unlimited, json!({"expires_at": year}), Some(365)),
        (&limited, json!({}), Some(10)),
        (&limited, json!({"expires_at": year}), Some(365)),
        (&limited, json!({"expires_at": null}), None),
    ] {
        let old = make(&tenant.owner, body.clone()).await;
        let new = rotate(&tenant.owner, &old, rotation.clone()).await.expect(201).json();
        match expected {
            None => assert_eq!(new["expires_at"], Value::Null, "{rotation}"),
            Some(days) => is_about(&new["expires_at"], now() + days * DAY, 20),
        }
    }
}

#[tokio::test]
async fn an_overlap_does_not_prolong_the_old_key() {
    let tenant = World::shared().tenant().await;
    let end = Timestamp::from_unix_millis(now() + 3_600_000).to_millis_string();
    let old = make(&tenant.owner, json!({"role": "READER", "name": "x", "expires_at": end})).await;
    let new = rotate(&tenant.owner, &old, json!({"overlap_seconds": 604_800})).await;
    assert_eq!(new.expect(201).json()["previous"]["expires_at"], json!(end));
}

#[tokio::test]
async fn a_key_is_rotated_once() {
    let tenant = World::shared().tenant().await;
    let old = make_of(&tenant.owner, "READER").await;
    let answers = join_all((0..8).map(|_| rotate(&tenant.owner, &old, json!({})))).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.problem(409, "api_key_not_active");
    }
    // The two keys of the race, and the tenant's own.
    assert_eq!(list(&tenant.owner).await.len(), 3);
    let next = rotate(&tenant.owner, &made[0].json(), json!({})).await;
    assert_eq!(next.expect(201).json()["replaces"], made[0].json()["id"]);
}

#[tokio::test]
async fn an_expired_key_is_not_rotated() {
    use shared::{auth::Role, domain::Mode};
    let tenant = World::shared().tenant().await;
    let past = Timestamp::from_unix_millis(now() - 1_000);
    let expired =
        tenant.world.expiring_key(&tenant.keys, Mode::Test, Role::Reader, Some(past)).await;
    let key = json!({"id": expired.id});
    assert_eq!(listed(&tenant.owner, &key).await["status"], "expired");
    rotate(&tenant.owner, &key, json!({})).await.problem(409, "api_key_not_active");
    super::revoke(&tenant.owner, &key).await.expect(204);
    // What ended 90 days ago is gone.
    let long_ago = Timestamp::from_unix_millis(now() - 90 * DAY);
    let forgotten =
        tenant.world.expiring_key(&tenant.keys, Mode::Test, Role::Reader, Some(long_ago)).await;
    let key = json!({"id": forgotten.id});
    rotate(&tenant.owner, &key, json!({})).await.problem(404, "not_found");
    super::revoke(&tenant.owner, &key).await.problem(404, "not_found");
    assert!(!list(&tenant.owner).await.iter().any(|listed| listed["id"] == key["id"]));
}
