//! Key sets that are fetched.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use serde_json::{Value, json};
use shared::{
    auth::{InvalidIssuer, new_issuer},
    domain::Mode,
    store::KeySource,
};
use tokio::{net::TcpListener, task::JoinSet};

use super::{Issuer, key_set, refused, signer::Signer};

/// A server of one key set, which counts how often it is asked.
#[derive(Clone, Default)]
pub(super) struct Server(Arc<Mutex<Served>>);

#[derive(Default)]
struct Served {
    status: u16,
    body: String,
    count: usize,
    tasks: JoinSet<()>,
}

impl Server {
    pub(super) async fn start(keys: &Value) -> (Self, KeySource) {
        let server = Self::default();
        server.serve(200, &keys.to_string());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let app = Router::new().route("/jwks.json", get(answer)).with_state(server.clone());
        let serve = async move { drop(axum::serve(listener, app).await) };
        server.0.lock().unwrap().tasks.spawn(serve);
        (server, KeySource::Url(url))
    }

    pub(super) fn serve(&self, status: u16, body: &str) {
        let mut served = self.0.lock().unwrap();
        (served.status, served.body) = (status, body.to_owned());
    }

    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap().count
    }
}

async fn answer(State(Server(state)): State<Server>) -> impl IntoResponse {
    let mut served = state.lock().unwrap();
    served.count += 1;
    let location = [("location", "/elsewhere")];
    (StatusCode::from_u16(served.status).unwrap(), location, served.body.clone())
}

#[tokio::test]
async fn a_key_set_is_fetched_once_for_however_many() {
    let signer = Signer::rs256("a");
    let (server, keys) = Server::start(&key_set(&[&signer])).await;
    let issuer = Issuer::warm(keys).await;
    assert_eq!(server.count(), 0);
    let token = signer.sign(&issuer.claims());
    let mut crowd = JoinSet::new();
    for _ in 0..32 {
        crowd.spawn(issuer.client(&token).get(super::NOBODY).send());
    }
    for answer in crowd.join_all().await {
        answer.problem(404, "not_found");
    }
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_once() {
    let (old, new, unknown) =
        (Signer::es256("old"), Signer::es256("new"), Signer::es256("unknown"));
    let (server, keys) = Server::start(&key_set(&[&old])).await;
    let issuer = Issuer::warm(keys).await;
    issuer.try_out(&old.sign(&issuer.claims())).await.problem(404, "not_found");
    assert_eq!(server.count(), 1);
    server.serve(200, &key_set(&[&new]).to_string());
    issuer.try_out(&old.sign(&issuer.claims())).await.problem(404, "not_found");
    assert_eq!(server.count(), 1, "what is known is not asked for");
    issuer.try_out(&new.sign(&issuer.claims())).await.problem(404, "not_found");
    assert_eq!(server.count(), 2);
    for _ in 0..20 {
        refused("unknown", &issuer.try_out(&unknown.sign(&issuer.claims())).await);
    }
    refused("withdrawn", &issuer.try_out(&old.sign(&issuer.claims())).await);
    assert_eq!(server.count(), 2, "not more than once in ten seconds");
}

#[tokio::test]
async fn a_set_that_cannot_be_renewed_goes_on_as_it_was() {
    let (signer, unknown) = (Signer::es256("a"), Signer::es256("b"));
    let (server, keys) = Server::start(&key_set(&[&signer])).await;
    let issuer = Issuer::warm(keys).await;
    issuer.try_out(&signer.sign(&issuer.claims())).await.problem(404, "not_found");
    server.serve(500, "");
    refused("unknown", &issuer.try_out(&unknown.sign(&issuer.claims())).await);
    assert_eq!(server.count(), 2);
    issuer.try_out(&signer.sign(&issuer.claims())).await.problem(404, "not_found");
}

#[tokio::test]
async fn where_no_key_set_can_be_had_nobody_is_let_in() {
    let signer = Signer::es256("a");
    let good = key_set(&[&signer]).to_string();
    let large = format!("{good}{}", " ".repeat(256 * 1024));
    for (case, status, body) in [
        ("an error", 500, good.as_str()),
        ("nothing there", 404, &good),
        ("a redirect", 302, &good),
        ("no JSON", 200, "<html>"),
        ("no keys", 200, r#"{"keys": []}"#),
        ("no set", 200, "[]"),
        ("too large", 200, &large),
    ] {
        let (server, keys) = Server::start(&json!({})).await;
        server.serve(status, body);
        let issuer = Issuer::new(keys).await;
        let token = signer.sign(&issuer.claims());
        let answer = issuer.try_out(&token).await;
        assert_eq!(answer.status, 503, "{case}: {answer}");
        answer.problem(503, "unavailable");
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert_eq!(server.count(), 1, "{case}");
    }
    // Nobody listens on port 1.
    let issuer = Issuer::new(KeySource::Url("http://127.0.0.1:1/".to_owned())).await;
    issuer.try_out(&signer.sign(&issuer.claims())).await.problem(503, "unavailable");
}

/// Keys that are of no use here are passed over, and do not spoil the others.
#[tokio::test]
async fn a_set_may_hold_other_keys() {
    let signer = Signer::es256("a");
    let mut keys = key_set(&[&signer]);
    let secret = json!({"kty": "oct", "k": "c2VjcmV0", "kid": "s", "alg": "HS256"});
    let sealing = {
        let mut key = Signer::rs256("e").public();
        key["use"] = json!("enc");
        key
    };
    let other = json!({"kty": "future", "kid": "f", "x": [1]});
    keys["keys"].as_array_mut().unwrap().extend([secret, sealing, other, json!(7)]);
    let (_server, keys) = Server::start(&keys).await;
    let issuer = Issuer::new(keys).await;
    issuer.try_out(&signer.sign(&issuer.claims())).await.problem(404, "not_found");
    let header = json!({"alg": "HS256", "kid": "s"});
    let forged = super::signer::hmac(&header, &issuer.claims(), b"secret");
    refused("a shared secret", &issuer.try_out(&forged).await);
    refused("a key for sealing", &issuer.try_out(&Signer::rs256("e").sign(&issuer.claims())).await);
}

#[tokio::test]
async fn an_issuer_is_registered_with_keys_that_can_be_had() {
    let tenant = harness::world::World::shared().tenant().await;
    let scope = || tenant.keys.scope(Mode::Test);
    let url = |url: &str| KeySource::Url(url.to_owned());
    for wrong in [
        "http://example.com/jwks",
        "ftp://example.com",
        "https://",
        "/jwks",
        "https://a:b@example.com/",
        "file:///etc/passwd",
        "http://127.0.0.1.example.com/",
    ] {
        assert_eq!(new_issuer("a", scope(), "b", url(wrong)), Err(InvalidIssuer::Url), "{wrong}");
    }
    new_issuer("a", scope(), "b", url("https://example.com/jwks")).unwrap();
    for wrong in
        ["", "{}", r#"{"keys": []}"#, r#"{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "s"}]}"#]
    {
        let keys = KeySource::Inline(wrong.to_owned());
        assert!(
            matches!(new_issuer("a", scope(), "b", keys), Err(InvalidIssuer::KeySet(_))),
            "{wrong}"
        );
    }
    for (name, audience) in
        [("", "b"), ("a b", "b"), ("a", ""), (&"a".repeat(513), "b"), ("ä", "b")]
    {
        assert!(
            new_issuer(name, scope(), audience, url("https://example.com/")).is_err(),
            "{name}"
        );
    }
}
