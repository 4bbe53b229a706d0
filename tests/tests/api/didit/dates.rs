//! Lists of the users of a time.

use serde_json::json;
use shared::domain::Timestamp;

use super::{encoded, filters::whole, id, list, make, make_all, names, order::seen, owner};
use crate::palm::rewrite;

const SECOND: i64 = 1_000;
const DAY: i64 = 86_400 * SECOND;

#[tokio::test]
async fn a_user_is_found_by_the_very_second_that_is_shown() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, json!({"vendor_data": "a"})).await;
    let shown = user["created_at"].as_str().unwrap();
    let at = Timestamp::parse(shown).unwrap();
    let second = |seconds: i64| at.plus(time::Duration::seconds(seconds)).to_seconds_string();
    let date = &shown[..10];
    let millis = |text: &str| text.replace('Z', ".001Z");
    for field in ["created", "last_activity"] {
        for (query, found) in [
            (format!("{field}_after={shown}&{field}_before={shown}"), true),
            (format!("{field}_after={date}&{field}_before={date}"), true),
            (format!("{field}_after={}", second(1)), false),
            (format!("{field}_after={}", millis(shown)), false),
            (format!("{field}_before={}", millis(shown)), true),
            (format!("{field}_before={}", second(-1)), false),
            (format!("{field}_before={}", millis(&second(-1))), false),
            (format!("{field}_after={}", millis(&second(-1))), true),
            (format!("{field}_after={}", encoded(&shown.replace('Z', "+00:00"))), true),
            (format!("{field}_after={}", encoded(&second(3_599).replace('Z', "+01:00"))), true),
            (format!("{field}_after=9999-12-31"), false),
            (format!("{field}_before=9999-12-31"), true),
            (format!("{field}_before=0001-01-01"), false),
            (format!("{field}_after=0001-01-01"), true),
        ] {
            let page = list(&owner, &query).await;
            let expected = usize::from(found);
            assert_eq!(
                (names(&page).len(), &page["count"]),
                (expected, &json!(expected)),
                "{query}"
            );
        }
    }
    assert_eq!(tenant.events(id(&user)).await.len(), 1);
}

#[tokio::test]
async fn the_last_session_is_the_last_activity_of_who_had_one() {
    let (tenant, owner) = owner().await;
    let users = make_all(&owner, (0..8).map(|n| json!({"vendor_data": n.to_string()}))).await;
    let start = Timestamp::parse("2030-05-01").unwrap().unix_millis();
    for (n, user) in users.iter().enumerate().take(6) {
        // Within its second, each a bit later than the one before.
        let n = i64::try_from(n).unwrap();
        seen(&tenant, user, start + n * DAY + n * 100).await;
    }
    let expected =
        |days: std::ops::Range<i32>| -> Vec<String> { days.rev().map(|n| n.to_string()).collect() };
    whole(&owner, "last_activity_after=2030-05-02", &expected(1..6)).await;
    whole(
        &owner,
        "last_activity_after=2030-05-02&last_activity_before=2030-05-04",
        &expected(1..4),
    )
    .await;
    let instants =
        "last_activity_after=2030-05-02T00:00:00Z&last_activity_before=2030-05-04T00:00:00Z";
    whole(&owner, instants, &expected(1..4)).await;
    whole(
        &owner,
        "last_activity_after=2030-05-02T00:00:01Z&last_activity_before=2030-05-03T23:59:59Z",
        &expected(2..3),
    )
    .await;
    whole(&owner, "last_activity_after=2030-05-02&status=ACTIVE", &expected(1..6)).await;
    let today = users[7]["created_at"].as_str().unwrap()[..10].to_owned();
    let page = list(&owner, &format!("last_activity_before={today}")).await;
    assert_eq!((names(&page).len(), &page["count"]), (2, &json!(2)));
    let both = format!("created_before={today}&last_activity_after=2030-05-05");
    whole(&owner, &both, &expected(4..6)).await;
}

#[tokio::test]
async fn what_happened_within_one_second_is_counted_as_it_is_listed() {
    let (tenant, owner) = owner().await;
    let users = make_all(&owner, (0..4).map(|n| json!({"vendor_data": n.to_string()}))).await;
    let start = Timestamp::parse("2031-01-01T00:00:00Z").unwrap().unix_millis();
    for (user, at) in users.iter().zip([0, 1, 999, 1_000]) {
        rewrite(&tenant, id(user), move |user| {
            user.sessions.last_at = Some(Timestamp::from_unix_millis(start + at));
        })
        .await;
    }
    let of_second = ["2", "1", "0"].map(str::to_owned);
    let first = "2031-01-01T00:00:00Z";
    whole(&owner, &format!("last_activity_after={first}&last_activity_before={first}"), &of_second)
        .await;
    whole(&owner, "last_activity_after=2031-01-01T00:00:00.500Z", &["3".to_owned()]).await;
}
