//! Many at one `vendor_data`.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{delete, get, id, list, make, names, owner, patch, path};

fn taken() -> Value {
    json!({"vendor_data": ["A user with this vendor_data already exists."]})
}

#[tokio::test]
async fn of_32_creates_at_once_exactly_one_wins() {
    let (tenant, owner) = owner().await;
    for round in 0..3 {
        let vendor_data = format!("round {round}");
        let create = |n: usize| {
            let body = json!({"vendor_data": vendor_data, "display_name": format!("Runner {n}")});
            owner.post("/v3/users/create/").json(body).send()
        };
        let answers = join_all((0..32).map(create)).await;
        let (won, lost): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|answer| answer.status == 201);
        assert_eq!(won.len(), 1);
        for answer in lost {
            super::refused("lost", &answer, 400, taken());
        }
        let winner = won[0].json();
        assert_eq!(get(&owner, &vendor_data).await.json(), winner);
        assert_eq!(tenant.events(id(&winner)).await.len(), 1);
    }
    assert_eq!(names(&list(&owner, "").await).len(), 3);
    assert_eq!(list(&owner, "search=runner").await["count"], 3);
}

#[tokio::test]
async fn creates_and_deletes_of_one_name_leave_one_owner_or_none() {
    let (tenant, owner) = owner().await;
    let creator = async |n: usize| {
        let mut made = vec![];
        for round in 0..12 {
            let body =
                json!({"vendor_data": "contested", "display_name": format!("Runner {n} {round}")});
            let answer = owner.post("/v3/users/create/").json(body).send().await;
            match answer.status {
                201 => made.push(id(&answer.json()).to_owned()),
                503 => assert_eq!(answer.header("retry-after"), Some("1"), "{answer}"),
                _ => super::refused("create", &answer, 400, taken()),
            }
        }
        made
    };
    let deleter = async {
        let mut deleted = 0;
        for _ in 0..40 {
            let answer = delete(&owner, json!({"vendor_data_list": ["contested"]})).await;
            let n = answer.expect(200).json()["deleted"].as_u64().unwrap();
            assert!(n <= 1, "{n} had one name");
            deleted += n;
        }
        deleted
    };
    let (made, gone) = tokio::join!(join_all((0..8).map(creator)), deleter);
    let made: Vec<_> = made.into_iter().flatten().collect();
    let living = list(&owner, "").await;
    let living = living["results"].as_array().unwrap();
    assert_eq!(u64::try_from(made.len()).unwrap(), gone + u64::try_from(living.len()).unwrap());
    assert!(living.len() <= 1 && !made.is_empty(), "{living:?}");
    let read = get(&owner, "contested").await;
    let claims: Vec<_> =
        tenant.items().await.into_iter().filter(|item| item["sk"] == "X").collect();
    assert_eq!(claims.len(), living.len());
    match living.first() {
        Some(user) => assert_eq!(id(&read.expect(200).json()), id(user)),
        None => assert_eq!(read.status, 404),
    }
}

#[tokio::test]
async fn changes_at_once_are_all_made_and_each_has_its_event() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, json!({"vendor_data": "a"})).await;
    let change = async |n: usize| {
        if n.is_multiple_of(2) {
            return patch(&owner, "a", json!({"metadata": {"n": n}})).await;
        }
        let status = ["FLAGGED", "BLOCKED"][(n / 2) % 2];
        owner.patch(&path("a", "update-status/")).json(json!({"status": status})).send().await
    };
    let answers = join_all((0..12).map(change)).await;
    for answer in &answers {
        assert!(matches!(answer.status, 200 | 503), "{answer}");
    }
    let events = tenant.events(id(&user)).await;
    let versions: Vec<_> = events.iter().map(|event| event["version"].as_u64().unwrap()).collect();
    let mut sorted = versions.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=u64::try_from(events.len()).unwrap()).collect::<Vec<_>>());
    assert_eq!(tenant.user_item(id(&user)).await["version"], events.len());
}
