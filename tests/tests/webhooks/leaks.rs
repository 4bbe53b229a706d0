//! What is sealed is in no webhook, and what is personal is in no queue.

use harness::logs::Logs;
use serde_json::json;
use tracing::Level;

use crate::{office::Office, receiver::Receiver};

const SEALED: [(&str, &str); 6] = [
    ("identity.email", "canary.mail@leak.example.com"),
    ("identity.phone_number", "+14155554199"),
    ("identity.date_of_birth", "1951-07-23"),
    ("identity.ssn", "876543210"),
    ("identity.address.city", "Canaryville"),
    ("custom.pet", "Canary bird"),
];

#[tokio::test]
async fn no_sealed_value_leaves_and_nothing_personal_waits() {
    let logs = Logs::install(Level::INFO);
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    let destination = office.register(&format!("{}?token=canary-token", receiver.url)).await;
    let secret = destination["secret_shared_key"].as_str().unwrap();
    let vault: serde_json::Map<_, _> =
        SEALED.iter().map(|(field, value)| ((*field).to_owned(), json!(value))).collect();
    let body = json!({"display_name": "Canary Person", "vault": vault});
    let user = office.palm.post("/v1/user").json(body).send().await.expect(201).json();
    let path = format!("/v1/user/{}/vault", user["id"].as_str().unwrap());
    let fields: serde_json::Map<_, _> =
        SEALED.iter().map(|(field, _)| ((*field).to_owned(), json!(null))).collect();
    office.palm.patch(&path).json(json!(fields)).send().await.expect(200);
    let create = office.didit.post("/v3/users/create/").json(json!({
        "vendor_data": "canary-id", "date_of_birth": "1951-07-23",
        "approved_emails": ["canary.mail@leak.example.com"], "approved_phones": ["+14155554199"],
    }));
    create.send().await.expect(201);
    receiver.answers(&[500]);
    office.run().await;

    let delivered = receiver.delivered();
    assert_eq!(delivered.len(), 3);
    for delivered in &delivered {
        let all = format!("{:?} {}", delivered.headers, String::from_utf8_lossy(&delivered.body));
        for (field, value) in SEALED {
            assert!(!all.contains(value), "{field} in {all}");
        }
        assert!(!all.contains(secret));
    }
    let queued = format!("{:?}", office.world.sqs.calls());
    let told = logs.text();
    assert!(queued.contains("SendMessageBatch") && told.contains("events_deliver"));
    let personal = ["Canary Person", "canary-id", "canary-token", secret];
    for value in SEALED.iter().map(|(_, value)| *value).chain(personal) {
        assert!(!queued.contains(value), "{value} in the queue");
        assert!(!told.contains(value), "{value} in the log");
    }
    let stored = format!("{:?}", office.world.dynamodb.calls());
    assert!(!stored.contains(secret), "the secret lies open");
}
