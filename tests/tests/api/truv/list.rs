//! Lists: pages, links and filters.

use harness::{client::Client, world::Tenant};
use serde_json::{Value, json};
use shared::domain::Timestamp;

use super::{get, incorrect, john, keys, list, make, names, owner, refused, somebody, uuid};
use crate::palm::rewrite;

/// Users `0` to `count - 1`, each made in a millisecond of its own.
async fn people(tenant: &Tenant, owner: &Client, count: usize) -> Vec<Value> {
    let mut users = vec![];
    for number in 0..count {
        let user = make(owner, somebody(&number.to_string())).await;
        let millis = i64::try_from(number).unwrap() * 10;
        rewrite(tenant, &uuid(&user), move |user| {
            let second = user.created_at.unix_seconds() * 1000;
            user.created_at = Timestamp::from_unix_millis(second + millis);
        })
        .await;
        users.push(get(owner, &user).await.expect(200).json());
    }
    users
}

/// A link of a page, as a path with its query.
fn link<'a>(page: &'a Value, which: &str) -> Option<&'a str> {
    page[which].as_str().map(|url| &url[url.find("/v1/").unwrap()..])
}

/// Everybody on all pages behind `path`, page by page.
async fn walk(owner: &Client, path: &str, which: &str) -> Vec<Vec<String>> {
    let mut pages = vec![];
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = owner.get(&path).send().await.expect(200).json();
        pages.push(names(&page).into_iter().map(str::to_owned).collect());
        next = link(&page, which).map(str::to_owned);
        assert!(pages.len() < 50);
    }
    pages
}

#[tokio::test]
async fn a_page_has_four_members_and_rows_of_ten() {
    let (_tenant, owner) = owner().await;
    assert_eq!(
        list(&owner, "").await,
        json!({"count": 0, "next": null, "previous": null, "results": []})
    );
    let user = make(&owner, john()).await;
    let page =
        list(&owner, "product_type=income&list_links=false&unknown=1&page=&page_size=").await;
    assert_eq!(keys(&page), ["count", "next", "previous", "results"]);
    let mut row = user.clone();
    row["links"] = json!([]);
    assert_eq!(page, json!({"count": 1, "next": null, "previous": null, "results": [row]}));
}

#[tokio::test]
async fn pages_follow_one_another_in_both_directions() {
    let (tenant, owner) = owner().await;
    people(&tenant, &owner, 11).await;
    let pages = walk(&owner, "/v1/users/?page_size=4", "next").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 3]);
    let mut all: Vec<_> = pages.concat();
    assert_eq!(all.len(), 11);
    for (number, expected) in pages.iter().enumerate() {
        let page = list(&owner, &format!("page={}&page_size=4", number + 1)).await;
        assert_eq!(names(&page), *expected, "page {number} by its number");
        assert_eq!(page["count"], 11);
        let numbered = |which: &str, number: usize| {
            let link = link(&page, which).unwrap_or_else(|| panic!("no {which} in {page}"));
            assert!(link.contains(&format!("page={number}&page_size=4&cursor=")), "{link}");
            assert!(page[which].as_str().unwrap().starts_with(tenant.world.base_url()));
        };
        match number {
            0 => assert_eq!(page["previous"], Value::Null),
            other => numbered("previous", other),
        }
        match number {
            2 => assert_eq!(page["next"], Value::Null),
            other => numbered("next", other + 2),
        }
    }
    let mut back = walk(&owner, "/v1/users/?page=3&page_size=4", "previous").await;
    back.reverse();
    assert_eq!(back, pages);
    let past = list(&owner, "page=9&page_size=4").await;
    assert_eq!((&past["results"], &past["next"]), (&json!([]), &Value::Null));
    all.sort();
    let mut expected: Vec<_> = (0..11).map(|number| number.to_string()).collect();
    expected.sort();
    assert_eq!(all, expected);
}

