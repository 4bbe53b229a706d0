//! In which order users are listed.

use std::collections::BTreeMap;

use harness::world::Tenant;
use serde_json::{Value, json};
use shared::domain::{Timestamp, UserId};

use super::{id, list, make, make_all, name, names, owner};
use crate::palm::rewrite;

/// Puts a user's sessions where a test wants them.
pub(super) async fn seen(tenant: &Tenant, user: &Value, at_ms: i64) {
    let change = move |user: &mut shared::domain::User| {
        user.sessions.count = 1;
        user.sessions.last_at = Some(Timestamp::from_unix_millis(at_ms));
    };
    rewrite(tenant, id(user), change).await;
}

/// The order of users without a session: the latest second first, and within it the greatest id.
pub(super) fn by_creation(users: &[Value]) -> Vec<String> {
    let key = |user: &Value| (UserId::parse_uuid(id(user)).unwrap(), name(user).to_owned());
    let sorted: BTreeMap<_, _> = users.iter().map(key).collect();
    sorted.into_values().rev().collect()
}

#[tokio::test]
async fn the_latest_session_stands_first_then_the_latest_user() {
    let (tenant, owner) = owner().await;
    let mut users = make_all(&owner, (0..12).map(|n| json!({"vendor_data": n.to_string()}))).await;
    let with_session: Vec<_> = users.drain(..4).collect();
    for (user, at) in
        with_session.iter().zip([1_700_000_000_000, 1_900_000_000_000, 5_000, 1_700_000_000_001])
    {
        seen(&tenant, user, at).await;
    }
    let mut expected: Vec<String> = ["1", "3", "0", "2"].map(str::to_owned).to_vec();
    expected.extend(by_creation(&users));
    let page = list(&owner, "").await;
    assert_eq!(names(&page), expected);
    assert_eq!(
        (&page["count"], &page["next"], &page["previous"]),
        (&json!(12), &Value::Null, &Value::Null)
    );
    seen(&tenant, &with_session[3], 2_000_000_000_000).await;
    assert_eq!(names(&list(&owner, "").await)[..2], ["3", "1"]);
}

#[tokio::test]
async fn all_statuses_stand_in_one_order() {
    let (tenant, owner) = owner().await;
    let statuses = ["ACTIVE", "FLAGGED", "BLOCKED"];
    let mut users = vec![];
    for n in 0..9_usize {
        let user = json!({"vendor_data": n.to_string(), "status": statuses[n % 3]});
        users.push(make(&owner, user).await);
    }
    for (n, user) in users.iter().enumerate() {
        let at = 1_700_000_000_000 + i64::try_from(n).unwrap();
        seen(&tenant, user, at).await;
    }
    let page = list(&owner, "").await;
    assert_eq!(names(&page), ["8", "7", "6", "5", "4", "3", "2", "1", "0"]);
    for (place, status) in statuses.into_iter().enumerate() {
        let expected: Vec<_> = [6, 3, 0].map(|n| (n + place).to_string()).to_vec();
        assert_eq!(names(&list(&owner, &format!("status={status}")).await), expected);
    }
}
