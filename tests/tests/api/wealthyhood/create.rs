//! Making users: as documented, each member right and wrong.

use serde_json::{Value, json};

use super::{get, id, john, make, owner, whole};

#[tokio::test]
async fn the_documented_example_is_answered_as_documented() {
    let (_tenant, owner) = owner().await;
    let answer = owner.post("/users").json(john("john@example.com")).send().await;
    let user = answer.expect(201).json();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("etag"), Some("\"1\""));
    let mut expected = john("john@example.com");
    expected["emailVerified"] = json!(false);
    expected["kycStatus"] = json!("pending");
    for varying in ["id", "createdAt", "updatedAt"] {
        expected[varying] = user[varying].clone();
    }
    assert_eq!(user, expected);
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    assert!(id(&user).len() == 24 && id(&user).chars().all(hex), "{user}");
    let at = user["createdAt"].as_str().unwrap();
    let shape: String = at.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!((shape.as_str(), &user["updatedAt"]), ("0000-00-00T00:00:00Z", &json!(at)));
}

#[tokio::test]
async fn everything_that_is_sent_is_echoed_and_kept() {
    let (_tenant, owner) = owner().await;
    let sent = whole("John.Doe@Example.com");
    let user = make(&owner, sent.clone()).await;
    for (name, value) in sent.as_object().unwrap() {
        let value = if name == "nationality" { json!(["GR"]) } else { value.clone() };
        assert_eq!(user[name], value, "{name}");
    }
    assert_eq!(user.as_object().unwrap().len(), 15);
    assert_eq!(get(&owner, &user).await.expect(200).json(), user);
}

#[tokio::test]
async fn what_is_given_is_kept() {
    let (_tenant, owner) = owner().await;
    let long = |c: char, n| std::iter::repeat_n(c, n).collect::<String>();
    let cases = [
        ("firstName", json!("x"), json!("x")),
        ("firstName", json!(long('é', 100)), json!(long('é', 100))),
        ("lastName", json!("Παπαδόπουλος"), json!("Παπαδόπουλος")),
        ("dateOfBirth", json!("1900-01-01"), json!("1900-01-01")),
        ("residencyCountry", json!("GR"), json!("GR")),
        ("nationality", json!("US"), json!(["US"])),
        ("nationality", Value::Null, Value::Null),
        ("language", json!("en"), json!("en")),
        ("language", Value::Null, Value::Null),
        ("address", Value::Null, Value::Null),
        ("taxResidency", Value::Null, Value::Null),
        ("employment", Value::Null, Value::Null),
        (
            "address",
            json!({"line1": "1", "line2": null, "city": "C", "postalCode": "P", "countryCode": "GB"}),
            json!({"line1": "1", "city": "C", "postalCode": "P", "countryCode": "GB"}),
        ),
        (
            "employment",
            json!({"incomeRangeId": "1", "employmentStatus": "Retired", "sourcesOfWealth": ["\"ä\""]}),
            json!({"incomeRangeId": "1", "employmentStatus": "Retired", "sourcesOfWealth": ["\"ä\""]}),
        ),
    ];
    for (number, (member, sent, kept)) in cases.into_iter().enumerate() {
        let mut body = john(&format!("john{number}@example.com"));
        body[member] = sent;
        let user = make(&owner, body).await;
        assert_eq!(user[member], kept, "{member}");
        assert_eq!(user.get(member).is_some(), !kept.is_null(), "{member} is left out");
        assert_eq!(get(&owner, &user).await.expect(200).json(), user, "{member}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_place() {
    let (tenant, owner) = owner().await;
    let before = tenant.items().await;
    let with = |pointer: &str, value: Value| {
        let mut body = whole("john@example.com");
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let without = |pointer: &str| {
        let mut body = whole("john@example.com");
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        body
    };
    let mut cases: Vec<(Value, Vec<String>)> = vec![
        (
            json!({}),
            ["email", "firstName", "lastName", "dateOfBirth", "residencyCountry"]
                .map(|name| format!("/{name}"))
                .to_vec(),
        ),
        (
            json!([]),
            vec![
                String::new(),
                "/email".into(),
                "/firstName".into(),
                "/lastName".into(),
                "/dateOfBirth".into(),
                "/residencyCountry".into(),
            ],
        ),
    ];
    for pointer in [
        "/email",
        "/firstName",
        "/lastName",
        "/dateOfBirth",
        "/residencyCountry",
        "/address/line1",
        "/address/city",
        "/address/postalCode",
        "/address/countryCode",
        "/taxResidency/countryCode",
        "/taxResidency/proofType",
        "/taxResidency/value",
        "/employment/incomeRangeId",
        "/employment/employmentStatus",
        "/employment/sourcesOfWealth",
        "/employment/industry",
    ] {
        cases.push((without(pointer), vec![pointer.to_owned()]));
        cases.push((with(pointer, Value::Null), vec![pointer.to_owned()]));
        cases.push((with(pointer, json!(7)), vec![pointer.to_owned()]));
        cases.push((with(pointer, json!("")), vec![pointer.to_owned()]));
    }
    for (pointer, wrong) in [
        ("/email", json!("john")),
        ("/firstName", json!("x".repeat(101))),
        ("/lastName", json!("a\u{0}")),
        ("/dateOfBirth", json!("15/05/1990")),
        ("/dateOfBirth", json!("2999-01-01")),
        ("/residencyCountry", json!("gb")),
        ("/residencyCountry", json!("GBR")),
        ("/residencyCountry", json!("XX")),
        ("/nationality", json!("Greek")),
        ("/nationality", json!(["GR"])),
        ("/language", json!("fr")),
        ("/language", json!("")),
        ("/language", json!(1)),
        ("/address", json!("1 High Street")),
        ("/address/countryCode", json!("England")),
        ("/address/postalCode", json!("1".repeat(21))),
        ("/taxResidency", json!([])),
        ("/taxResidency/value", json!("<script>")),
        ("/employment", json!(true)),
        ("/employment/sourcesOfWealth", json!([])),
        ("/employment/sourcesOfWealth", json!(vec!["x"; 21])),
        ("/employment/industry", json!("x".repeat(101))),
    ] {
        cases.push((with(pointer, wrong), vec![pointer.to_owned()]));
    }
    let sources = json!(["Salary", 1, ""]);
    let places = ["1", "2"].map(|n| format!("/employment/sourcesOfWealth/{n}")).to_vec();
    cases.push((with("/employment/sourcesOfWealth", sources), places));
    let mut unknown = whole("john@example.com");
    unknown["kycStatus"] = json!("passed");
    unknown["address"]["planet"] = json!("Earth");
    cases.push((unknown, vec!["/address/planet".into(), "/kycStatus".into()]));
    for (body, pointers) in cases {
        let answer = owner.post("/users").json(body.clone()).send().await;
        answer.problem(422, "validation_error");
        let mut found = answer.pointers();
        found.dedup();
        assert_eq!(found, pointers, "{body}\n{answer}");
    }
    assert_eq!(tenant.items().await, before);
}
