//! `POST /v1/user/search`: who is found.

use std::collections::BTreeMap;

use harness::{
    client::Client,
    world::{Tenant, World},
};
use serde_json::{Value, json};
use shared::auth::Role;

use super::{id, invalid, make};

/// The names of those found, in alphabetical order.
async fn found(
    client: &Client,
    query: Value,
    names: &BTreeMap<String, &'static str>,
) -> Vec<&'static str> {
    let mut query = query;
    query["limit"] = json!(100);
    let answer = client.post("/v1/user/search").json(query.clone()).send().await;
    assert_eq!(answer.status, 200, "{query}: {answer}");
    let list = answer.json();
    assert_eq!(list["object"], "list", "{query}");
    assert_eq!((&list["has_more"], &list["next_cursor"]), (&json!(false), &Value::Null), "{query}");
    let mut found: Vec<_> =
        list["data"].as_array().unwrap().iter().map(|user| names[id(user)]).collect();
    found.sort_unstable();
    found
}

/// Makes the people of a test; what they are called here is no part of them.
async fn people(
    tenant: &Tenant,
    people: &[(&'static str, Value)],
) -> BTreeMap<String, &'static str> {
    let mut names = BTreeMap::new();
    for (name, body) in people {
        let user = make(&tenant.owner, body.clone()).await;
        names.insert(id(&user).to_owned(), *name);
    }
    names
}

#[tokio::test]
async fn people_are_found_by_name_contact_and_ssn_and_all_must_fit() {
    let tenant = World::shared().tenant().await;
    let person = |name: &str, email: &str, phone: &str, ssn: &str| json!({"display_name": name, "vault": {"identity.email": email, "identity.phone_number": phone, "identity.ssn": ssn}});
    let names = people(
        &tenant,
        &[
            (
                "jose",
                person(
                    "José María Muñoz-García",
                    "jose@example.com",
                    "+14155552671",
                    "222-23-3333",
                ),
            ),
            ("joseph", person("Joseph Brun", "JOSE@example.com", "+442079460958", "222-23-3334")),
            (
                "strasse",
                person("Frau Straße", "strasse@example.com", "+14155552671", "222-23-3335"),
            ),
            ("nobody", json!({})),
            ("first name only", json!({"vault": {"identity.first_name": "Zebulon"}})),
        ],
    )
    .await;
    let all = ["first name only", "jose", "joseph", "nobody", "strasse"];
    let cases: [(Value, &[&str]); 34] = [
        (json!({}), &all),
        (
            json!({"display_name": null, "email": null, "status": null, "cursor": null, "limit": null}),
            &all,
        ),
        (json!({"display_name": "jos"}), &["jose", "joseph"]),
        (json!({"display_name": "J"}), &["jose", "joseph"]),
        (json!({"display_name": "JOSÉ"}), &["jose", "joseph"]),
        (json!({"display_name": "jose\u{301}"}), &["jose", "joseph"]),
        (json!({"display_name": "josep"}), &["joseph"]),
        (json!({"display_name": "joseph"}), &["joseph"]),
        (json!({"display_name": "josephine"}), &[]),
        (json!({"display_name": "munoz"}), &["jose"]),
        (json!({"display_name": "garcia"}), &["jose"]),
        (json!({"display_name": "GARCÍ mar jos"}), &["jose"]),
        (json!({"display_name": "muñoz-garcía, josé"}), &["jose"]),
        (json!({"display_name": "jos garcia brun"}), &[]),
        (json!({"display_name": "ose"}), &[]),
        (json!({"display_name": "STRASSE"}), &["strasse"]),
        (json!({"display_name": "straß"}), &["strasse"]),
        (json!({"display_name": "zebulon"}), &[]),
        (json!({"email": "jose@example.com"}), &["jose", "joseph"]),
        (json!({"email": " Jose@EXAMPLE.com"}), &["jose", "joseph"]),
        (json!({"email": "jos@example.com"}), &[]),
        (json!({"phone": "+1 (415) 555-2671"}), &["jose", "strasse"]),
        (json!({"phone": "+14155552672"}), &[]),
        (json!({"ssn": "222233333"}), &["jose"]),
        (json!({"ssn": "222-23-3334"}), &["joseph"]),
        (json!({"ssn": "222233339"}), &[]),
        (json!({"email": "jose@example.com", "phone": "+14155552671"}), &["jose"]),
        (json!({"email": "jose@example.com", "ssn": "222233335"}), &[]),
        (json!({"email": "jose@example.com", "display_name": "brun"}), &["joseph"]),
        (
            json!({"email": "jose@example.com", "phone": "+14155552671", "ssn": "222233333", "display_name": "mar", "status": "active"}),
            &["jose"],
        ),
        (json!({"display_name": "jos", "status": "suspended"}), &[]),
        (json!({"status": "active"}), &all),
        (json!({"status": "deleted"}), &[]),
        (json!({"external_id": "nobody's"}), &[]),
    ];
    for (query, expected) in cases {
        // By creation the index is read as it is; for any other order all matches are read and sorted.
        for sort in ["created_at", "name"] {
            let mut query = query.clone();
            query["sort"] = json!(sort);
            assert_eq!(found(&tenant.owner, query.clone(), &names).await, expected, "{query}");
        }
    }
}

#[tokio::test]
async fn a_person_is_found_by_what_is_true_of_them_now() {
    let tenant = World::shared().tenant().await;
    let names = people(
        &tenant,
        &[(
            "ann",
            json!({"display_name": "Ann Lee", "vault": {"identity.email": "ann@example.com"}}),
        )],
    )
    .await;
    let to = format!("/v1/user/{}", names.keys().next().unwrap());
    tenant.owner.patch(&to).json(json!({"display_name": "Bea Lee"})).send().await.expect(200);
    let vault = json!({"identity.email": "bea@example.com", "identity.ssn": "222233333"});
    tenant.owner.patch(&format!("{to}/vault")).json(vault).send().await.expect(200);
    let cases: [(Value, &[&str]); 6] = [
        (json!({"display_name": "ann"}), &[]),
        (json!({"display_name": "bea lee"}), &["ann"]),
        (json!({"display_name": "lee"}), &["ann"]),
        (json!({"email": "ann@example.com"}), &[]),
        (json!({"email": "bea@example.com"}), &["ann"]),
        (json!({"ssn": "222233333"}), &["ann"]),
    ];
    for (query, expected) in cases {
        assert_eq!(found(&tenant.owner, query.clone(), &names).await, expected, "{query}");
    }
    let erased = json!({"identity.email": null, "identity.ssn": null});
    tenant.owner.patch(&format!("{to}/vault")).json(erased).send().await.expect(200);
    tenant.owner.patch(&to).json(json!({"display_name": null})).send().await.expect(200);
    for query in [
        json!({"email": "bea@example.com"}),
        json!({"ssn": "222233333"}),
        json!({"display_name": "lee"}),
    ] {
        assert_eq!(found(&tenant.owner, query.clone(), &names).await, [""; 0], "{query}");
    }
    let index = ["#F#", "#N#"];
    let left: Vec<_> = tenant
        .items()
        .await
        .into_iter()
        .filter(|item| index.iter().any(|kind| item["pk"].as_str().unwrap().contains(kind)))
        .collect();
    assert!(left.is_empty(), "index entries of nothing: {left:?}");
}

#[tokio::test]
async fn what_is_found_is_shown_as_a_user_is() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({"display_name": "A", "metadata": {"a": 1}, "vault": {"identity.email": "a@example.com"}})).await;
    let list =
        tenant.owner.post("/v1/user/search").json(json!({"email": "a@example.com"})).send().await;
    assert_eq!(
        list.expect(200).json(),
        json!({"object": "list", "has_more": false, "next_cursor": null, "data": [user]})
    );
}

