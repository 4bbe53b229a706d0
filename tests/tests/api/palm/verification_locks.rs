//! What an approved session established stays as it is, for as long as the session stands.

use serde_json::{Value, json};

use super::{
    path, reveal,
    verification::{Person, full, with},
};

async fn locked(person: &Person) -> Vec<String> {
    let item = person.tenant.user_item(person.id()).await;
    serde_json::from_value(item["locked"].clone()).unwrap_or_default()
}

const NAMES: [&str; 4] =
    ["identity.first_name", "identity.full_name", "identity.last_name", "identity.middle_name"];

#[tokio::test]
async fn established_fields_are_read_only_through_every_api() {
    let person = Person::new(json!({})).await;
    let user = person.record(full("approved")).await.expect(200).json();
    let shown = ["identity.email", "identity.date_of_birth", "identity.first_name", "custom.a"];
    let vault = |value: Value| {
        json!({"identity.email": value, "identity.date_of_birth": null,
               "identity.first_name": "Eve", "identity.middle_name": "Eve", "custom.a": "b"})
    };
    for value in [json!("eve@example.com"), json!(null)] {
        let change = person.tenant.owner.patch(&path(&user, "/vault")).json(vault(value));
        let changed = change.send().await.expect(200).json();
        for member in ["vault", "email_fingerprint", "verification"] {
            assert_eq!(changed[member], user[member], "{member}");
        }
        let event = person.last_event().await;
        let ignored = [
            "identity.date_of_birth",
            "identity.email",
            "identity.first_name",
            "identity.middle_name",
        ];
        assert_eq!(event["ignored"], json!(ignored));
    }
    assert_eq!(
        reveal(&person.tenant.owner, &user, &shown).await,
        json!({"identity.email": "Ann@example.com", "identity.date_of_birth": "1990-01-15",
               "identity.first_name": "Ann", "custom.a": "b"})
    );
    let before = person.seen().await;
    let changed = person
        .patch(json!({
            "full_name": "Eve", "date_of_birth": "2000-01-01", "approved_emails": [],
            "approved_phones": [], "issuing_states": ["USA"], "display_name": "Eve",
        }))
        .await;
    let members =
        ["full_name", "date_of_birth", "approved_emails", "approved_phones", "issuing_states"];
    for member in members {
        assert_eq!(changed[member], before[member], "{member}");
    }
    assert_eq!(changed["display_name"], "Eve");
    let event = person.last_event().await;
    let mut ignored: Vec<String> = serde_json::from_value(event["ignored"].clone()).unwrap();
    ignored.sort();
    let all = [
        "approved.emails",
        "approved.phones",
        "identity.date_of_birth",
        "identity.full_name",
        "issuing_states",
    ];
    assert_eq!((json!(ignored), &event["fields"]), (json!(all), &json!(["display_name"])));
}

#[tokio::test]
async fn only_what_was_established_is_locked() {
    let person = Person::new(json!({"approved_emails": ["a@example.com"]})).await;
    let body = with("s", "approved", json!({"vault": {"identity.date_of_birth": "1990-01-15"}}));
    person.record(body).await.expect(200);
    assert_eq!(locked(&person).await, ["identity.date_of_birth"]);
    let changed =
        person.patch(json!({"full_name": "Ann", "approved_emails": [], "issuing_states": ["USA"]}));
    let changed = changed.await;
    assert_eq!(
        [&changed["full_name"], &changed["approved_emails"], &changed["issuing_states"]],
        [&json!("Ann"), &json!([]), &json!(["USA"])]
    );
}

#[tokio::test]
async fn a_later_session_may_correct_what_an_earlier_one_established() {
    let person = Person::new(json!({"approved_emails": ["old@example.com"]})).await;
    person.record(full("approved")).await.expect(200);
    let vault = json!({"identity.full_name": "Ann Lee-Roe", "identity.email": "new@example.com"});
    let body = with("t", "approved", json!({"vault": vault, "issuing_state": "FRA"}));
    let user = person.record(body).await.expect(200).json();
    let seen = person.seen().await;
    assert_eq!(seen["full_name"], "Ann Lee-Roe");
    assert_eq!(seen["issuing_states"], json!(["GBR", "FRA"]));
    let emails = ["old@example.com", "second@example.com", "Ann@example.com", "new@example.com"];
    assert_eq!(seen["approved_emails"], json!(emails));
    let shown = reveal(&person.tenant.owner, &user, &["identity.email"]).await;
    assert_eq!(shown["identity.email"], "new@example.com");
}

