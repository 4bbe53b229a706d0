//! Issuers and their key sets in a sandbox that was frozen, or whose clock was set back.

use harness::{client::Answer, clock::HandClock, cold::Cold};
use serde_json::json;
use shared::domain::Mode;

use super::{Issuer, NOBODY, fetched::Server, inline, key_set, refused, register, signer::Signer};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

/// Functions by a clock of ours.
struct Frozen {
    clock: HandClock,
    functions: Cold,
}

impl Frozen {
    async fn new(issuer: &Issuer) -> Self {
        let clock = HandClock::new();
        Self { functions: Cold::by(issuer.tenant.world, &clock.clock()).await, clock }
    }

    async fn try_out(&self, token: &str) -> Answer {
        self.functions.client(token).get(NOBODY).send().await
    }
}

#[tokio::test]
async fn a_key_set_is_kept_for_ten_minutes() {
    let signer = Signer::es256("a");
    let (server, keys) = Server::start(&key_set(&[&signer])).await;
    let issuer = Issuer::new(keys).await;
    let frozen = Frozen::new(&issuer).await;
    let token = signer.sign(&issuer.claims());
    for (pass, fetches, case) in [
        (0, 1, "the first request"),
        (10 * MINUTE - 1, 1, "just within ten minutes"),
        (1, 2, "the ten minutes are over"),
        (30 * MINUTE, 3, "frozen for half an hour"),
        (-1, 4, "set back by as little as can be"),
        (0, 4, "and used from there on"),
    ] {
        frozen.clock.pass(pass);
        frozen.try_out(&token).await.problem(404, "not_found");
        assert_eq!(server.count(), fetches, "{case}");
    }
    // A key that was withdrawn meanwhile is refused.
    server.serve(200, &key_set(&[&Signer::es256("b")]).to_string());
    frozen.clock.pass(30 * MINUTE);
    refused("withdrawn", &frozen.try_out(&token).await);
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_again_after_ten_seconds() {
    let (signer, unknown) = (Signer::es256("a"), Signer::es256("b"));
    let (server, keys) = Server::start(&key_set(&[&signer])).await;
    let issuer = Issuer::new(keys).await;
    let frozen = Frozen::new(&issuer).await;
    frozen.try_out(&signer.sign(&issuer.claims())).await.problem(404, "not_found");
    for (pass, fetches, case) in [
        (0, 2, "unknown"),
        (10 * SECOND - 1, 2, "just within the pause"),
        (1, 3, "the pause is over"),
        (MINUTE, 4, "frozen for a minute"),
        (-1, 5, "set back: the set itself is had anew"),
    ] {
        frozen.clock.pass(pass);
        refused(case, &frozen.try_out(&unknown.sign(&issuer.claims())).await);
        assert_eq!(server.count(), fetches, "{case}");
    }
}

#[tokio::test]
async fn after_a_failure_the_next_attempt_waits_a_second() {
    let signer = Signer::es256("a");
    let (server, keys) = Server::start(&json!({})).await;
    server.serve(500, "");
    let issuer = Issuer::new(keys).await;
    let frozen = Frozen::new(&issuer).await;
    let token = signer.sign(&issuer.claims());
    for (pass, fetches) in [(0, 1), (SECOND - 1, 1), (1, 2), (MINUTE, 3), (-1, 4), (0, 4)] {
        frozen.clock.pass(pass);
        frozen.try_out(&token).await.problem(503, "unavailable");
        assert_eq!(server.count(), fetches, "after {pass} ms");
    }
    server.serve(200, &key_set(&[&signer]).to_string());
    frozen.clock.pass(SECOND);
    frozen.try_out(&token).await.problem(404, "not_found");
}

/// What is registered anew is in force after a minute: here, that other keys sign.
#[tokio::test]
async fn an_issuer_is_known_for_a_minute() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    for (pass, known) in [(MINUTE - 1, true), (MINUTE, false), (30 * MINUTE, false), (-1, false)] {
        let issuer = Issuer::new(inline(&[&old])).await;
        let frozen = Frozen::new(&issuer).await;
        let token = old.sign(&issuer.claims());
        frozen.try_out(&token).await.problem(404, "not_found");
        register(&issuer.tenant, Mode::Test, &issuer.name, inline(&[&new])).await;
        frozen.clock.pass(pass);
        let answer = frozen.try_out(&token).await;
        if known {
            answer.problem(404, "not_found");
        } else {
            refused("replaced", &answer);
        }
    }
}