#[tokio::test]
async fn nobody_is_found_by_another_tenant_or_in_the_other_mode() {
    let (tenant, other) = (World::shared().tenant().await, World::shared().tenant().await);
    let live = tenant.live_client(Role::Owner).await;
    let vault = json!({"identity.email": "a@example.com", "identity.phone_number": "+14155552671", "identity.ssn": "222233333"});
    make(&tenant.owner, json!({"display_name": "Ann", "vault": vault})).await;
    for (whose, client) in [("another tenant", &other.owner), ("the other mode", &live)] {
        for query in [
            json!({}),
            json!({"display_name": "ann"}),
            json!({"email": "a@example.com"}),
            json!({"phone": "+14155552671"}),
            json!({"ssn": "222233333"}),
            json!({"sort": "name"}),
        ] {
            assert_eq!(
                found(client, query.clone(), &BTreeMap::new()).await,
                [""; 0],
                "{whose}: {query}"
            );
        }
    }
}

#[tokio::test]
async fn a_query_has_its_limits() {
    let tenant = World::shared().tenant().await;
    let long = |n: usize| Value::from("a".repeat(n));
    let before = tenant.items().await;
    let bad = [
        ("limit", json!([0, -1, 101, 1.5, "10", true, [], {}, 1e300])),
        ("display_name", json!(["", " -.!", "a\0b", "a\nb", long(256), 1, true, [], {}])),
        ("email", json!(["", "a", "a\0@example.com", 1, true, [], {}])),
        ("phone", json!(["", "4155552671", "+1415555\u{0}2671", 1, true, [], {}])),
        ("ssn", json!(["", "22223333", "222-23-333\0", 222_233_333, true, [], {}])),
        ("external_id", json!(["", "a\0", long(513), 1, true, [], {}])),
        ("status", json!(["", "ACTIVE", "flagged", "active\0", 1, true, [], {}])),
        ("sort", json!(["", "NAME", "updated_at", "name\0", 1, true, [], {}])),
        ("order", json!(["", "DESC", "up", "asc\0", 1, true, [], {}])),
        (
            "cursor",
            json!([
                "",
                "crs_",
                "crs_7g8h9i0j1k2l3m4n",
                "x",
                "crs_a\0",
                long(5_000),
                1,
                true,
                [],
                {}
            ]),
        ),
        ("ein", json!(["1", null])),
    ];
    for (member, values) in bad {
        for value in values.as_array().unwrap() {
            let answer =
                tenant.owner.post("/v1/user/search").json(json!({member: value})).send().await;
            invalid(&format!("{member} = {value}"), &answer, &[&format!("/{member}")]);
        }
    }
    for (member, values) in [
        ("limit", json!([1, 100])),
        ("display_name", json!([long(255), "a"])),
        ("external_id", json!([long(512), "a", "é 🎉"])),
    ] {
        for value in values.as_array().unwrap() {
            let answer =
                tenant.owner.post("/v1/user/search").json(json!({member: value})).send().await;
            assert_eq!(answer.status, 200, "{member} = {value}: {answer}");
        }
    }
    assert_eq!(tenant.items().await, before);
}
