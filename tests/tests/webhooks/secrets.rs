//! A secret is shown once, lies sealed, and is replaced without a gap.

use serde_json::json;
use shared::domain::Timestamp;

use crate::{
    office::Office,
    receiver::Receiver,
    verify::{raw, simple, standard, v2},
};

#[tokio::test]
async fn during_a_rotation_both_secrets_verify_and_then_the_new_one_alone() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    let destination = office.register(&receiver.url).await;
    let uuid = destination["uuid"].as_str().unwrap();
    let old = destination["secret_shared_key"].as_str().unwrap();
    let rotate = format!("/v3/webhook/destinations/{uuid}/rotate-secret/");
    let now = || Timestamp::now().unix_seconds();

    let rotated = office.didit.post(&rotate).send().await.expect(200).json();
    let new = rotated["secret_shared_key"].as_str().unwrap().to_owned();
    assert_eq!(new.len(), 43);
    assert_ne!(new, old);
    assert!(rotated["previous_secret_expires_at"].is_string());
    office.palm.post("/v1/user").json(json!({})).send().await.expect(201);
    office.run().await;
    let delivered = receiver.one_after(0);
    assert!(standard(&delivered, old, now()) && standard(&delivered, &new, now()));
    for verifies in [v2, raw, simple] {
        assert!(verifies(&delivered, &new, now()) && !verifies(&delivered, old, now()));
    }

    let at_once = office.didit.post(&rotate).json(json!({"overlap_seconds": 0}));
    let newest = at_once.send().await.expect(200).json();
    let newest = newest["secret_shared_key"].as_str().unwrap();
    office.palm.post("/v1/user").json(json!({})).send().await.expect(201);
    office.run().await;
    let delivered = receiver.one_after(1);
    assert!(standard(&delivered, newest, now()));
    assert!(!standard(&delivered, &new, now()) && !standard(&delivered, old, now()));

    let shown = office.destination(uuid).await;
    assert!(!shown.to_string().contains(newest));
    for value in [-1, 604_801] {
        let wrong = office.didit.post(&rotate).json(json!({"overlap_seconds": value}));
        let message = "Enter a whole number from 0 to 604800.";
        assert_eq!(wrong.send().await.expect(400).json(), json!({"overlap_seconds": [message]}));
    }
}
