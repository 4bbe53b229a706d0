//! Making users: each member right, at its edge, and wrong.

use serde_json::{Value, json};

use super::{get, make, owner, refused};

const STATE: &str = "Enter a valid ISO 3166-1 alpha-3 country code.";
const EMAIL: &str = "Enter a valid email address.";
const PHONE: &str = "Enter a valid phone number with its country code, such as +14155552671.";
const DATE: &str = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.";
const STATUS: &str = "Invalid status. Valid options are: ACTIVE, FLAGGED, BLOCKED";

fn repeat(c: char, n: usize) -> String {
    std::iter::repeat_n(c, n).collect()
}

fn emails(n: usize) -> Value {
    (0..n).map(|n| Value::from(format!("a{n}@example.com"))).collect()
}

#[tokio::test]
async fn what_is_given_is_kept() {
    let (_tenant, owner) = owner().await;
    let states = json!(["USA", "GBR", "DEU", "FRA", "CHE", "AUT"]);
    let good = [
        ("display_name", json!("x")),
        ("display_name", json!(repeat('🎉', 255))),
        ("display_name", json!("  padded ")),
        ("display_name", Value::Null),
        ("full_name", json!(repeat('é', 512))),
        ("full_name", json!("שלום עולם")),
        ("full_name", Value::Null),
        ("date_of_birth", json!("1900-01-01")),
        ("date_of_birth", json!("2000-02-29")),
        ("date_of_birth", Value::Null),
        ("status", json!("ACTIVE")),
        ("status", json!("FLAGGED")),
        ("status", json!("BLOCKED")),
        ("metadata", json!({})),
        ("metadata", json!({"a": [1, {"b": null}], "": "x", "n": 1e300, "🎉": "\u{0}"})),
        ("metadata", json!({"long": repeat('x', 65_000)})),
        ("approved_emails", json!([])),
        ("approved_emails", emails(20)),
        ("approved_phones", json!(["+14155552671", "+442079460958"])),
        ("issuing_states", states),
    ];
    for (n, (member, value)) in good.into_iter().enumerate() {
        let vendor_data = format!("user-{n}");
        let user = make(&owner, json!({"vendor_data": vendor_data, member: value})).await;
        assert_eq!(user[member], value, "{member} after create");
        let read = get(&owner, &vendor_data).await.expect(200).json();
        assert_eq!(read, user, "{member} after get");
    }
}

