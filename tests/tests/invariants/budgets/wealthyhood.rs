//! Wealthyhood's API.

use super::*;

#[tokio::test]
async fn each_operation_has_its_depth() {
    let budget = Budget::new().await;
    budget.warm().await;
    let john = |email: &str| {
        json!({
            "email": email, "firstName": "John", "lastName": "Doe", "dateOfBirth": "1990-05-15",
            "residencyCountry": "GB",
        })
    };
    let create = |body: Value| budget.client.post("/users").json(body);
    // Who has the address is asked first: see ADR 0021.
    let made = budget.cost(201, create(john("john@example.com"))).await;
    made.is(&["Query", "TransactWriteItems"], 2);
    budget.cost(409, create(john("John@example.com"))).await.is(&["Query"], 1);
    let path = format!("/users/{}", made.answer["id"].as_str().unwrap());
    budget.cost(200, budget.client.get(&path)).await.is(&["BatchGetItem"], 1);

    let mut taxed = john("jane@example.com");
    taxed["taxResidency"] = json!({"countryCode": "GB", "proofType": "NINO", "value": "QQ123456C"});
    let made = budget.cost(201, create(taxed)).await;
    let path = format!("/users/{}", made.answer["id"].as_str().unwrap());
    let shown = budget.cost(200, budget.client.get(&path)).await;
    shown.is(&["BatchGetItem", "TransactWriteItems"], 2);
}
