//! Each limit of a user's own members: at its edge, and over it.

use harness::world::World;
use serde_json::{Map, Value, json};

use super::{id, invalid, make, path};

fn repeat(c: char, n: usize) -> String {
    std::iter::repeat_n(c, n).collect()
}

fn pairs(n: usize) -> Value {
    Value::Object((0..n).map(|n| (format!("key_{n}"), json!(n))).collect::<Map<_, _>>())
}

/// What create and update both take.
fn good() -> Vec<(&'static str, Value)> {
    vec![
        ("a name of one character", json!({"display_name": "x"})),
        ("a name of 255 characters", json!({"display_name": repeat('x', 255)})),
        ("a name of 255 characters of four bytes", json!({"display_name": repeat('🎉', 255)})),
        ("a name from right to left", json!({"display_name": "שלום עולם مرحبا \u{200f}"})),
        ("a name of joined emoji", json!({"display_name": "👩‍👩‍👧‍👦 🏳️‍🌈"})),
        ("no pairs", json!({"metadata": {}})),
        ("50 pairs", json!({"metadata": pairs(50)})),
        ("a key of one character", json!({"metadata": {"k": 1}})),
        ("a key of 64 characters", json!({"metadata": {repeat('é', 64): 1}})),
        (
            "a key like any other",
            json!({"metadata": {"__proto__": 1, "a.b/c~d": 2, " ": 3, "$ref": 4}}),
        ),
        ("an empty value", json!({"metadata": {"k": ""}})),
        ("a value of 512 characters", json!({"metadata": {"k": repeat('é', 512)}})),
        ("a value of two lines", json!({"metadata": {"k": "a\n\tb"}})),
        (
            "values of all kinds",
            json!({"metadata": {"a": true, "b": false, "c": 1, "d": -1.5, "e": "🎉 שלום"}}),
        ),
    ]
}

fn bad() -> Vec<(&'static str, Value, Vec<String>)> {
    let at = |pointer: &str| vec![pointer.to_owned()];
    let long = repeat('k', 65);
    let very_long = repeat('é', 5_000);
    vec![
        ("an empty name", json!({"display_name": ""}), at("/display_name")),
        ("a blank name", json!({"display_name": " \u{3000}"}), at("/display_name")),
        (
            "a name of 256 characters",
            json!({"display_name": repeat('é', 256)}),
            at("/display_name"),
        ),
        ("a name with NUL", json!({"display_name": "a\0"}), at("/display_name")),
        ("a name with DEL", json!({"display_name": "a\u{7f}"}), at("/display_name")),
        ("a name with a C1 control", json!({"display_name": "a\u{85}"}), at("/display_name")),
        ("51 pairs", json!({"metadata": pairs(51)}), at("/metadata")),
        ("an empty key", json!({"metadata": {"": 1}}), at("/metadata/")),
        (
            "a key of 65 characters",
            json!({"metadata": {long.clone(): 1}}),
            vec![format!("/metadata/{long}")],
        ),
        (
            "a very long key",
            json!({"metadata": {very_long: 1}}),
            vec![format!("/metadata/{}", repeat('é', 80))],
        ),
        ("a key with NUL", json!({"metadata": {"a\0": 1}}), at("/metadata/a\0")),
        (
            "a long key to be removed",
            json!({"metadata": {long.clone(): null}}),
            vec![format!("/metadata/{long}")],
        ),
        (
            "a value of 513 characters",
            json!({"metadata": {"k": repeat('é', 513)}}),
            at("/metadata/k"),
        ),
        ("a value with NUL", json!({"metadata": {"a/b~c": "a\0b"}}), at("/metadata/a~1b~0c")),
        ("a list", json!({"metadata": {"k": []}}), at("/metadata/k")),
        ("an object", json!({"metadata": {"k": {}}}), at("/metadata/k")),
        ("an unknown member", json!({"name": "x"}), at("/name")),
        ("a member in other case", json!({"Display_Name": "x"}), at("/Display_Name")),
        ("a member without a name", json!({"": 1}), at("/")),
        (
            "everything at once",
            json!({"display_name": "", "metadata": {"a": [], "b": repeat('x', 513)}, "x": 1}),
            ["/display_name", "/metadata/a", "/metadata/b", "/x"].map(str::to_owned).to_vec(),
        ),
    ]
}

