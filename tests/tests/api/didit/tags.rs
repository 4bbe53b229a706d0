//! Tags: names, or names with a colour.

use serde_json::{Value, json};

use super::{get, make, owner, patch, refused};

fn shown(user: &Value) -> Vec<(&str, &str)> {
    let tags = user["tags"].as_array().unwrap();
    tags.iter()
        .map(|link| (link["tag"]["name"].as_str().unwrap(), link["tag"]["color"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn tags_are_names_or_names_with_a_colour_each_once() {
    let (_tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let tags = json!(["vip", {"name": "risk", "color": "#ff0000"}, "vip", {"name": "x", "color": null}, "שלום 🎉"]);
    let user = patch(&owner, "a", json!({"tags": tags})).await.expect(200).json();
    let gray = "#6B7280";
    assert_eq!(shown(&user), [("vip", gray), ("risk", "#ff0000"), ("x", gray), ("שלום 🎉", gray)]);
    assert_eq!(get(&owner, "a").await.json(), user);
    let added: Vec<_> =
        user["comments"].as_array().unwrap().iter().map(|c| &c["new_value"]).collect();
    assert_eq!(added, ["vip", "risk", "x", "שלום 🎉"]);
    let kept = user["tags"][1].clone();
    let user = patch(&owner, "a", json!({"tags": ["new", "risk"]})).await.expect(200).json();
    assert_eq!(shown(&user), [("new", gray), ("risk", "#ff0000")]);
    assert_eq!(user["tags"][1], kept);
    let user = patch(&owner, "a", json!({"tags": []})).await.expect(200).json();
    assert_eq!(user["tags"], json!([]));
}

#[tokio::test]
async fn tags_of_an_answer_can_be_sent_back() {
    let (_tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let tags = json!(["vip", {"name": "risk", "color": "#ff0000"}]);
    let user = patch(&owner, "a", json!({"tags": tags})).await.expect(200).json();
    let again = patch(&owner, "a", json!({"tags": user["tags"]})).await.expect(200).json();
    assert_eq!(again, user);
}

#[tokio::test]
async fn a_tag_has_one_id_for_all_users_and_each_link_its_own() {
    let (_tenant, owner) = owner().await;
    let mut links = vec![];
    for vendor_data in ["a", "b"] {
        make(&owner, json!({"vendor_data": vendor_data})).await;
        let user = patch(&owner, vendor_data, json!({"tags": ["vip"]})).await.expect(200).json();
        links.push(user["tags"][0].clone());
    }
    assert_eq!(links[0]["tag"]["uuid"], links[1]["tag"]["uuid"]);
    assert_ne!(links[0]["uuid"], links[1]["uuid"]);
}

#[tokio::test]
async fn tags_have_limits() {
    let (tenant, owner) = owner().await;
    make(&owner, json!({"vendor_data": "a"})).await;
    let before = tenant.items().await;
    let (name, color) =
        ("Enter a tag name of 1 to 64 characters.", "Enter a color as # and six hex digits.");
    let many = |n: usize| (0..n).map(|n| Value::from(format!("tag {n}"))).collect::<Value>();
    let cases = [
        (many(21), json!(["Ensure this field has no more than 20 elements."])),
        (json!("vip"), json!(["Expected a list of items but got type \"str\"."])),
        (json!({"name": "vip"}), json!(["Expected a list of items but got type \"dict\"."])),
        (
            json!(["", " ", 1, null, {}, {"name": 1}, ["x"], "x".repeat(65), "a\n"]),
            Value::Object((0..9).map(|n| (n.to_string(), json!([name]))).collect()),
        ),
        (
            json!(["a", {"name": "b", "color": "red"}, {"name": "c", "color": "#12345"}, {"name": "d", "color": "#12345g"}, {"name": "e", "color": 1}]),
            Value::Object((1..5).map(|n| (n.to_string(), json!([color]))).collect()),
        ),
    ];
    for (tags, expected) in cases {
        let answer = patch(&owner, "a", json!({"tags": tags})).await;
        refused(&tags.to_string(), &answer, 400, json!({"tags": expected}));
    }
    assert_eq!(tenant.items().await, before);
    let mut longest = many(19);
    longest.as_array_mut().unwrap().push(json!("🎉".repeat(64)));
    let user = patch(&owner, "a", json!({"tags": longest})).await.expect(200).json();
    assert_eq!(user["tags"].as_array().unwrap().len(), 20);
}
