//! Every member, with every JSON type it does not take.

use serde_json::{Value, json};

use super::{make, owner};

#[tokio::test]
async fn every_member_refuses_other_types_by_its_name() {
    let (tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let before = tenant.items().await;
    let values = [
        json!(true),
        json!(0),
        json!(-1.5),
        json!("\u{1}"),
        json!([null]),
        json!([[]]),
        json!({"a": 1}),
    ];
    let (text, object, list) = (3, 6, 7);
    let members = [
        ("display_name", text),
        ("full_name", text),
        ("date_of_birth", text),
        ("status", text),
        ("metadata", object),
        ("approved_emails", list),
        ("approved_phones", list),
        ("issuing_states", list),
        ("tags", list),
    ];
    for (member, own) in members {
        for (place, value) in values.iter().enumerate() {
            if place == own {
                continue;
            }
            let mut requests = vec![(owner.patch("/v3/users/a/"), json!({member: value}))];
            if member != "tags" {
                requests.push((
                    owner.post("/v3/users/create/"),
                    json!({"vendor_data": "b", member: value}),
                ));
            }
            for (request, body) in requests {
                let answer = request.json(body).send().await;
                assert_eq!(answer.status, 400, "{member} = {value}: {answer}");
                let errors = answer.json();
                let names: Vec<_> = errors.as_object().unwrap().keys().cloned().collect();
                assert_eq!(names, [member], "{value}");
                assert!(is_messages(&errors[member]), "{member} = {value}: {answer}");
            }
        }
    }
    assert_eq!(tenant.items().await, before);
}

/// A list of texts, or one for each place in a list.
fn is_messages(value: &Value) -> bool {
    match value {
        Value::Array(texts) => !texts.is_empty() && texts.iter().all(Value::is_string),
        Value::Object(places) => !places.is_empty() && places.values().all(is_messages),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
