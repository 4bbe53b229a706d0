//! The canary through Wealthyhood's API.

use super::*;

fn canary(round: usize) -> Value {
    let fields = canaries(round);
    let field = |id: &str| fields[&format!("identity.{id}")].clone();
    json!({
        "email": field("email"), "firstName": "Bird", "lastName": "Yellow",
        "dateOfBirth": field("date_of_birth"), "residencyCountry": "GB", "nationality": "GB",
        "language": "el",
        "address": {
            "line1": field("address.line1"), "line2": field("address.line2"), "countryCode": "GB",
            "city": field("address.city"), "region": field("address.region"),
            "postalCode": field("address.postal_code"),
        },
        "taxResidency": {
            "countryCode": "GB", "proofType": field("tax_residency.proof_type"),
            "value": field("tax_residency.value"),
        },
        // No fields of the catalogue, and sealed all the same.
        "employment": {
            "incomeRangeId": fields["custom.first"], "employmentStatus": "FullTime",
            "sourcesOfWealth": [field("passport_number")], "industry": field("national_id_number"),
        },
    })
}

#[tokio::test]
async fn a_sealed_value_is_in_no_refusal_no_log_line_and_no_call() {
    let logs = Logs::install(Level::INFO);
    let (watch, world) = (Watch::new(), World::start());
    let tenant = world.own_tenant().await;
    let owner = world.client(&tenant, Role::Owner).await;
    let reader = world.client(&tenant, Role::Reader).await;
    let user = owner.post("/users").json(canary(0)).send().await.expect(201).json();
    let path = format!("/users/{}", user["id"].as_str().unwrap());
    owner.get(&path).send().await.expect(200);
    let seen = reader.get(&path).send().await.expect(200).text();
    assert!(!seen.contains(canary(0)["taxResidency"]["value"].as_str().unwrap()), "{seen}");

    let mut wrong = canary(1);
    for pointer in
        ["/email", "/dateOfBirth", "/address/line1", "/taxResidency/value", "/employment/industry"]
    {
        let value = wrong.pointer_mut(pointer).unwrap();
        *value = json!(format!("{}\u{0}", value.as_str().unwrap()));
    }
    let mut nested = canary(1);
    nested["unknown"] = canary(2);
    nested["language"] = json!(canary(2)["email"]);
    let text = canary(2).to_string();
    for (request, status) in [
        (owner.post("/users").json(canary(0)), 409),
        (owner.post("/users").json(wrong), 422),
        (owner.post("/users").json(nested), 422),
        (owner.post("/users").json(json!([canary(2)])), 422),
        (owner.post("/users").raw(text.clone()), 415),
        (
            owner.post("/users").header("content-type", "application/json").raw(cut(&text, 0, 3)),
            400,
        ),
        (owner.put(&path).json(canary(2)), 405),
        (reader.post("/users").json(canary(2)), 403),
        (world.anonymous().post("/users").json(canary(2)), 401),
    ] {
        let answer = request.send().await;
        answer.expect(status);
        watch.clean_answer(&answer);
    }
    for call in [world.dynamodb.calls(), world.kms.calls()].concat() {
        watch.clean(&format!("a request: {}", call.operation), &call.request.to_string());
        watch.clean(&format!("an answer: {}", call.operation), &call.response.to_string());
    }
    let lines = logs.text();
    assert!(lines.contains("wealthyhood_create_user"));
    watch.clean("the log", &lines);
}
