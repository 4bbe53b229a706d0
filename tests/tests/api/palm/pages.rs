//! `POST /v1/user/search`: in which order, and page by page.

use harness::{
    client::Client,
    world::{Tenant, World},
};
use serde_json::{Value, json};
use shared::{
    auth::Role,
    domain::{Outcome, RiskLevel, Timestamp, Verification, Workflow},
};

use super::{id, invalid, make, rewrite};

/// In the order of their names; nameless ones come last.
const NAMES: [Option<&str>; 12] = [
    Some("🎉"),
    Some("Ann"),
    Some("ann"),
    Some("Ann 2"),
    Some("Ann Lee"),
    Some("Anna"),
    Some("Änne"),
    Some("Bo-Bo"),
    Some("Zoé"),
    Some("Ωmega"),
    Some("王"),
    None,
];

/// What decides where somebody stands.
#[derive(Debug, Clone)]
struct Person {
    id: String,
    name: usize,
    risk: usize,
    verified: i64,
}

/// Sixty people. What their order goes by is spread so that no order is that of any other.
async fn people(tenant: &Tenant) -> Vec<Person> {
    let mut people = vec![];
    for n in 0..60_usize {
        let name = n * 7 % NAMES.len();
        let vault = json!({"identity.email": "same@example.com"});
        let user = make(&tenant.owner, json!({"display_name": NAMES[name], "vault": vault})).await;
        let (risk, verified) = (n * 5 % 4, i64::try_from(n * 11 % 17).unwrap());
        let verified = if risk == 0 { 0 } else { 1_700_000_000_000 + verified };
        let person = Person { id: id(&user).to_owned(), name, risk, verified };
        verify(tenant, &person).await;
        people.push(person);
    }
    people
}

/// Records a verification, as the endpoint for it will.
async fn verify(tenant: &Tenant, person: &Person) {
    let Some(level) = person.risk.checked_sub(1) else { return };
    let verification = Verification {
        id: "run".to_owned(),
        outcome: Outcome::Approved,
        risk_level: RiskLevel::ALL[level],
        workflow: Workflow { name: "KYC".to_owned(), version: 1 },
        executed_at: Timestamp::from_unix_millis(person.verified),
    };
    rewrite(tenant, &person.id, |user| user.verification = Some(verification)).await;
}

fn sorted(people: &[Person], sort: &str, order: &str) -> Vec<String> {
    let mut people = people.to_vec();
    // "Ann" and "ann" are one name.
    let name = |person: &Person| if person.name == 2 { 1 } else { person.name };
    people.sort_by_key(|person| {
        let place = match sort {
            "created_at" => 0,
            "name" => i64::try_from(name(person)).unwrap(),
            "risk_level" => i64::try_from(person.risk).unwrap(),
            "last_verified" => person.verified,
            other => panic!("{other} is no order"),
        };
        (place, person.id.clone())
    });
    let ids = people.into_iter().map(|person| person.id);
    if order == "asc" { ids.collect() } else { ids.rev().collect() }
}

/// All pages, one after the other.
async fn walk(client: &Client, query: &Value) -> Vec<String> {
    let (mut ids, mut query) = (vec![], query.clone());
    for page in 0..30 {
        let answer = client.post("/v1/user/search").json(query.clone()).send().await;
        assert_eq!(answer.status, 200, "page {page} of {query}: {answer}");
        let list = answer.json();
        let users = list["data"].as_array().unwrap();
        assert!(users.len() <= 7, "page {page} of {query}");
        ids.extend(users.iter().map(|user| id(user).to_owned()));
        if list["has_more"] == false {
            assert_eq!(list["next_cursor"], Value::Null, "page {page} of {query}");
            return ids;
        }
        let cursor = list["next_cursor"].as_str().unwrap_or_else(|| panic!("no cursor in {list}"));
        assert!(cursor.starts_with("crs_"), "{cursor}");
        query["cursor"] = json!(cursor);
    }
    panic!("{query} has no end");
}

#[tokio::test]
async fn every_order_shows_everybody_once_and_in_order() {
    let tenant = World::shared().tenant().await;
    let people = people(&tenant).await;
    for sort in ["created_at", "name", "risk_level", "last_verified"] {
        for order in ["asc", "desc"] {
            let expected = sorted(&people, sort, order);
            for narrowed in [json!({}), json!({"email": "same@example.com"})] {
                let mut query = narrowed.clone();
                query["sort"] = json!(sort);
                query["order"] = json!(order);
                query["limit"] = json!(7);
                assert!(walk(&tenant.owner, &query).await == expected, "{query}");
            }
        }
    }
    // Without words for it: the newest first, twenty-five of them.
    let list = tenant.owner.post("/v1/user/search").json(json!({})).send().await.json();
    let ids: Vec<_> = list["data"].as_array().unwrap().iter().map(id).collect();
    assert_eq!(ids, sorted(&people, "created_at", "desc")[..25]);
}

#[tokio::test]
async fn a_full_last_page_is_the_last_page() {
    let tenant = World::shared().tenant().await;
    for _ in 0..7 {
        make(&tenant.owner, json!({"display_name": "Ann"})).await;
    }
    for sort in ["created_at", "name"] {
        for narrowed in [json!({}), json!({"display_name": "ann"})] {
            let mut query = narrowed.clone();
            query["limit"] = json!(7);
            query["sort"] = json!(sort);
            let list = tenant.owner.post("/v1/user/search").json(query.clone()).send().await.json();
            assert_eq!(list["data"].as_array().unwrap().len(), 7, "{query}");
            assert_eq!(
                (&list["has_more"], &list["next_cursor"]),
                (&json!(false), &Value::Null),
                "{query}"
            );
        }
    }
}

