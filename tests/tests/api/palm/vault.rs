//! `PATCH /v1/user/{user_id}/vault`

use harness::world::World;
use serde_json::{Map, Value, json};

use super::{id, invalid, make, path, reveal, version};

#[tokio::test]
async fn fields_are_set_replaced_and_erased_and_fingerprints_follow() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let fields =
        ["identity.email", "identity.phone_number", "identity.first_name", "custom.shoe_size"];
    let change = async |body: Value| {
        let answer = tenant.owner.patch(&path(&user, "/vault")).json(body).send().await;
        (answer.expect(200).json(), version(&answer), reveal(&tenant.owner, &user, &fields).await)
    };

    let (set, v2, shown) = change(json!({
        "identity.email": "A@example.com", "identity.phone_number": "+14155552671",
        "identity.first_name": "Ann", "custom.shoe_size": "42"
    }))
    .await;
    assert_eq!(v2, 2);
    assert_eq!(set["vault"], json!({"identity.first_name": "Ann"}));
    assert_eq!(
        shown,
        json!({
            "identity.email": "A@example.com", "identity.phone_number": "+14155552671",
            "identity.first_name": "Ann", "custom.shoe_size": "42"
        })
    );

    let (replaced, v3, shown) =
        change(json!({"identity.email": "b@example.com", "identity.first_name": "Bob"})).await;
    assert_eq!(v3, 3);
    assert_eq!(replaced["vault"], json!({"identity.first_name": "Bob"}));
    assert_ne!(replaced["email_fingerprint"], set["email_fingerprint"]);
    assert_eq!(replaced["phone_fingerprint"], set["phone_fingerprint"]);
    assert_eq!(shown["identity.email"], "b@example.com");
    assert_eq!(shown["custom.shoe_size"], "42");

    let (erased, v4, shown) = change(
        json!({"identity.email": null, "identity.first_name": null, "custom.shoe_size": null}),
    )
    .await;
    assert_eq!(v4, 4);
    assert_eq!(erased["vault"], json!({}));
    assert_eq!(erased["email_fingerprint"], Value::Null);
    assert_eq!(erased["phone_fingerprint"], set["phone_fingerprint"]);
    assert_eq!(
        shown,
        json!({
            "identity.email": null, "identity.phone_number": "+14155552671",
            "identity.first_name": null, "custom.shoe_size": null
        })
    );
    let item = tenant.user_item(id(&user)).await;
    assert_eq!(
        item["sealed"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["identity.phone_number"]
    );

    let (again, _, _) = change(json!({"identity.email": "a@EXAMPLE.com"})).await;
    assert_eq!(again["email_fingerprint"], set["email_fingerprint"]);
}

#[tokio::test]
async fn all_four_names_show_and_nothing_else_does() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let names = json!({
        "identity.first_name": "Ann", "identity.middle_name": "B.", "identity.last_name": "Cox",
        "identity.full_name": "Ann B. Cox"
    });
    let mut all = names.clone();
    all["identity.ssn"] = json!("222-23-3333");
    all["identity.address.city"] = json!("Leeds");
    all["custom.note"] = json!("x");
    let answer = tenant.owner.patch(&path(&user, "/vault")).json(all).send().await;
    assert_eq!(answer.expect(200).json()["vault"], names);
}

