//! What each kind of vault field takes, and what it shows.

use harness::{client::Client, world::World};
use serde_json::{Value, json};
use shared::domain::field::{CATALOGUE, FieldId};

use super::{invalid, make, path, reveal};

/// A field, texts it takes with what is kept of them, and texts it refuses.
struct Case {
    field: &'static str,
    good: Vec<(String, String)>,
    bad: Vec<String>,
}

fn case(field: &'static str, good: &[(&str, &str)], bad: &[&str]) -> Case {
    let pair = |(given, kept): &(&str, &str)| ((*given).to_owned(), (*kept).to_owned());
    Case {
        field,
        good: good.iter().map(pair).collect(),
        bad: bad.iter().map(ToString::to_string).collect(),
    }
}

fn text(field: &'static str, max_chars: usize) -> Case {
    let longest = "é".repeat(max_chars);
    let emoji = "👩‍👩‍👧 שלום עולم".to_owned();
    let emoji = if max_chars < emoji.chars().count() { "🎉".to_owned() } else { emoji };
    let same = |text: String| (text.clone(), text);
    Case {
        field,
        good: vec![
            same("x".to_owned()),
            same(longest.clone()),
            same(emoji),
            same(" a ".to_owned()),
        ],
        bad: vec![
            String::new(),
            " \u{a0}".to_owned(),
            format!("{longest}x"),
            "a\0".to_owned(),
            "a\u{7f}".to_owned(),
            "a\nb".to_owned(),
        ],
    }
}

fn number(field: &'static str) -> Case {
    let longest = "9".repeat(64);
    let too_long = "9".repeat(65);
    case(
        field,
        &[("A", "A"), ("AB-12.3/4 5", "AB-12.3/4 5"), (&longest, &longest)],
        &["", " ", &too_long, "A_1", "A\u{0}1", "A\n1", "№+1"],
    )
}

fn country(field: &'static str) -> Case {
    case(
        field,
        &[("GB", "GB"), ("US", "US"), ("DE", "DE")],
        &["", "gb", "UK", "XX", "GBR", "G", "GB ", "\0\0", "ÄÖ"],
    )
}

fn cases() -> Vec<Case> {
    let longest =
        format!("{}@{}.{}.{}.com", "a".repeat(64), "b".repeat(61), "c".repeat(61), "d".repeat(61));
    assert_eq!(longest.len(), 254);
    let too_long = longest.replace("bbb", "bbbb").replace("bbbb@", "bbb@");
    vec![
        text("identity.first_name", 100),
        text("identity.middle_name", 100),
        text("identity.last_name", 100),
        text("identity.full_name", 512),
        case(
            "identity.email",
            &[
                ("a@example.com", "a@example.com"),
                (" A.b+c@Example.COM ", "A.b+c@Example.COM"),
                (&longest, &longest),
            ],
            &[
                "",
                "a",
                "@example.com",
                "a@",
                "a@localhost",
                "a@b@c.com",
                "A <a@example.com>",
                "a\0@example.com",
                "a@[127.0.0.1]",
                &too_long,
            ],
        ),
        case(
            "identity.phone_number",
            &[
                ("+14155552671", "+14155552671"),
                ("+1 (415) 555-2671", "+14155552671"),
                (" +44 20 7946 0958 ", "+442079460958"),
            ],
            &[
                "",
                "4155552671",
                "+1",
                "0014155552671",
                "+999123456789",
                "+1415555267112345",
                "phone",
                "+14155552671 ext. 5",
                "+1415555\u{0}2671",
                "+",
            ],
        ),
        case(
            "identity.date_of_birth",
            &[
                ("1900-01-01", "1900-01-01"),
                ("2004-02-29", "2004-02-29"),
                ("1990-01-15", "1990-01-15"),
            ],
            &[
                "",
                "1899-12-31",
                "2003-02-29",
                "9999-01-01",
                "1990-1-15",
                "15/01/1990",
                "1990-01-15T00:00:00Z",
                "1990-13-01",
                "+990-01-15",
                "1990-01-1\0",
            ],
        ),
        case(
            "identity.ssn",
            &[("222-23-3333", "222233333"), ("222233333", "222233333")],
            &[
                "",
                "22223333",
                "2222333334",
                "22-223-3333",
                "222 23 3333",
                "22223333a",
                "٢٢٢٢٣٣٣٣٣",
                "222-23-333\0",
            ],
        ),
        country("identity.country_of_residence"),
        country("identity.nationality"),
        text("identity.address.line1", 200),
        text("identity.address.line2", 200),
        text("identity.address.city", 200),
        text("identity.address.region", 200),
        text("identity.address.postal_code", 20),
        country("identity.address.country"),
        country("identity.tax_residency.country"),
        text("identity.tax_residency.proof_type", 64),
        number("identity.tax_residency.value"),
        number("identity.passport_number"),
        number("identity.national_id_number"),
        number("identity.driving_licence_number"),
        number("identity.residence_permit_number"),
        text("custom.a_1", 512),
    ]
}

#[test]
fn every_field_has_its_case() {
    let cases = cases();
    let fields: Vec<_> = cases.iter().map(|case| case.field).collect();
    let known = CATALOGUE.iter().map(|definition| definition.id).chain(["custom.a_1"]);
    assert_eq!(fields, known.collect::<Vec<_>>());
}

#[tokio::test]
async fn every_field_keeps_what_it_takes() {
    let tenant = World::shared().tenant().await;
    let cases = cases();
    let rounds = cases.iter().map(|case| case.good.len()).max().unwrap();
    let user = make(&tenant.owner, json!({})).await;
    for round in 0..rounds {
        let of = |case: &Case| case.good[round % case.good.len()].clone();
        let given: Value = cases
            .iter()
            .map(|case| (case.field.to_owned(), json!(of(case).0)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let kept: Value = cases
            .iter()
            .map(|case| (case.field.to_owned(), json!(of(case).1)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        tenant.owner.patch(&path(&user, "/vault")).json(given).send().await.expect(200);
        let fields: Vec<_> = cases.iter().map(|case| case.field).collect();
        assert_eq!(reveal(&tenant.owner, &user, &fields).await, kept, "round {round}");
    }
}

async fn refused(client: &Client, user: &Value, case: &Case, bad: &str) {
    let name = format!("{} = {bad:?}", case.field);
    let answer = client.patch(&path(user, "/vault")).json(json!({case.field: bad})).send().await;
    let body = invalid(&name, &answer, &[&format!("/{}", case.field)]);
    // The same sentence for every wrong value: nothing of it comes back.
    let expected = FieldId::parse(case.field).unwrap().definition().kind.expected();
    assert_eq!(body["errors"][0]["detail"], format!("must be {expected}"), "{name}");
}

#[tokio::test]
async fn every_field_refuses_what_is_not_of_its_kind() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let before = tenant.items().await;
    for case in cases() {
        for bad in &case.bad {
            refused(&tenant.owner, &user, &case, bad).await;
        }
    }
    // All at once: each has its own pointer.
    let wrong: serde_json::Map<_, _> =
        cases().iter().map(|case| (case.field.to_owned(), json!(case.bad[0]))).collect();
    let mut pointers: Vec<_> = wrong.keys().map(|field| format!("/vault/{field}")).collect();
    pointers.sort();
    let answer = tenant.owner.post("/v1/user").json(json!({"vault": wrong})).send().await;
    assert_eq!(answer.expect(400).pointers(), pointers);
    assert_eq!(tenant.items().await, before);
}