#[tokio::test]
async fn a_page_has_25_rows_and_at_most_a_hundred() {
    let (_tenant, owner) = owner().await;
    for number in 0..104 {
        make(&owner, somebody(&number.to_string())).await;
    }
    for (query, rows) in
        [("", 25), ("page_size=100", 100), ("page_size=5000", 100), ("page_size=1", 1)]
    {
        let page = list(&owner, query).await;
        assert_eq!(names(&page).len(), rows, "{query}");
        assert_eq!(page["count"], 104, "{query}");
    }
    let next = list(&owner, "page_size=5000").await;
    assert!(link(&next, "next").unwrap().contains("page=2&page_size=100&"));
    let since = list(&owner, "created_at__gte=2020-01-01&page_size=1").await;
    assert_eq!(since["count"], 104, "counted with a look at each, and beyond a hundred without");
}

#[tokio::test]
async fn a_period_is_inclusive_and_exact_to_the_millisecond() {
    let (tenant, owner) = owner().await;
    let users = people(&tenant, &owner, 5).await;
    let at = |number: usize| users[number]["created_at"].as_str().unwrap();
    let cases = [
        (format!("created_at__gte={}", at(0)), 0..5),
        (format!("created_at__gte={}", at(3)), 3..5),
        (format!("created_at__lte={}", at(3)), 0..4),
        (format!("created_at__gte={}&created_at__lte={}", at(1), at(3)), 1..4),
        (format!("created_at__gte={}&created_at__lte={}", at(3), at(1)), 0..0),
        ("created_at__gte=2020-01-01".to_owned(), 0..5),
        ("created_at__lte=2020-01-01T00:00:00Z".to_owned(), 0..0),
    ];
    for (query, range) in cases {
        let page = list(&owner, &query).await;
        let mut found = names(&page);
        found.sort_unstable();
        let expected: Vec<_> = range.map(|number| number.to_string()).collect();
        assert_eq!(found, expected, "{query}");
        assert_eq!(page["count"], expected.len(), "{query}");
        let mut paged =
            walk(&owner, &format!("/v1/users/?page_size=1&{query}"), "next").await.concat();
        paged.sort();
        assert_eq!(paged, expected, "{query}, one by one");
    }
}

#[tokio::test]
async fn an_external_user_id_finds_the_one_user() {
    let (tenant, owner) = owner().await;
    let users = people(&tenant, &owner, 3).await;
    make(&owner, somebody("a b&c=ä")).await;
    let found = list(&owner, "external_user_id=1").await;
    assert_eq!((names(&found), &found["count"]), (vec!["1"], &json!(1)));
    let encoded = list(&owner, "external_user_id=a%20b%26c%3D%C3%A4").await;
    assert_eq!(names(&encoded), ["a b&c=ä"]);
    let at = users[1]["created_at"].as_str().unwrap();
    for (query, rows, count) in [
        (format!("external_user_id=1&created_at__gte={at}"), 1, 1),
        ("external_user_id=1&created_at__lte=2020-01-01".to_owned(), 0, 0),
        ("external_user_id=1&page=2".to_owned(), 0, 1),
        ("external_user_id=nobody".to_owned(), 0, 0),
        ("external_user_id=%00".to_owned(), 0, 0),
    ] {
        let page = list(&owner, &query).await;
        assert_eq!((names(&page).len(), &page["count"]), (rows, &json!(count)), "{query}");
    }
}

#[tokio::test]
async fn a_parameter_that_cannot_be_read_is_named() {
    let (_tenant, owner) = owner().await;
    let number = "Must be a whole number from 1 on";
    let date = "Must be a date or a date and time, such as 2022-05-04T11:30:00.000Z";
    for (name, value, message) in [
        ("page", "0", number),
        ("page", "x", number),
        ("page", "-1", number),
        ("page_size", "0", number),
        ("page_size", "1.5", number),
        ("created_at__gte", "yesterday", date),
        ("created_at__lte", "2022-13-01", date),
        ("cursor", "x", "is not a cursor of this very query"),
    ] {
        let answer = owner.get(&format!("/v1/users/?{name}={value}")).send().await;
        refused(value, &answer, 400, incorrect(&[(name, message)]));
    }
}