#[tokio::test]
async fn whoever_is_rare_among_many_is_found_in_the_end() {
    let tenant = World::shared().tenant().await;
    let mut rare = vec![];
    for n in 0..40 {
        let word = if n % 13 == 5 { "Rare" } else { "Plain" };
        let user = make(&tenant.owner, json!({"display_name": format!("Annabel {word}")})).await;
        rare.extend((word == "Rare").then(|| id(&user).to_owned()));
    }
    rare.sort();
    // The longest word leads to all forty.
    for (sort, limit) in [("created_at", 7), ("created_at", 2), ("name", 2)] {
        let query =
            json!({"display_name": "annabel rare", "limit": limit, "order": "asc", "sort": sort});
        assert_eq!(walk(&tenant.owner, &query).await, rare, "{query}");
    }
}

#[tokio::test]
async fn a_page_of_large_users_is_one_that_lambda_can_answer() {
    // A world of its own: other tests read the whole table.
    let world = World::start();
    let keys = world.own_tenant().await;
    let owner = world.client(&keys, Role::Owner).await;
    let value = "\u{1}".repeat(512);
    let metadata: serde_json::Map<_, _> = (0..50).map(|n| (format!("{n}"), json!(value))).collect();
    let body = json!({"metadata": metadata, "display_name": "Ann"});
    let mut expected = vec![];
    for _ in 0..42 {
        expected.push(id(&make(&owner, body.clone()).await).to_owned());
    }
    expected.sort();
    let queries =
        [json!({}), json!({"display_name": "ann"}), json!({"display_name": "ann", "sort": "name"})];
    for mut query in queries {
        query["limit"] = json!(100);
        query["order"] = json!("asc");
        let mut ids = vec![];
        loop {
            let answer = owner.post("/v1/user/search").json(query.clone()).send().await;
            assert_eq!(answer.status, 200);
            assert!(answer.body.len() < 6_000_000, "{query}: {} bytes", answer.body.len());
            let list = answer.json();
            ids.extend(list["data"].as_array().unwrap().iter().map(|user| id(user).to_owned()));
            if list["has_more"] == false {
                break;
            }
            query["cursor"] = list["next_cursor"].clone();
        }
        assert!(ids == expected, "{query}: {} of {}", ids.len(), expected.len());
    }
}

async fn next(client: &Client, query: &Value) -> String {
    let answer = client.post("/v1/user/search").json(query.clone()).send().await;
    let list = answer.expect(200).json();
    list["next_cursor"].as_str().unwrap_or_else(|| panic!("no cursor in {list}")).to_owned()
}

#[tokio::test]
async fn a_cursor_goes_with_its_query_its_tenant_and_its_mode_only() {
    let (tenant, other) = (World::shared().tenant().await, World::shared().tenant().await);
    let live = tenant.live_client(Role::Owner).await;
    for client in [&tenant.owner, &other.owner, &live] {
        for _ in 0..3 {
            make(
                client,
                json!({"display_name": "Ann", "vault": {"identity.email": "a@example.com"}}),
            )
            .await;
        }
    }
    let query = json!({"display_name": "ann", "limit": 1});
    let cursor = next(&tenant.owner, &query).await;
    let with = |change: Value| {
        let mut query = query.clone();
        query["cursor"] = json!(cursor);
        query.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        query
    };
    let same = [
        json!({}),
        json!({"limit": 2}),
        json!({"order": "desc"}),
        json!({"sort": "created_at"}),
        json!({"display_name": "ANN"}),
    ];
    for change in same {
        tenant.owner.post("/v1/user/search").json(with(change)).send().await.expect(200);
    }
    let others = [
        json!({"display_name": "an"}),
        json!({"display_name": null}),
        json!({"order": "asc"}),
        json!({"sort": "name"}),
        json!({"status": "active"}),
        json!({"email": "a@example.com"}),
        json!({"external_id": "x"}),
    ];
    for change in others {
        let answer = tenant.owner.post("/v1/user/search").json(with(change.clone())).send().await;
        invalid(&format!("with {change}"), &answer, &["/cursor"]);
    }
    for (whose, client) in [("another tenant", &other.owner), ("the other mode", &live)] {
        let answer = client.post("/v1/user/search").json(with(json!({}))).send().await;
        invalid(whose, &answer, &["/cursor"]);
    }
    for place in (0..cursor.len()).step_by(5) {
        let mut tampered = cursor.clone().into_bytes();
        tampered[place] = if tampered[place] == b'A' { b'B' } else { b'A' };
        let tampered = String::from_utf8(tampered).unwrap();
        let answer = tenant
            .owner
            .post("/v1/user/search")
            .json(with(json!({"cursor": tampered})))
            .send()
            .await;
        invalid(&format!("changed at {place}"), &answer, &["/cursor"]);
    }
    for (case, text) in [
        ("cut off", &cursor[..cursor.len() - 1]),
        ("doubled", &cursor.repeat(2)),
        ("bare", &cursor[4..]),
    ] {
        let answer =
            tenant.owner.post("/v1/user/search").json(with(json!({"cursor": text}))).send().await;
        invalid(case, &answer, &["/cursor"]);
    }
}
