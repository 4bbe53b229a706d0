//! Wealthyhood's API: `/users`.

mod create;
mod email;
mod errors;
mod read;
mod roles;
mod verified;

use harness::{
    client::{Answer, Client},
    world::{Tenant, World},
};
use serde_json::{Value, json};
use shared::domain::UserId;

/// A tenant of its own, whose owner calls this API as they call Palm's.
async fn owner() -> (Tenant, Client) {
    let tenant = World::shared().tenant().await;
    let owner = tenant.owner.clone();
    (tenant, owner)
}

/// What the documentation sends, by somebody.
pub(crate) fn john(email: &str) -> Value {
    json!({
        "email": email,
        "firstName": "John",
        "lastName": "Doe",
        "dateOfBirth": "1990-05-15",
        "residencyCountry": "GB",
    })
}

/// The same, with everything else that a user can have.
fn whole(email: &str) -> Value {
    let mut body = john(email);
    body["nationality"] = json!("GR");
    body["language"] = json!("el");
    body["address"] = json!({
        "line1": "1 High Street", "line2": "Flat 2", "city": "London", "region": "Greater London",
        "postalCode": "SW1A 1AA", "countryCode": "GB",
    });
    body["taxResidency"] = json!({"countryCode": "GB", "proofType": "NINO", "value": "QQ123456C"});
    body["employment"] = json!({
        "incomeRangeId": "range-3", "employmentStatus": "FullTime",
        "sourcesOfWealth": ["Salary", "Inheritance"], "industry": "Health",
    });
    body
}

/// Makes a user.
async fn make(client: &Client, body: Value) -> Value {
    client.post("/users").json(body).send().await.expect(201).json()
}

/// A user's id.
fn id(user: &Value) -> &str {
    user["id"].as_str().unwrap_or_else(|| panic!("no id in {user}"))
}

/// The UUID spelling of a user's id.
fn uuid(user: &Value) -> String {
    UserId::parse_hex(id(user)).unwrap().to_uuid().to_string()
}

/// One user.
async fn get(client: &Client, user: &Value) -> Answer {
    client.get(&format!("/users/{}", id(user))).send().await
}

/// Fails unless this says that the e-mail address is somebody else's.
#[track_caller]
fn taken(answer: &Answer) {
    let problem = answer.problem(409, "email_taken");
    assert_eq!(problem["title"], "Email Taken");
    assert_eq!(problem["detail"], "Another user has this e-mail address.");
}
