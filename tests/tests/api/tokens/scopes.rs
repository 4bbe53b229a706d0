//! What the scopes of a token permit.

use serde_json::json;

use super::{Issuer, NOBODY, Signer, inline};

#[tokio::test]
async fn a_scope_is_a_permission() {
    let signer = Signer::es256("a");
    let issuer = Issuer::new(inline(&[&signer])).await;
    let cases = [
        (json!("create:users"), 201, 403),
        (json!("write:users"), 201, 403),
        (json!("read:users"), 403, 404),
        (json!("openid read:users write:users"), 201, 404),
        (json!(["read:users", "create:users"]), 201, 404),
        (json!(null), 403, 403),
        (json!(""), 403, 403),
        (json!("read:portfolios"), 403, 403),
        (json!("xcreate:users read:usersx READ:USERS"), 403, 403),
        (json!("create:users,read:users"), 403, 403),
        (json!({"read:users": true}), 403, 403),
        (json!(7), 403, 403),
    ];
    for (number, (scope, create, get)) in cases.into_iter().enumerate() {
        let client = issuer.client(&signer.sign(&issuer.with(json!({"scope": scope}))));
        let body = crate::wealthyhood::john(&format!("john{number}@example.com"));
        for (answer, status) in [
            (client.post("/users").json(body).send().await, create),
            (client.get(NOBODY).send().await, get),
        ] {
            assert_eq!(answer.status, status, "{scope}: {answer}");
            if status == 403 {
                answer.problem(403, "permission_denied");
            }
        }
    }
}

/// Events and logs name the client, and never a person.
#[tokio::test]
async fn an_actor_is_a_clients_id_or_a_digest() {
    let signer = Signer::es256("a");
    let issuer = Issuer::new(inline(&[&signer])).await;
    for (number, (changes, actor)) in [
        (json!({"azp": "Client_7-x"}), Some("jwt:Client_7-x")),
        (json!({"azp": null, "client_id": "other"}), Some("jwt:other")),
        (json!({"azp": "ada@example.com"}), None),
        (json!({"azp": null, "sub": "ada@example.com"}), None),
        (json!({"azp": null, "sub": null}), None),
    ]
    .into_iter()
    .enumerate()
    {
        let client = issuer.client(&signer.sign(&issuer.with(changes)));
        let body = crate::wealthyhood::john(&format!("john{number}@example.com"));
        let user = client.post("/users").json(body).send().await.expect(201).json();
        let id = shared::domain::UserId::parse_hex(user["id"].as_str().unwrap()).unwrap();
        let events = issuer.tenant.events(&id.to_uuid().to_string()).await;
        let named = events[0]["actor"].as_str().unwrap();
        match actor {
            Some(actor) => assert_eq!(named, actor),
            None => {
                assert!(!named.contains("ada") && named.len() == 36, "{named}");
            }
        }
    }
}