/// A name in parts takes the place of a whole one that nobody has verified.
#[tokio::test]
async fn a_whole_name_from_before_does_not_hide_the_verified_parts() {
    let person = Person::new(json!({"full_name": "Eve"})).await;
    let vault = json!({"identity.last_name": "Lee"});
    let user = person.record(with("s", "approved", json!({"vault": vault}))).await.json();
    assert_eq!(user["vault"], json!({"identity.last_name": "Lee"}));
    assert_eq!(person.seen().await["full_name"], "Lee");
    assert_eq!(locked(&person).await, NAMES);
}

#[tokio::test]
async fn what_nothing_vouches_for_any_more_is_no_longer_approved() {
    let person = Person::new(json!({"approved_emails": ["own@example.com"]})).await;
    person.record(full("approved")).await.expect(200);
    let other = with(
        "other",
        "approved",
        json!({"vault": {"identity.last_name": "Lee"}, "approved_emails": ["ann@example.com"],
               "executed_at": "2024-01-16T10:30:00Z"}),
    );
    person.record(other.clone()).await.expect(200);
    let mut withdrawn = full("declined");
    withdrawn["executed_at"] = json!("2024-01-17T10:30:00Z");
    person.record(withdrawn).await.expect(200);

    let seen = person.seen().await;
    assert_eq!(seen["approved_emails"], json!(["own@example.com", "Ann@example.com"]));
    assert_eq!(seen["approved_phones"], json!([]));
    assert_eq!(seen["issuing_states"], json!([]));
    assert_eq!(seen["date_of_birth"], "1990-01-15", "a value stays, and may be changed again");
    assert_eq!(person.counters().await, [2, 1, 1, 0]);
    let mut still = NAMES.to_vec();
    still.insert(0, "approved.emails");
    assert_eq!(locked(&person).await, still);
    for query in ["country_code=GBR", "search=second@example.com", "search=%2B14155552671"] {
        assert_eq!(person.listed(query).await, json!([]), "{query}");
    }
    let changed = person.patch(json!({"date_of_birth": "2000-01-01", "full_name": "Eve"})).await;
    assert_eq!(
        (&changed["date_of_birth"], &changed["full_name"]),
        (&json!("2000-01-01"), &json!("Ann Lee"))
    );

    let mut nothing = other;
    nothing["outcome"] = json!("in_review");
    person.record(nothing).await.expect(200);
    assert_eq!(person.seen().await["approved_emails"], json!(["own@example.com"]));
    assert_eq!(locked(&person).await, Vec::<String>::new());
    assert_eq!(person.counters().await, [2, 0, 1, 1]);
}

/// Lists hold twenty; the oldest go first, and everybody in them is found.
#[tokio::test]
async fn approved_lists_hold_the_latest_twenty() {
    let old: Vec<_> = (0..20).map(|n| format!("old{n}@example.com")).collect();
    let states = ["USA", "GBR", "FRA", "DEU", "ITA", "ESP", "PRT"];
    let person = Person::new(json!({"approved_emails": old, "issuing_states": states})).await;
    for found in ["search=old0@example.com", "search=old19@example.com", "country_code=PRT"] {
        assert_eq!(person.listed(found).await.as_array().unwrap().len(), 1, "{found}");
    }
    let new: Vec<_> = (0..5).map(|n| format!("new{n}@example.com")).collect();
    person.record(with("s", "approved", json!({"approved_emails": new}))).await.expect(200);
    let expected: Vec<_> = old.iter().skip(5).chain(&new).cloned().collect();
    assert_eq!(person.seen().await["approved_emails"], json!(expected));
    assert_eq!(person.listed("search=old4@example.com").await, json!([]));
    for found in ["old5", "new0", "new4"] {
        let query = format!("search={found}@example.com");
        assert_eq!(person.listed(&query).await.as_array().unwrap().len(), 1, "{query}");
    }
}
