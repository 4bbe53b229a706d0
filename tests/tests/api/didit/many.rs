//! Many users.

use serde_json::{Value, json};

use super::{
    delete, id, link, list, make_all, names,
    order::by_creation,
    owner,
    pages::{all, backwards, forwards},
};

fn bodies(n: usize) -> impl Iterator<Item = Value> {
    (0..n).map(|n| json!({"vendor_data": format!("u{n:03}")}))
}

#[tokio::test]
async fn a_count_is_exact_to_a_hundred_and_a_page_has_at_most_200() {
    let (tenant, owner) = owner().await;
    let mut users = make_all(&owner, bodies(99)).await;
    for total in [99, 100, 101] {
        for query in [
            "limit=1",
            "status=ACTIVE",
            "search=u",
            "created_after=2020-01-01",
            "last_activity_after=2020-01-01",
            "offset=90",
        ] {
            assert_eq!(list(&owner, query).await["count"], total.min(100), "{query} of {total}");
        }
        users.push(super::make(&owner, json!({"vendor_data": format!("umore{total}")})).await);
    }
    users.extend(make_all(&owner, (0..348).map(|n| json!({"vendor_data": format!("v{n}")}))).await);
    assert_eq!(users.len(), 450);
    let expected = by_creation(&users);
    let pages = forwards(&owner, "limit=1000").await;
    assert_eq!(pages.iter().map(|page| names(page).len()).collect::<Vec<_>>(), [200, 200, 50]);
    assert_eq!(all(&pages), expected);
    assert_eq!(all(&backwards(&owner, pages[2].clone()).await), expected);
    assert!(link(tenant.world, &pages[0], "next").unwrap().contains("limit=200&"));
    let page = list(&owner, "limit=10&offset=445").await;
    assert_eq!((names(&page).len(), &page["next"]), (5, &Value::Null));

    let deleted = delete(&owner, json!({"delete_all": true})).await;
    assert_eq!(deleted.expect(200).json(), json!({"deleted": 450}));
    let empty = json!({"count": 0, "next": null, "previous": null, "results": []});
    for query in ["", "offset=5", "search=u", "status=ACTIVE", "created_after=2020-01-01"] {
        assert_eq!(list(&owner, query).await, empty, "{query}");
    }
    let again = delete(&owner, json!({"delete_all": true})).await;
    assert_eq!(again.expect(200).json(), json!({"deleted": 0}));
}

#[tokio::test]
async fn three_hundred_users_are_deleted_in_one_call() {
    let (_tenant, owner) = owner().await;
    let users = make_all(&owner, bodies(310)).await;
    let listed: Vec<_> = users.iter().take(300).map(super::name).collect();
    let twice = [listed.clone(), listed].concat();
    let deleted = delete(&owner, json!({"vendor_data_list": twice})).await;
    assert_eq!(deleted.expect(200).json(), json!({"deleted": 300}));
    let rest = list(&owner, "").await;
    assert_eq!(names(&rest), by_creation(&users[300..]));
    let ids: Vec<_> = users.iter().map(id).collect();
    let deleted = delete(&owner, json!({"didit_internal_id_list": ids})).await;
    assert_eq!(deleted.expect(200).json(), json!({"deleted": 10}));
}
