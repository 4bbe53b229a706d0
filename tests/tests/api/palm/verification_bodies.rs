//! Reports that are wrong, member by member.

use harness::world::World;
use serde_json::{Value, json};
use shared::domain::Timestamp;
use time::Duration;

use super::{
    id, invalid, make,
    verification::{record, report, with},
};

fn long(n: usize) -> Value {
    Value::from("é".repeat(n))
}

/// Members in place of good ones, and where the faults are.
fn wrong() -> Vec<(Value, Vec<&'static str>)> {
    let later = |duration| Timestamp::now().plus(duration).to_millis_string();
    let cases: Vec<(Value, &[&'static str])> = vec![
        (json!({"session_id": ""}), &["/session_id"]),
        (json!({"session_id": " "}), &["/session_id"]),
        (json!({"session_id": "a\nb"}), &["/session_id"]),
        (json!({"session_id": long(129)}), &["/session_id"]),
        (json!({"workflow": {}}), &["/workflow/name", "/workflow/version"]),
        (json!({"workflow": {"name": "", "version": 1}}), &["/workflow/name"]),
        (json!({"workflow": {"name": long(256), "version": 1}}), &["/workflow/name"]),
        (json!({"workflow": {"name": 1, "version": 1}}), &["/workflow/name"]),
        (json!({"workflow": {"name": "a", "version": 0}}), &["/workflow/version"]),
        (json!({"workflow": {"name": "a", "version": -1}}), &["/workflow/version"]),
        (json!({"workflow": {"name": "a", "version": 1.5}}), &["/workflow/version"]),
        (json!({"workflow": {"name": "a", "version": "1"}}), &["/workflow/version"]),
        (json!({"workflow": {"name": "a", "version": 4_294_967_296_u64}}), &["/workflow/version"]),
        (json!({"workflow": {"name": "a", "version": 1, "x": 1}}), &["/workflow/x"]),
        (json!({"risk_level": "Low"}), &["/risk_level"]),
        (json!({"risk_level": "critical"}), &["/risk_level"]),
        (json!({"outcome": "Approved"}), &["/outcome"]),
        (json!({"outcome": "expired"}), &["/outcome"]),
        (json!({"features": {"OCR": "Approved"}}), &["/features/OCR"]),
        (json!({"features": {"AML": "approved"}}), &["/features/AML"]),
        (json!({"features": {"AML": null, "NFC": 1}}), &["/features/AML", "/features/NFC"]),
        (json!({"vault": {"identity.emial": "a"}}), &["/vault/identity.emial"]),
        (json!({"vault": {"identity.email": "a"}}), &["/vault/identity.email"]),
        (json!({"vault": {"identity.email": null}}), &["/vault/identity.email"]),
        (json!({"vault": {"custom.a": "b"}}), &["/vault/custom.a"]),
        (json!({"vault": {"approved.emails": "a@example.com"}}), &["/vault/approved.emails"]),
        (json!({"vault": {"issuing_states": "GBR"}}), &["/vault/issuing_states"]),
        (
            json!({"vault": {"identity.date_of_birth": "2999-01-01"}}),
            &["/vault/identity.date_of_birth"],
        ),
        (json!({"approved_emails": ["a@example.com", "b"]}), &["/approved_emails/1"]),
        (json!({"approved_emails": [1]}), &["/approved_emails/0"]),
        (json!({"approved_emails": vec!["a@example.com"; 6]}), &["/approved_emails"]),
        (json!({"approved_phones": ["4155552671"]}), &["/approved_phones/0"]),
        (json!({"approved_phones": [null]}), &["/approved_phones/0"]),
        (json!({"approved_phones": vec!["+14155552671"; 6]}), &["/approved_phones"]),
        (json!({"issuing_state": "GB"}), &["/issuing_state"]),
        (json!({"issuing_state": "gbr"}), &["/issuing_state"]),
        (json!({"issuing_state": "ZZZ"}), &["/issuing_state"]),
        (json!({"executed_at": "2024-01-15"}), &["/executed_at"]),
        (json!({"executed_at": "2024-01-15T10:30:00"}), &["/executed_at"]),
        (json!({"executed_at": "2024-02-30T10:30:00Z"}), &["/executed_at"]),
        (json!({"executed_at": "1969-12-31T23:59:59Z"}), &["/executed_at"]),
        (json!({"executed_at": later(Duration::minutes(2))}), &["/executed_at"]),
        (json!({"executed_at": "9999-12-31T23:59:59Z"}), &["/executed_at"]),
        (json!({"id": "a", "risk": "low"}), &["/id", "/risk"]),
        (
            json!({"risk_level": "none", "outcome": "none", "executed_at": "then"}),
            &["/risk_level", "/outcome", "/executed_at"],
        ),
    ];
    cases.into_iter().map(|(members, pointers)| (members, pointers.to_vec())).collect()
}

#[tokio::test]
async fn every_fault_is_named_by_its_place_and_nothing_is_written() {
    let tenant = World::shared().tenant().await;
    let user = make(&tenant.owner, json!({})).await;
    let before = tenant.items().await;
    for (members, pointers) in wrong() {
        let answer =
            record(&tenant.owner, &user, with("canary-session", "approved", members.clone())).await;
        let body = invalid(&members.to_string(), &answer, &pointers);
        assert!(!body.to_string().contains("canary-session"), "{body}");
    }
    for member in ["session_id", "workflow", "risk_level", "outcome", "executed_at"] {
        for null in [false, true] {
            let mut body = report("s", "approved");
            if null {
                body[member] = Value::Null;
            } else {
                body.as_object_mut().unwrap().remove(member);
            }
            let answer = record(&tenant.owner, &user, body).await;
            let problem = invalid(member, &answer, &[&format!("/{member}")]);
            let detail = problem["errors"][0]["detail"].as_str().unwrap();
            assert!(detail.starts_with("is required"), "{detail}");
        }
    }
    assert_eq!(tenant.items().await, before);
}

#[tokio::test]
async fn what_is_just_within_its_limits_is_taken() {
    let tenant = World::shared().tenant().await;
    let features = [
        ("AGE_ESTIMATION", "Approved"),
        ("AML", "Declined"),
        ("DATABASE_VALIDATION", "In Review"),
        ("EMAIL_VERIFICATION", "Not Finished"),
        ("FACE_MATCH", "Resub Requested"),
        ("ID_VERIFICATION", "Approved"),
        ("IP_ANALYSIS", "Approved"),
        ("LIVENESS", "Approved"),
        ("NFC", "Approved"),
        ("PHONE", "Approved"),
        ("POA", "Approved"),
        ("QUESTIONNAIRE", "Approved"),
    ];
    let features: serde_json::Map<_, _> =
        features.into_iter().map(|(name, status)| (name.to_owned(), json!(status))).collect();
    for members in [
        json!({"session_id": "é".repeat(128)}),
        json!({"workflow": {"name": "é".repeat(255), "version": 4_294_967_295_u32}}),
        json!({"risk_level": "high"}),
        json!({"features": features}),
        json!({"features": {}, "vault": {}, "approved_emails": [], "approved_phones": []}),
        json!({"features": null, "vault": null, "approved_emails": null, "approved_phones": null,
               "issuing_state": null}),
        json!({"approved_emails": (0..5).map(|n| format!("{n}@example.com")).collect::<Vec<_>>()}),
        json!({"executed_at": "1970-01-01T00:00:00Z"}),
        json!({"executed_at": Timestamp::now().to_millis_string()}),
        json!({"executed_at": "2024-01-15T10:30:00.123456789+14:00"}),
    ] {
        let user = make(&tenant.owner, json!({})).await;
        let answer = record(&tenant.owner, &user, with("s", "approved", members.clone())).await;
        assert_eq!(answer.status, 200, "{members}: {answer}");
        assert_eq!(answer.json()["id"], id(&user));
    }
}

/// As many index entries as one session can replace, and all of it in one transaction.
#[tokio::test]
async fn the_greatest_report_of_the_greatest_user_is_taken() {
    let tenant = World::shared().tenant().await;
    let name = |start: char| {
        let words = (0..9_u8).map(|n| format!("{}{start}word", char::from(b'a' + n)));
        words.collect::<Vec<_>>().join(" ")
    };
    let body = |session: &str, start: char, outcome: &str| {
        let number = if start == 'x' { 1 } else { 2 };
        let emails: Vec<_> = (0..5).map(|n| format!("{start}{n}@example.com")).collect();
        let phones: Vec<_> = (0..5).map(|n| format!("+141555526{number}{n}")).collect();
        with(
            session,
            outcome,
            json!({
                "vault": {
                    "identity.full_name": name(start), "identity.email": format!("{start}@example.com"),
                    "identity.phone_number": format!("+1415555267{number}"),
                    "identity.ssn": format!("22223333{number}"),
                },
                "approved_emails": emails, "approved_phones": phones,
                "issuing_state": if start == 'x' { "USA" } else { "GBR" },
            }),
        )
    };
    let user = make(&tenant.owner, json!({})).await;
    record(&tenant.owner, &user, body("s", 'x', "approved")).await.expect(200);
    // The same session, and nothing of it as it was.
    let request = tenant.owner.post(&super::path(&user, "/verification"));
    let request = request.header("idempotency-key", "k").json(body("s", 'y', "approved"));
    let shown = request.send().await.expect(200).json();
    assert_eq!(shown["vault"]["identity.full_name"], name('y'));
}
