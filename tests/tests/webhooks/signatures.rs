//! Every body verifies by every scheme, and nothing else does.

use serde_json::json;
use shared::domain::Timestamp;

use crate::{
    office::Office,
    receiver::{Delivered, Receiver},
    verify::{SCHEMES, hmac_sha256},
};

#[test]
fn the_verification_of_these_tests_knows_hmac() {
    // RFC 4231, test case 2.
    let mac = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(data_encoding::HEXLOWER.encode(&mac), expected);
}

#[tokio::test]
async fn every_body_verifies_by_each_scheme_and_no_altered_one_does() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    let destination = office.register(&receiver.url).await;
    let secret = destination["secret_shared_key"].as_str().unwrap();
    let create = json!({
        "vendor_data": "José-42 😀", "display_name": "Zoë \"Z\" \\",
        "metadata": {"z": 1.0, "a": 2.5, "é": ["\n\u{7f}\u{1}", {"b": null, "a": true}], "big": 9_007_199_254_740_991_i64},
    });
    office.didit.post("/v3/users/create/").json(create).send().await.expect(201);
    let path = "/v3/users/Jos%C3%A9-42%20%F0%9F%98%80/";
    let update = office.didit.patch(path).json(json!({"metadata": {"π": 3.25}, "tags": ["a"]}));
    update.send().await.expect(200);
    let status = office.didit.patch(&format!("{path}update-status/"));
    status.json(json!({"status": "BLOCKED"})).send().await.expect(200);
    office.run().await;

    let delivered = receiver.delivered();
    assert_eq!(delivered.len(), 3);
    let now = Timestamp::now().unix_seconds();
    for delivered in &delivered {
        assert_eq!(delivered.header("content-type"), "application/json");
        assert_eq!(delivered.header("webhook-id"), delivered.event_id());
        let timestamp = delivered.json()["timestamp"].as_i64().unwrap();
        assert_eq!(delivered.header("x-timestamp"), timestamp.to_string());
        assert_eq!(delivered.header("webhook-timestamp"), timestamp.to_string());
        for (name, verifies) in SCHEMES {
            assert!(verifies(delivered, secret, now), "{name}");
            assert!(!verifies(delivered, "another", now), "{name}");
            assert!(!verifies(delivered, &format!("{secret} "), now), "{name}");
            assert!(!verifies(delivered, secret, now + 302), "{name}: stale");
            assert!(!verifies(delivered, secret, now - 302), "{name}: from the future");
        }
        altered(delivered, secret, now);
    }
}

/// One changed byte anywhere. The simple scheme is over four members only, which is why Didit calls it deprecated.
fn altered(delivered: &Delivered, secret: &str, now: i64) {
    for place in 0..delivered.body.len() {
        let mut other = delivered.clone();
        other.body[place] ^= 1;
        for (name, verifies) in SCHEMES.into_iter().filter(|(name, _)| *name != "simple") {
            assert!(!verifies(&other, secret, now), "{name}: byte {place}");
        }
    }
    let text = String::from_utf8(delivered.body.clone()).unwrap();
    let forged = text.replace("user.", "xser.");
    assert_ne!(forged, text);
    let forged = Delivered { body: forged.into_bytes(), ..delivered.clone() };
    for (name, verifies) in SCHEMES {
        assert!(!verifies(&forged, secret, now), "{name}");
    }
}