#[tokio::test]
async fn what_changes_nothing_writes_nothing() {
    let tenant = World::shared().tenant().await;
    let vault = json!({"identity.first_name": "Ann", "identity.ssn": "222233333", "custom.b": "c"});
    let user = make(&tenant.owner, json!({"vault": vault})).await;
    let before = tenant.items().await;
    for body in [
        json!({}),
        json!({"identity.first_name": "Ann"}),
        json!({"identity.ssn": "222-23-3333", "custom.b": "c"}),
        json!({"identity.email": null, "custom.a": null}),
    ] {
        let answer = tenant.owner.patch(&path(&user, "/vault")).json(body.clone()).send().await;
        assert_eq!(answer.expect(200).json(), user, "after {body}");
        assert_eq!(version(&answer), 1, "after {body}");
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn an_event_names_sealed_fields_and_shows_names() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let body = json!({"identity.email": "canary@example.com", "identity.last_name": "Cox"});
    tenant.owner.patch(&path(&user, "/vault")).json(body).send().await.expect(200);
    let event = tenant.events(id(&user)).await.pop().unwrap();
    assert_eq!(event["kind"], "user.updated");
    assert_eq!(event["operation"], "palm_update_vault");
    assert_eq!(event["fields"], json!(["identity.email", "identity.last_name"]));
    let changes: Value = serde_json::from_str(event["changes"].as_str().unwrap()).unwrap();
    assert_eq!(changes, json!({"identity.last_name": {"previous": null, "current": "Cox"}}));
    assert!(!event.to_string().contains("canary"), "{event}");
}

fn custom(range: std::ops::Range<u32>) -> Value {
    Value::Object(range.map(|n| (format!("custom.field_{n}"), json!("x"))).collect::<Map<_, _>>())
}

#[tokio::test]
async fn fifty_custom_fields_are_held_and_no_more() {
    let tenant = World::shared().tenant().await;
    let answer = tenant.owner.post("/v1/user").json(json!({"vault": custom(0..51)})).send().await;
    invalid("51 at once", &answer, &["/vault"]);
    let user = make(&tenant.owner, json!({"vault": custom(0..49)})).await;
    let to = path(&user, "/vault");
    tenant.owner.patch(&to).json(custom(49..50)).send().await.expect(200);
    let before = tenant.items().await;
    let answer = tenant.owner.patch(&to).json(custom(50..51)).send().await;
    // Here the fields are the body itself.
    invalid("51 by merging", &answer, &[""]);
    assert_eq!(tenant.items().await, before);
    // Replacing one, exchanging one, and adding others of the catalogue.
    tenant.owner.patch(&to).json(custom(3..4)).send().await.expect(200);
    let exchange =
        json!({"custom.field_0": null, "custom.field_50": "x", "identity.address.city": "Leeds"});
    tenant.owner.patch(&to).json(exchange).send().await.expect(200);
}

#[tokio::test]
async fn an_unknown_field_is_told_the_known_ones() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let longest = format!("custom.{}", "a".repeat(64));
    let too_long = format!("{longest}a");
    let unknown = [
        "identity.emial",
        "email",
        "",
        "custom",
        "custom.",
        "custom.Shoe",
        "custom.a.b",
        "custom.é",
        "IDENTITY.EMAIL",
        &too_long,
    ];
    for field in unknown {
        let fields = json!({field: "x", "identity.first_name": "Ann"});
        let vault = tenant.owner.patch(&path(&user, "/vault")).json(fields.clone()).send().await;
        let create = tenant.owner.post("/v1/user").json(json!({"vault": fields})).send().await;
        let places = [(vault, format!("/{field}")), (create, format!("/vault/{field}"))];
        for (answer, pointer) in places {
            let body = invalid(field, &answer, &[&pointer]);
            let detail = body["errors"][0]["detail"].as_str().unwrap();
            for known in ["identity.email", "identity.tax_residency.value", "custom.<name>"] {
                assert!(detail.contains(known), "{field}: {detail}");
            }
        }
    }
    let answer =
        tenant.owner.patch(&path(&user, "/vault")).json(json!({longest: "x"})).send().await;
    answer.expect(200);
}

#[tokio::test]
async fn every_name_and_contact_can_change_at_once() {
    let tenant = World::shared().tenant().await;
    // Words without a common prefix: as many index entries as a user can have.
    let name = |start: char| {
        let words = (0..9_u8).map(|n| format!("{}{start}word", char::from(b'a' + n)));
        words.collect::<Vec<_>>().join(" ")
    };
    let vault = |start: char, digit: char| {
        json!({
            "identity.full_name": name(start),
            "identity.email": format!("{start}@example.com"),
            "identity.phone_number": format!("+1415555267{digit}"),
            "identity.ssn": format!("22223333{digit}")
        })
    };
    let user = make(&tenant.owner, json!({"vault": vault('x', '1')})).await;
    for (start, digit) in [('y', '2'), ('z', '3')] {
        let answer =
            tenant.owner.patch(&path(&user, "/vault")).json(vault(start, digit)).send().await;
        assert_eq!(answer.expect(200).json()["vault"]["identity.full_name"], name(start));
    }
}