#[tokio::test]
async fn what_is_at_its_limit_is_kept_as_it_was_sent() {
    let tenant = World::shared().tenant().await;
    for (case, body) in good() {
        let created = make(&tenant.owner, body.clone()).await;
        let user = make(&tenant.owner, json!({})).await;
        let updated = tenant.owner.patch(&path(&user, "")).json(body.clone()).send().await;
        assert_eq!(updated.status, 200, "{case}: {updated}");
        let read = tenant.owner.get(&path(&user, "")).send().await.json();
        for (how, user) in [("create", created), ("update", updated.json()), ("read", read)] {
            for (member, value) in body.as_object().unwrap() {
                assert_eq!(&user[member], value, "{case}: {member} after {how}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_over_its_limit_is_refused_where_it_stands() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({"metadata": {"k": 1}})).await;
    let before = tenant.items().await;
    for (case, body, pointers) in bad() {
        let pointers: Vec<_> = pointers.iter().map(String::as_str).collect();
        let create = tenant.owner.post("/v1/user").json(body.clone()).send().await;
        invalid(case, &create, &pointers);
        let update = tenant.owner.patch(&path(&user, "")).json(body).send().await;
        invalid(case, &update, &pointers);
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn a_null_does_not_count_as_a_pair() {
    let tenant = World::shared().tenant().await;
    let mut metadata = pairs(50);
    metadata["gone"] = Value::Null;
    let user = make(&tenant.owner, json!({"metadata": metadata})).await;
    assert_eq!(user["metadata"], pairs(50));
}

#[tokio::test]
async fn numbers_come_back_as_they_were_sent() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let numbers = [
        "0",
        "-0",
        "0.1",
        "1e308",
        "-1e308",
        "1e-200",
        "5e-324",
        "1e-400",
        "1E+2",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "-9223372036854775808",
        "0.30000000000000004",
        "123456789.123456789",
    ];
    for number in numbers {
        let body = format!("{{\"metadata\":{{\"n\":{number}}}}}");
        let expected: Value = serde_json::from_str(number).unwrap();
        let request =
            tenant.owner.patch(&path(&user, "")).header("content-type", "application/json");
        let answer = request.raw(body).send().await;
        assert_eq!(answer.status, 200, "{number}: {answer}");
        assert_eq!(answer.json()["metadata"]["n"], expected, "{number}");
        let read = tenant.owner.get(&path(&user, "")).send().await;
        assert_eq!(read.json()["metadata"]["n"], expected, "{number}");
    }
}

#[tokio::test]
async fn the_largest_user_can_be_made_and_changed() {
    let tenant = World::shared().tenant().await;
    // Control characters are six bytes each in JSON: no value takes more room.
    let metadata = |c: char| {
        let pair = |n: u8| {
            (format!("{}{}", repeat('🎉', 63), char::from(b'0' + n)), json!(repeat(c, 512)))
        };
        json!({"metadata": Value::Object((0..50).map(pair).collect::<Map<_, _>>())})
    };
    let user = make(&tenant.owner, metadata('\u{1}')).await;
    let custom: Map<_, _> = (0..50)
        .map(|n| (format!("custom.{}{n:02}", repeat('f', 62)), json!(repeat('🎉', 512))))
        .collect();
    let vault = tenant.owner.patch(&path(&user, "/vault")).json(Value::Object(custom)).send().await;
    assert_eq!(vault.status, 200, "{}", vault.text());
    let changed = tenant.owner.patch(&path(&user, "")).json(metadata('\u{2}')).send().await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.json()["metadata"], metadata('\u{2}')["metadata"]);
    assert_eq!(tenant.events(id(&user)).await.len(), 3);
}
