//! Webhooks reach the public internet and nothing else.

use harness::world::World;
use serde_json::json;

use crate::{office::Office, receiver::Receiver};

const BASE: &str = "/v3/webhook/destinations/";

#[tokio::test]
async fn urls_that_lead_elsewhere_are_refused() {
    let office = Office::over(World::start()).await;
    for (url, message) in [
        ("http://example.com/", "Webhook URL must use HTTPS."),
        ("https://user:pw@example.com/", "Webhook URL must not contain credentials."),
        ("https://127.0.0.1/", "Webhook URL must point to a public host."),
        ("https://0x7f.1/", "Webhook URL must point to a public host."),
        ("https://169.254.169.254/latest/", "Webhook URL must point to a public host."),
        ("https://[::ffff:10.0.0.1]/", "Webhook URL must point to a public host."),
        ("nonsense", "Enter a valid URL."),
    ] {
        let body = json!({"label": "a", "url": url});
        let answer = office.didit.post(BASE).json(body).send().await;
        assert_eq!(answer.expect(400).json(), json!({"url": [message]}), "{url}");
    }
}

/// A name that leads to this machine passes the registration, since it is not looked up there; it is looked up before every
/// attempt, and then nothing is sent.
#[tokio::test]
async fn names_that_lead_elsewhere_are_never_connected_to() {
    let office = Office::over(World::start()).await;
    let receiver = Receiver::start().await;
    let port = receiver.url.rsplit(':').next().unwrap().trim_end_matches("/hook");
    for host in ["localhost", "LOCALHOST", "localhost."] {
        let uuid = office.register(&format!("https://{host}:{port}/{host}")).await["uuid"].clone();
        office.palm.post("/v1/user").json(json!({})).send().await.expect(201);
        office.run().await;
        let destination = office.destination(uuid.as_str().unwrap()).await;
        assert_eq!(destination["summary"]["failed_deliveries"], 1, "{host}");
        assert_eq!(destination["summary"]["max_response_time_ms"], serde_json::Value::Null);
        office.didit.delete(&format!("{BASE}{}/", uuid.as_str().unwrap())).send().await.expect(204);
        office.later().await;
        while office.deliver().await > 0 {}
    }
    assert!(receiver.delivered().is_empty());
}
