//! The social security number: in clear to who may reveal, and then an event says so; masked to everybody else.

use harness::{client::Client, world::Tenant};
use serde_json::{Value, json};
use shared::auth::Role;

use super::{client, get, john, list, make, owner, patch, path, somebody, uuid};

/// How many events say that the user's number was shown.
async fn showings(tenant: &Tenant, user: &Value) -> usize {
    let events = tenant.events(&uuid(user)).await;
    let showing = |event: &&Value| event["kind"] == "user.revealed";
    let showings: Vec<_> = events.iter().filter(showing).collect();
    for event in &showings {
        assert_eq!(event["fields"], json!(["identity.ssn"]), "{event}");
        assert!(event.get("version").is_none() && !event.to_string().contains("222233333"));
    }
    showings.len()
}

/// What a role sees of the number by reading, and by listing.
async fn seen(client: &Client, user: &Value) -> [String; 2] {
    let read = get(client, user).await.expect(200).json()["ssn"].clone();
    let listed = list(client, "").await["results"][0]["ssn"].clone();
    [read, listed].map(|value| value.as_str().unwrap().to_owned())
}

#[tokio::test]
async fn who_may_reveal_sees_it_and_leaves_an_event() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, john()).await;
    assert_eq!(showings(&tenant, &user).await, 0, "who sent it has seen nothing new");
    let mut expected = 0;
    for role in Role::ALL {
        let (client, may) =
            (client(&tenant, role).await, role.allows(shared::auth::Action::Reveal));
        let value = if may { "222233333" } else { "*****3333" };
        assert_eq!(seen(&client, &user).await, [value, value], "{}", role.as_str());
        expected += if may { 2 } else { 0 };
        assert_eq!(showings(&tenant, &user).await, expected, "{}", role.as_str());
    }
    assert_eq!(expected, 6);
    let events = tenant.events(&uuid(&user)).await;
    let operations: Vec<_> = events[1..3].iter().map(|event| event["operation"].clone()).collect();
    assert_eq!(operations, [json!("truv_get_user"), json!("truv_list_users")]);
}

#[tokio::test]
async fn a_developer_is_told_what_they_sent_and_nothing_later() {
    let (tenant, _owner) = owner().await;
    let developer = client(&tenant, Role::Developer).await;
    let user = make(&developer, john()).await;
    assert_eq!(user["ssn"], "222233333");
    assert_eq!(seen(&developer, &user).await, ["*****3333"; 2]);
    assert_eq!(showings(&tenant, &user).await, 0);
}

#[tokio::test]
async fn nothing_is_written_for_who_has_none() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, somebody("a")).await;
    assert_eq!(get(&owner, &user).await.expect(200).json()["ssn"], Value::Null);
    assert_eq!(list(&owner, "").await["results"][0]["ssn"], Value::Null);
    patch(&owner, &user, json!({"first_name": "Grace"})).await.expect(200);
    assert_eq!(showings(&tenant, &user).await, 0);
}

#[tokio::test]
async fn a_change_shows_it_with_an_event_unless_it_sets_it() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, john()).await;
    let steps = [
        (json!({"last_name": "Roe"}), "222233333", 1),
        (json!({}), "222233333", 2),
        (json!({"ssn": "111223333"}), "111223333", 2),
        (json!({"ssn": "222233333", "email": null}), "222233333", 2),
    ];
    for (change, shown, events) in steps {
        let answer = patch(&owner, &user, change.clone()).await.expect(200).json();
        assert_eq!(answer["ssn"], shown, "{change}");
        assert_eq!(showings(&tenant, &user).await, events, "{change}");
    }
}

/// A page of a hundred numbers leaves a hundred events.
#[tokio::test]
async fn a_page_leaves_an_event_for_each_on_it() {
    let (tenant, owner) = owner().await;
    let mut users = vec![];
    for number in 0..120 {
        let mut body = somebody(&format!("customer {number}"));
        body["ssn"] = json!(format!("1112{number:05}"));
        users.push(make(&owner, body).await);
    }
    let page = list(&owner, "page_size=100").await;
    let shown = page["results"].as_array().unwrap();
    assert_eq!(shown.len(), 100);
    for user in &users {
        let on_page = shown.iter().any(|row| row["id"] == user["id"]);
        assert_eq!(showings(&tenant, user).await, usize::from(on_page));
    }
}

#[tokio::test]
async fn where_the_event_cannot_be_written_nothing_is_shown() {
    use harness::{
        recorder::{Fault, FaultKind},
        world::World,
    };
    let world: &World = Box::leak(Box::new(World::start()));
    let tenant = world.tenant().await;
    let owner = client(&tenant, Role::Owner).await;
    let user = make(&owner, john()).await;
    let reader = client(&tenant, Role::Reader).await;
    world.dynamodb.inject(Fault::new(FaultKind::InternalError).on("TransactWriteItems").always());
    for request in [
        owner.get(&path(&user)),
        owner.get("/v1/users/"),
        owner.patch(&path(&user)).json(json!({})),
        owner.patch(&path(&user)).json(json!({"first_name": "Jane"})),
    ] {
        let answer = request.send().await;
        assert_eq!(answer.status, 503, "{answer}");
        assert!(
            !answer.text().contains("222233333") && !answer.text().contains("3333"),
            "{answer}"
        );
    }
    assert_eq!(get(&reader, &user).await.expect(200).json()["ssn"], "*****3333");
}
