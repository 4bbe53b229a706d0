//! Lists of some of the users.

use harness::client::Client;
use serde_json::{Value, json};

use super::{
    delete, list, make_all, names,
    order::by_creation,
    owner,
    pages::{all, backwards, forwards},
    refused,
};

/// Goes through a filtered list in pages of several sizes, there and back, and by offsets.
pub(super) async fn whole(client: &Client, query: &str, expected: &[String]) {
    for limit in [3, 50] {
        let pages = forwards(client, &format!("{query}&limit={limit}")).await;
        assert_eq!(all(&pages), expected, "{query} by {limit}");
        let back = backwards(client, pages.last().unwrap().clone()).await;
        assert_eq!(all(&back), expected, "{query} back by {limit}");
        let few = expected.len().div_ceil(limit).max(1);
        assert_eq!((pages.len(), back.len()), (few, few), "{query} has an empty page by {limit}");
        for page in pages.iter().chain(&back) {
            assert_eq!(page["count"], expected.len().min(100), "{query} by {limit}");
        }
    }
    for offset in [1, expected.len(), expected.len() + 5] {
        let page = list(client, &format!("{query}&limit=2&offset={offset}")).await;
        let rest = expected.get(offset..).unwrap_or_default();
        assert_eq!(names(&page), rest[..rest.len().min(2)], "{query} from {offset}");
        assert_eq!(page["next"].is_null(), rest.len() <= 2, "{query} from {offset}");
    }
}

#[tokio::test]
async fn each_filter_and_several_together_show_who_matches_and_nobody_else() {
    let (_tenant, owner) = owner().await;
    let body = |n: usize| {
        let states = [["USA", "GBR"][(n / 3) % 2], "DEU"];
        let standing = ["ACTIVE", "FLAGGED", "BLOCKED"][(n / 2) % 3];
        json!({
            "vendor_data": format!("{}-{n}", if n.is_multiple_of(2) { "even" } else { "odd" }),
            "display_name": format!("{} number{n}", ["Ann", "Bob", "Cleo"][n % 3]),
            "status": standing,
            "issuing_states": states[..=(n % 2)],
        })
    };
    let users = make_all(&owner, (0..18).map(body)).await;
    let matching = |keep: &dyn Fn(&Value) -> bool| {
        let kept: Vec<_> = users.iter().filter(|user| keep(user)).cloned().collect();
        by_creation(&kept)
    };
    let has = |user: &Value, state: &str| {
        user["issuing_states"].as_array().unwrap().contains(&json!(state))
    };
    let named = |user: &Value, name: &str| user["display_name"].as_str().unwrap().starts_with(name);
    let is = |user: &Value, status: &str| user["status"] == status;
    whole(&owner, "status=FLAGGED", &matching(&|user| is(user, "FLAGGED"))).await;
    whole(&owner, "country_code=USA", &matching(&|user| has(user, "USA"))).await;
    whole(&owner, "country_code=US", &matching(&|user| has(user, "USA"))).await;
    whole(
        &owner,
        "country_code=DE&status=BLOCKED",
        &matching(&|user| has(user, "DEU") && is(user, "BLOCKED")),
    )
    .await;
    whole(&owner, "search=ann", &matching(&|user| named(user, "Ann"))).await;
    whole(
        &owner,
        "search=bob&status=ACTIVE",
        &matching(&|user| named(user, "Bob") && is(user, "ACTIVE")),
    )
    .await;
    whole(
        &owner,
        "search=cleo&country_code=GBR",
        &matching(&|user| named(user, "Cleo") && has(user, "GBR")),
    )
    .await;
    let dates = "created_after=2020-01-01&created_before=2100-01-01";
    whole(&owner, dates, &matching(&|_| true)).await;
    whole(&owner, "created_after=2100-01-01", &[]).await;
    whole(&owner, "last_activity_after=2020-01-01", &matching(&|_| true)).await;
    whole(
        &owner,
        &format!("{dates}&status=FLAGGED&country_code=GB&search=ann"),
        &matching(&|user| is(user, "FLAGGED") && has(user, "GBR") && named(user, "Ann")),
    )
    .await;
    whole(&owner, "country_code=FRA", &[]).await;
    let gone: Vec<_> =
        users.iter().filter(|user| is(user, "FLAGGED")).map(|user| &user["vendor_data"]).collect();
    delete(&owner, json!({"vendor_data_list": gone})).await.expect(200);
    for (query, kept) in [
        ("", matching(&|user| !is(user, "FLAGGED"))),
        ("status=FLAGGED", vec![]),
        ("country_code=USA", matching(&|user| !is(user, "FLAGGED") && has(user, "USA"))),
        ("search=ann", matching(&|user| !is(user, "FLAGGED") && named(user, "Ann"))),
        (dates, matching(&|user| !is(user, "FLAGGED"))),
        ("last_activity_before=2100-01-01", matching(&|user| !is(user, "FLAGGED"))),
    ] {
        whole(&owner, query, &kept).await;
    }
}

#[tokio::test]
async fn an_empty_filter_is_none_and_a_wrong_one_is_refused() {
    let (_tenant, owner) = owner().await;
    make_all(&owner, [json!({"vendor_data": "a"})]).await;
    let empty = "status=&search=&country_code=&created_after=&created_before=&last_activity_after=&last_activity_before=";
    assert_eq!(names(&list(&owner, empty).await), ["a"]);
    let status = "Invalid status. Valid options are: ACTIVE, FLAGGED, BLOCKED";
    let country = "Enter a valid ISO 3166-1 alpha-3 country code.";
    let date = "Enter a valid date or date/time.";
    let cases = [
        ("status=active", "status", status),
        ("status=DELETED", "status", status),
        ("status=ACTIVE,BLOCKED", "status", status),
        ("country_code=XX", "country_code", country),
        ("country_code=XXX", "country_code", country),
        ("country_code=usa", "country_code", country),
        ("country_code=U", "country_code", country),
        ("country_code=%C3%A4", "country_code", country),
        ("created_after=yesterday", "created_after", date),
        ("created_before=2026-02-30", "created_before", date),
        ("last_activity_after=1700000000", "last_activity_after", date),
        ("last_activity_before=2026-01-01T00:00:00", "last_activity_before", date),
        ("created_after=2026-01-01T00:00:00+01:00", "created_after", date),
    ];
    for (query, name, message) in cases {
        let answer = owner.get(&format!("/v3/users/?{query}")).send().await;
        refused(query, &answer, 400, json!({name: [message]}));
    }
}
