//! Going through a list page by page.

use harness::{client::Client, world::World};
use serde_json::{Value, json};

use super::{link, list, make_all, names, order::by_creation, owner, refused};

/// Every page from the first to the last, along `next`.
pub(super) async fn forwards(client: &Client, query: &str) -> Vec<Value> {
    let mut pages = vec![list(client, query).await];
    while let Some(next) = link(World::shared(), pages.last().unwrap(), "next") {
        let page = client.get(next).send().await.expect(200).json();
        pages.push(page);
        assert!(pages.len() < 200, "{query} has no end");
    }
    pages
}

/// Every page from `last` to the first, along `previous`.
pub(super) async fn backwards(client: &Client, last: Value) -> Vec<Value> {
    let mut pages = vec![last];
    while let Some(previous) = link(World::shared(), pages.last().unwrap(), "previous") {
        let page = client.get(previous).send().await.expect(200).json();
        pages.push(page);
        assert!(pages.len() < 200, "there is no beginning");
    }
    pages.reverse();
    pages
}

/// All rows of `pages`, in order.
pub(super) fn all(pages: &[Value]) -> Vec<&str> {
    pages.iter().flat_map(names).collect()
}

#[tokio::test]
async fn following_the_links_shows_everybody_once_there_and_back() {
    let (_tenant, owner) = owner().await;
    let users = make_all(&owner, (0..23).map(|n| json!({"vendor_data": format!("u{n}")}))).await;
    let expected = by_creation(&users);
    for limit in [1, 2, 5, 22, 23, 24] {
        let pages = forwards(&owner, &format!("limit={limit}")).await;
        assert_eq!(all(&pages), expected, "by {limit}");
        assert_eq!(pages.len(), 23_usize.div_ceil(limit), "no empty page by {limit}");
        assert!(pages.iter().all(|page| page["count"] == 23), "by {limit}");
        let back = backwards(&owner, pages.last().unwrap().clone()).await;
        assert_eq!(all(&back), expected, "back by {limit}");
        assert_eq!(back.len(), pages.len(), "back by {limit}");
        assert_eq!(back[0]["previous"], Value::Null);
    }
}

#[tokio::test]
async fn going_back_and_forth_shows_the_same_pages() {
    let (_tenant, owner) = owner().await;
    make_all(&owner, (0..7).map(|n| json!({"vendor_data": n.to_string()}))).await;
    let first = list(&owner, "limit=3").await;
    let follow = async |page: &Value, which| {
        let to = link(World::shared(), page, which).unwrap().to_owned();
        owner.get(&to).send().await.expect(200).json()
    };
    let second = follow(&first, "next").await;
    let third = follow(&second, "next").await;
    let second_again = follow(&third, "previous").await;
    assert_eq!(second_again["results"], second["results"]);
    let first_again = follow(&second_again, "previous").await;
    assert_eq!(first_again["results"], first["results"]);
    assert_eq!(first_again["previous"], Value::Null);
    assert_eq!(follow(&first_again, "next").await["results"], second["results"]);
    assert_eq!(follow(&second_again, "next").await["results"], third["results"]);
}

#[tokio::test]
async fn an_offset_skips_and_numbers_that_are_none_stand_for_the_default() {
    let (_tenant, owner) = owner().await;
    let users = make_all(&owner, (0..60).map(|n| json!({"vendor_data": n.to_string()}))).await;
    let expected = by_creation(&users);
    let cases = [
        ("limit=10&offset=0", 0..10),
        ("limit=10&offset=55", 55..60),
        ("limit=10&offset=59", 59..60),
        ("limit=10&offset=60", 60..60),
        ("limit=10&offset=1000000", 60..60),
        ("offset=18446744073709551615", 60..60),
        ("", 0..50),
        ("limit=", 0..50),
        ("limit=x&offset=y", 0..50),
        ("limit=0", 0..50),
        ("limit=-1&offset=-5", 0..50),
        ("limit=1.5", 0..50),
        ("limit=99999999999999999999999", 0..50),
        ("limit=1000", 0..60),
        ("page_size=7", 0..7),
        ("page_size=x", 0..50),
        ("limit=3&page_size=7", 0..3),
        ("limit=x&page_size=7", 0..7),
        ("limit=3&limit=9", 0..3),
        ("unknown=1&ordering=-created_at&limit=2", 0..2),
    ];
    for (query, range) in cases {
        let page = list(&owner, query).await;
        assert_eq!(names(&page), expected[range.clone()], "{query}");
        assert_eq!(page["next"].is_null(), range.end == 60, "{query}");
        assert_eq!(page["count"], 60, "{query}");
    }
    let page = list(&owner, "limit=10&offset=25").await;
    let back = backwards(&owner, page).await;
    assert_eq!(all(&back), expected[..35]);
    assert_eq!(list(&owner, "limit=10").await["previous"], Value::Null);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_query_only() {
    let (_tenant, owner) = owner().await;
    let (_other_tenant, other) = super::owner().await;
    for client in [&owner, &other] {
        make_all(client, (0..5).map(|n| json!({"vendor_data": n.to_string()}))).await;
    }
    let page = list(&owner, "limit=2").await;
    let next = link(World::shared(), &page, "next").unwrap();
    let message = json!({"cursor": ["is not a cursor of this very query"]});
    refused("another tenant", &other.get(next).send().await, 400, message.clone());
    let cursor = next.split("cursor=").nth(1).unwrap();
    for query in [
        format!("status=ACTIVE&cursor={cursor}"),
        format!("search=a&cursor={cursor}"),
        format!("created_after=2020-01-01&cursor={cursor}"),
        format!("cursor={cursor}x"),
        format!("cursor={}", &cursor[..cursor.len() - 2]),
        "cursor=x".to_owned(),
        "cursor=%00".to_owned(),
    ] {
        let answer = owner.get(&format!("/v3/users/?{query}")).send().await;
        refused(&query, &answer, 400, message.clone());
    }
    for query in [format!("cursor={cursor}"), format!("limit=3&offset=1&cursor={cursor}")] {
        let rest = list(&owner, &query).await;
        assert_eq!(names(&rest).len(), 3, "{query}");
    }
    assert_eq!(names(&list(&owner, "cursor=").await).len(), 5);
}
