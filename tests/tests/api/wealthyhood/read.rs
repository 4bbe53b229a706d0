//! Reading one user.

use serde_json::{Value, json};
use shared::{auth::Role, domain::UserId};

use super::{get, id, john, make, owner, uuid, whole};

#[tokio::test]
async fn a_tax_number_is_in_clear_to_who_may_reveal_and_an_event_says_so() {
    let (tenant, owner) = owner().await;
    let user = make(&owner, whole("john@example.com")).await;
    assert_eq!(tenant.events(&uuid(&user)).await.len(), 1, "who sent it has seen nothing new");
    let mut showings = 0;
    for role in Role::ALL {
        let may = role.allows(shared::auth::Action::Reveal);
        let read = get(&tenant.client(role).await, &user).await.expect(200).json();
        let shown = if may { "QQ123456C" } else { "*****456C" };
        assert_eq!(read["taxResidency"]["value"], shown, "{}", role.as_str());
        let mut expected = user.clone();
        expected["taxResidency"]["value"] = json!(shown);
        assert_eq!(read, expected);
        showings += usize::from(may);
        let events = tenant.events(&uuid(&user)).await;
        assert_eq!(events.len(), 1 + showings, "{}", role.as_str());
    }
    let event = tenant.events(&uuid(&user)).await.pop().unwrap();
    assert_eq!(event["fields"], json!(["identity.tax_residency.value"]));
    assert_eq!(event["kind"], "user.revealed");
    let plain = make(&owner, john("jane@example.com")).await;
    get(&owner, &plain).await.expect(200);
    assert_eq!(tenant.events(&uuid(&plain)).await.len(), 1);
}

#[tokio::test]
async fn where_the_event_cannot_be_written_nothing_is_shown() {
    use harness::{
        recorder::{Fault, FaultKind},
        world::World,
    };
    let world: &World = Box::leak(Box::new(World::start()));
    let tenant = world.tenant().await;
    let user = make(&tenant.owner, whole("john@example.com")).await;
    world.dynamodb.inject(Fault::new(FaultKind::InternalError).on("TransactWriteItems").always());
    let answer = get(&tenant.owner, &user).await;
    answer.problem(503, "unavailable");
    assert!(!answer.text().contains("456C"));
}

#[tokio::test]
async fn what_is_nobodys_id_is_not_found() {
    let (_tenant, owner) = owner().await;
    let user = make(&owner, john("john@example.com")).await;
    let upper = id(&user).to_uppercase();
    owner.get(&format!("/users/{upper}")).send().await.expect(200);
    let (uuid, long) = (uuid(&user), format!("{}0", id(&user)));
    for nobody in ["64f0c51e7fb3fc001234a001", &id(&user)[..23], &uuid, &long, "x", "%00", "%C3%A4"]
    {
        owner.get(&format!("/users/{nobody}")).send().await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn what_a_user_made_elsewhere_lacks_is_left_out() {
    let (tenant, owner) = owner().await;
    let body = json!({"vault": {"identity.address.city": "Athens", "identity.first_name": "Ada"}});
    let palm = tenant.owner.post("/v1/user").json(body).send().await.expect(201).json();
    let hex = UserId::parse_uuid(palm["id"].as_str().unwrap()).unwrap().to_hex();
    let read = owner.get(&format!("/users/{hex}")).send().await.expect(200).json();
    assert_eq!(
        read,
        json!({
            "id": hex, "email": Value::Null, "firstName": "Ada", "address": {"city": "Athens"},
            "emailVerified": false, "kycStatus": "pending",
            "createdAt": palm["created_at"], "updatedAt": palm["updated_at"],
        })
    );
}
