//! Making users: as documented, each member right and wrong.

use serde_json::{Value, json};

use super::{NINE, get, id, incorrect, john, keys, make, owner, refused, somebody};

/// Whether a text is an instant to the millisecond, as in `2022-05-04T11:30:00.000Z`.
fn is_instant(value: &Value) -> bool {
    let text = value.as_str().unwrap();
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00T00:00:00.000Z"
}

#[tokio::test]
async fn the_documented_example_is_answered_as_documented() {
    let (_tenant, owner) = owner().await;
    let answer = owner.post("/v1/users/").json(john()).send().await;
    let user = answer.expect(201).json();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("etag"), Some("\"1\""));
    assert_eq!(keys(&user), NINE);
    assert!(is_instant(&user["created_at"]), "{user}");
    assert_eq!(user["updated_at"], user["created_at"]);
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    assert!(id(&user).len() == 32 && id(&user).chars().all(hex), "{user}");
    for (name, value) in john().as_object().unwrap() {
        assert_eq!(user[name], *value, "{name}");
    }
}

#[tokio::test]
async fn what_is_given_is_kept_in_its_one_form() {
    let (_tenant, owner) = owner().await;
    let long = |c: char, n| std::iter::repeat_n(c, n).collect::<String>();
    let cases = [
        ("first_name", json!("x"), json!("x")),
        ("first_name", json!(long('é', 100)), json!(long('é', 100))),
        ("last_name", json!("O'Neill-Šmíd"), json!("O'Neill-Šmíd")),
        ("email", json!("John.Doe@Example.com"), json!("John.Doe@Example.com")),
        ("email", Value::Null, Value::Null),
        ("phone", json!("+1 (415) 555-4193"), json!("+14155554193")),
        ("phone", Value::Null, Value::Null),
        ("ssn", json!("222-23-3333"), json!("222233333")),
        ("ssn", Value::Null, Value::Null),
        ("unknown", json!({"a": 1}), Value::Null),
    ];
    for (number, (member, sent, kept)) in cases.into_iter().enumerate() {
        let mut body = somebody(&format!("customer {number}"));
        body[member] = sent;
        let user = make(&owner, body).await;
        assert_eq!(user[member], kept, "{member}");
        let read = get(&owner, &user).await.expect(200).json();
        assert_eq!(read[member], kept, "{member}");
        for absent in ["email", "phone", "ssn"].into_iter().filter(|name| *name != member) {
            assert_eq!(user[absent], Value::Null, "{absent}");
        }
    }
    let longest = long('🎉', 512);
    assert_eq!(make(&owner, somebody(&longest)).await["external_user_id"], longest);
}

#[tokio::test]
async fn what_is_wrong_is_said_of_the_field() {
    let (tenant, owner) = owner().await;
    let before = tenant.items().await;
    let with = |member: &str, value: Value| {
        let mut body = john();
        body[member] = value;
        body
    };
    let name = "must be a text of 1 to 100 characters, not blank, without control characters";
    let own =
        "External user id must have 1 to 512 characters, not all blank, and no control characters";
    let email =
        "Email must be an e-mail address such as name@example.com, of at most 254 characters";
    let phone = "Phone must be a phone number with its country code, such as +14155552671";
    let ssn =
        "Ssn must be a social security number of nine digits, such as 123456789 or 123-45-6789";
    let missing = [
        ("external_user_id", "External user id is required"),
        ("first_name", "First name is required"),
        ("last_name", "Last name is required"),
    ];
    let cases: Vec<(Value, Vec<(&str, String)>)> = vec![
        (json!({}), missing.iter().map(|(field, text)| (*field, (*text).to_owned())).collect()),
        (with("first_name", Value::Null), vec![("first_name", "First name is required".into())]),
        (with("first_name", json!("")), vec![("first_name", format!("First name {name}"))]),
        (
            with("last_name", json!("x".repeat(101))),
            vec![("last_name", format!("Last name {name}"))],
        ),
        (with("last_name", json!(7)), vec![("last_name", "Last name must be a string".into())]),
        (with("external_user_id", json!("")), vec![("external_user_id", own.into())]),
        (with("external_user_id", json!("  ")), vec![("external_user_id", own.into())]),
        (with("external_user_id", json!("x".repeat(513))), vec![("external_user_id", own.into())]),
        (
            with("external_user_id", json!(12345)),
            vec![("external_user_id", "External user id must be a string".into())],
        ),
        (with("email", json!("john")), vec![("email", email.into())]),
        (with("email", json!(["a@example.com"])), vec![("email", "Email must be a string".into())]),
        (with("phone", json!("4155554193")), vec![("phone", phone.into())]),
        (with("ssn", json!("12345678")), vec![("ssn", ssn.into())]),
        (with("ssn", json!(222_233_333)), vec![("ssn", "Ssn must be a string".into())]),
        (
            json!({"external_user_id": "1", "first_name": "A", "email": "x", "ssn": "y"}),
            vec![
                ("last_name", "Last name is required".into()),
                ("email", email.into()),
                ("ssn", ssn.into()),
            ],
        ),
    ];
    for (body, faults) in cases {
        let faults: Vec<_> = faults.iter().map(|(field, text)| (*field, text.as_str())).collect();
        let answer = owner.post("/v1/users/").json(body.clone()).send().await;
        refused(&body.to_string(), &answer, 400, incorrect(&faults));
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn an_external_user_id_belongs_to_one_user() {
    let (tenant, owner) = owner().await;
    make(&owner, john()).await;
    let before = tenant.items().await;
    let answer = owner.post("/v1/users/").json(somebody("12345")).send().await;
    let taken = [("external_user_id", "External user id belongs to another user")];
    refused("taken", &answer, 400, incorrect(&taken));
    assert_eq!(tenant.items().await, before);
    let mut race = tokio::task::JoinSet::new();
    for _ in 0..16 {
        race.spawn(owner.post("/v1/users/").json(somebody("raced")).send());
    }
    let mut statuses: Vec<_> = race.join_all().await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (201, [400; 15].as_slice()));
}