#[tokio::test]
async fn lists_hold_each_value_once_and_as_it_is_kept() {
    let (_tenant, owner) = owner().await;
    let body = json!({
        "vendor_data": "a",
        "metadata": null,
        "approved_emails": ["Ann@Example.com", "ann@example.com", "b@example.com"],
        "approved_phones": ["+1 415 555 2671", "+1-415-555-2671"],
        "issuing_states": ["USA", "GBR", "USA"],
        "unknown": {"a": 1},
        "session_count": 7,
        "tags": "ignored here",
    });
    let user = make(&owner, body).await;
    assert_eq!(user["metadata"], json!({}));
    assert_eq!(user["approved_emails"], json!(["Ann@Example.com", "b@example.com"]));
    assert_eq!(user["approved_phones"], json!(["+14155552671"]));
    assert_eq!(user["issuing_states"], json!(["USA", "GBR"]));
    assert_eq!((&user["session_count"], &user["tags"]), (&json!(0), &json!([])));
    let body = json!({"vendor_data": "b", "approved_emails": null, "approved_phones": null, "issuing_states": null});
    let user = make(&owner, body).await;
    for list in ["approved_emails", "approved_phones", "issuing_states"] {
        assert_eq!(user[list], json!([]), "{list}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_of_the_member() {
    let (tenant, owner) = owner().await;
    let before = tenant.items().await;
    let at_most = |n: usize| format!("Ensure this field has no more than {n} characters.");
    let elements = "Ensure this field has no more than 20 elements.";
    let type_of = |name: &str| format!("Expected a list of items but got type \"{name}\".");
    let bad: Vec<(Value, Value)> = vec![
        (json!({}), json!({"vendor_data": ["This field is required."]})),
        (json!({"vendor_data": null}), json!({"vendor_data": ["This field may not be null."]})),
        (json!({"vendor_data": ""}), json!({"vendor_data": ["This field may not be blank."]})),
        (json!({"vendor_data": 7}), json!({"vendor_data": ["Not a valid string."]})),
        (json!({"vendor_data": repeat('é', 513)}), json!({"vendor_data": [at_most(512)]})),
        (
            json!({"vendor_data": "a\0"}),
            json!({"vendor_data": ["Control characters are not allowed."]}),
        ),
        (
            json!({"vendor_data": "x", "display_name": repeat('é', 256)}),
            json!({"display_name": [at_most(255)]}),
        ),
        (
            json!({"vendor_data": "x", "display_name": ""}),
            json!({"display_name": ["This field may not be blank."]}),
        ),
        (
            json!({"vendor_data": "x", "full_name": repeat('é', 513)}),
            json!({"full_name": [at_most(512)]}),
        ),
        (
            json!({"vendor_data": "x", "full_name": "a\nb"}),
            json!({"full_name": ["Control characters are not allowed."]}),
        ),
        (
            json!({"vendor_data": "x", "date_of_birth": "1990-02-30"}),
            json!({"date_of_birth": [DATE]}),
        ),
        (
            json!({"vendor_data": "x", "date_of_birth": "15/01/1990"}),
            json!({"date_of_birth": [DATE]}),
        ),
        (json!({"vendor_data": "x", "date_of_birth": ""}), json!({"date_of_birth": [DATE]})),
        (json!({"vendor_data": "x", "date_of_birth": 1990}), json!({"date_of_birth": [DATE]})),
        (
            json!({"vendor_data": "x", "date_of_birth": "2999-01-01"}),
            json!({"date_of_birth": ["Date must be in the past, from 1900-01-01 on."]}),
        ),
        (json!({"vendor_data": "x", "status": "active"}), json!({"status": [STATUS]})),
        (json!({"vendor_data": "x", "status": "DELETED"}), json!({"status": [STATUS]})),
        (json!({"vendor_data": "x", "status": 1}), json!({"status": [STATUS]})),
        (
            json!({"vendor_data": "x", "metadata": []}),
            json!({"metadata": ["Metadata must be a JSON object."]}),
        ),
        (
            json!({"vendor_data": "x", "metadata": "{}"}),
            json!({"metadata": ["Metadata must be a JSON object."]}),
        ),
        (
            json!({"vendor_data": "x", "metadata": {"a": repeat('x', 65_536)}}),
            json!({"metadata": ["Metadata must have at most 65536 bytes as JSON."]}),
        ),
        (
            json!({"vendor_data": "x", "approved_emails": "a@example.com"}),
            json!({"approved_emails": [type_of("str")]}),
        ),
        (
            json!({"vendor_data": "x", "approved_emails": {"a@example.com": true}}),
            json!({"approved_emails": [type_of("dict")]}),
        ),
        (
            json!({"vendor_data": "x", "approved_emails": ["a@example.com", "a", 1]}),
            json!({"approved_emails": {"1": [EMAIL], "2": ["Not a valid string."]}}),
        ),
        (
            json!({"vendor_data": "x", "approved_emails": emails(21)}),
            json!({"approved_emails": [elements]}),
        ),
        (
            json!({"vendor_data": "x", "approved_phones": ["4155552671"]}),
            json!({"approved_phones": {"0": [PHONE]}}),
        ),
        (
            json!({"vendor_data": "x", "issuing_states": ["USA", "US", "usa", "XXX"]}),
            json!({"issuing_states": {"1": [STATE], "2": [STATE], "3": [STATE]}}),
        ),
        (
            json!({"status": "x", "date_of_birth": "x", "metadata": 1}),
            json!({
                "vendor_data": ["This field is required."],
                "status": [STATUS],
                "date_of_birth": [DATE],
                "metadata": ["Metadata must be a JSON object."],
            }),
        ),
    ];
    for (body, expected) in bad {
        let case = body.to_string().chars().take(100).collect::<String>();
        let answer = owner.post("/v3/users/create/").json(body).send().await;
        refused(&case, &answer, 400, expected);
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn a_second_user_with_the_same_vendor_data_is_a_duplicate() {
    let (tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "Ann"})).await;
    let before = tenant.items().await;
    let body = json!({"vendor_data": "Ann", "display_name": "other"});
    let request = owner.post("/v3/users/create/").header("idempotency-key", "k").json(body);
    let taken = json!({"vendor_data": ["A user with this vendor_data already exists."]});
    refused("duplicate", &request.send().await, 400, taken);
    assert_eq!(tenant.items().await, before);
    make(&owner, json!({"vendor_data": "ann"})).await;
}
