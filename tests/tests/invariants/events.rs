//! Every change that was answered 2xx has its event, and no event is without its change.

use harness::{
    client::{Answer, Client, Request},
    world::{Tenant, World},
};
use serde_json::{Value, json};
use shared::{
    auth::Role,
    domain::{Mode, Scope},
};

use crate::tables::{Item, Tables, number, partition, text, texts};

/// A user and the events that they must have by now.
struct Chronicle {
    tenant: Tenant,
    scope: Scope,
    actor: String,
    client: Client,
    id: String,
    events: usize,
}

impl Chronicle {
    async fn begin(body: Value) -> (Self, Item) {
        let tenant = World::shared().tenant().await;
        let key = tenant.world.key(&tenant.keys, Mode::Test, Role::Owner).await;
        let client = tenant.world.anonymous().bearer(key.expose_secret());
        let answer = client.post("/v1/user").json(body).send().await;
        let id = answer.expect(201).json()["id"].as_str().unwrap().to_owned();
        let scope = tenant.keys.scope(Mode::Test);
        let actor = format!("key:{}", key.id);
        let mut chronicle = Self { tenant, scope, actor, client, id, events: 0 };
        let event = chronicle.one_more(&answer, "user.created", "palm_create_user").await;
        (chronicle, event)
    }

    fn at(&self, rest: &str) -> String {
        format!("/v1/user/{}{rest}", self.id)
    }

    async fn tables(&self) -> Tables {
        Tables::of(self.tenant.world, &self.scope).await
    }

    /// The one event more that an answer must have caused.
    async fn one_more(&mut self, answer: &Answer, kind: &str, operation: &str) -> Item {
        let tables = self.tables().await;
        tables.check(self.tenant.world, &self.scope).await;
        let events = tables.events(&partition(&self.scope, &self.id));
        self.events += 1;
        assert_eq!(events.len(), self.events, "{answer}");
        let event = (*events.last().unwrap()).clone();
        assert_eq!((text(&event, "kind"), text(&event, "operation")), (kind, operation));
        assert_eq!(text(&event, "actor"), self.actor);
        assert_eq!(answer.header("x-request-id"), Some(text(&event, "request_id")));
        let tag = number(&event, "version").map(|version| format!("\"{version}\""));
        assert!(tag.is_none() || answer.header("etag") == tag.as_deref(), "{tag:?}");
        event
    }

    async fn changed(&mut self, request: Request, operation: &str) -> Item {
        let answer = request.send().await;
        answer.expect(200);
        self.one_more(&answer, "user.updated", operation).await
    }

    /// Nothing at all may be written.
    async fn refused(&self, status: u16, request: Request) {
        let before = self.tables().await;
        let answer = request.send().await;
        assert_eq!(answer.expect(status).status, status);
        assert_eq!(self.tables().await, before, "{answer}");
    }
}

fn changes(event: &Item) -> Value {
    serde_json::from_str(text(event, "changes")).unwrap()
}

#[tokio::test]
async fn every_change_has_an_event_that_says_what_and_by_whom() {
    let (mut chronicle, created) = Chronicle::begin(json!({
        "display_name": "Ada", "metadata": {"tier": "gold"},
        "vault": {"identity.first_name": "Ada", "identity.email": "ada@example.com"},
    }))
    .await;
    let all = ["display_name", "metadata", "identity.email", "identity.first_name"];
    assert_eq!(texts(&created, "fields"), all);
    assert_eq!(number(&created, "version"), Some(1));
    assert_eq!(
        changes(&created),
        json!({
            "display_name": {"previous": null, "current": "Ada"},
            "metadata": {"previous": {}, "current": {"tier": "gold"}},
            "identity.first_name": {"previous": null, "current": "Ada"},
        })
    );

    let update = chronicle.client.patch(&chronicle.at(""));
    let update = update.json(json!({"display_name": "Grace", "metadata": {"tier": "gold"}}));
    let event = chronicle.changed(update, "palm_update_user").await;
    assert_eq!(texts(&event, "fields"), ["display_name"]);
    assert_eq!(changes(&event), json!({"display_name": {"previous": "Ada", "current": "Grace"}}));
    assert_eq!(number(&event, "version"), Some(2));

    let update = chronicle.client.patch(&chronicle.at("/vault")).json(json!({
        "identity.email": null, "identity.ssn": "222233333", "identity.first_name": "Grace",
        "identity.last_name": null, "custom.unknown": null,
    }));
    let event = chronicle.changed(update, "palm_update_vault").await;
    assert_eq!(texts(&event, "fields"), ["identity.email", "identity.first_name", "identity.ssn"]);
    assert_eq!(
        changes(&event),
        json!({"identity.first_name": {"previous": "Ada", "current": "Grace"}})
    );
    assert_eq!(number(&event, "version"), Some(3));

    let reveal = chronicle.client.post(&chronicle.at("/vault/reveal"));
    let reveal = reveal.json(json!({"fields": ["identity.ssn", "custom.a"], "reason": "a call"}));
    let answer = reveal.send().await;
    answer.expect(200);
    let event = chronicle.one_more(&answer, "user.revealed", "palm_reveal_vault").await;
    assert_eq!(texts(&event, "fields"), ["identity.ssn", "custom.a"]);
    assert_eq!((text(&event, "reason"), number(&event, "version")), ("a call", None));
    assert_eq!(changes(&event), json!({}));

    let verify = chronicle.client.post(&chronicle.at("/verification"));
    let answer = verify.json(session("s", "approved")).send().await;
    answer.expect(200);
    let event = chronicle.one_more(&answer, "user.verified", "palm_record_verification").await;
    let counted = ["session_count", "approved_count", "first_session_at", "last_session_at"];
    let fields = [["verification", "identity.ssn"].as_slice(), &counted].concat();
    assert_eq!(texts(&event, "fields"), fields);
    assert_eq!(number(&event, "version"), Some(4));
}

fn session(id: &str, outcome: &str) -> Value {
    json!({
        "session_id": id, "workflow": {"name": "KYC", "version": 1}, "risk_level": "low",
        "outcome": outcome, "executed_at": "2024-01-15T10:30:00Z",
        "vault": {"identity.ssn": "222233334"},
    })
}

#[tokio::test]
async fn what_is_refused_or_changes_nothing_writes_nothing() {
    let (chronicle, _) = Chronicle::begin(json!({"display_name": "Ada"})).await;
    let client = &chronicle.client;
    let reader = chronicle.tenant.client(Role::Reader).await;
    let stranger = World::shared().tenant().await.owner;
    let reveal = json!({"fields": ["identity.ssn"], "reason": "none"});
    let (user, vault, shown) =
        (chronicle.at(""), chronicle.at("/vault"), chronicle.at("/vault/reveal"));
    let (verify, events) = (chronicle.at("/verification"), chronicle.at("/events"));
    let approved = || session("s", "approved");
    for (status, request) in [
        (200, client.patch(&user).json(json!({"display_name": "Ada"}))),
        (200, client.patch(&user).json(json!({}))),
        (200, client.patch(&vault).json(json!({"identity.ssn": null}))),
        (412, client.patch(&user).json(json!({"display_name": "B"})).header("if-match", "\"9\"")),
        (412, client.patch(&vault).json(json!({"custom.a": "b"})).header("if-match", "\"9\"")),
        (400, client.patch(&user).json(json!({"display_name": ""}))),
        (400, client.patch(&vault).json(json!({"identity.ssn": "1", "custom.a": "b"}))),
        (400, client.post("/v1/user").json(json!({"vault": {"identity.ssn": "1"}}))),
        (400, client.post(&shown).json(json!({"fields": ["identity.ssn"]}))),
        (403, reader.patch(&user).json(json!({"display_name": "B"}))),
        (403, reader.patch(&vault).json(json!({"custom.a": "b"}))),
        (403, reader.post(&shown).json(reveal.clone())),
        (403, reader.post("/v1/user").json(json!({}))),
        (200, client.get(&events)),
        (400, client.get(&format!("{events}?limit=0"))),
        (400, client.post(&verify).json(session("s", "unknown"))),
        (403, reader.post(&verify).json(approved())),
        (404, stranger.get(&events)),
        (404, stranger.post(&verify).json(approved())),
        (404, stranger.post(&verify).json(approved()).header("idempotency-key", "k")),
        (412, client.post(&verify).json(approved()).header("if-match", "\"9\"")),
        (404, stranger.patch(&user).json(json!({"display_name": "B"}))),
        (404, stranger.patch(&vault).json(json!({"custom.a": "b"}))),
        (404, stranger.post(&shown).json(reveal)),
    ] {
        chronicle.refused(status, request).await;
    }
}

/// Ten at once change one user: every one that was told so has an event, and each event its own version.
#[tokio::test]
async fn changes_that_race_have_one_event_each() {
    let (chronicle, _) = Chronicle::begin(json!({})).await;
    let mut race = tokio::task::JoinSet::new();
    for number in 0..10 {
        let body = json!({"metadata": {number.to_string(): true}});
        race.spawn(chronicle.client.patch(&chronicle.at("")).json(body).send());
    }
    let answers = race.join_all().await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(answers.iter().all(|answer| [200, 409].contains(&answer.status)), "{answers:?}");
    let tables = chronicle.tables().await;
    tables.check(chronicle.tenant.world, &chronicle.scope).await;
    assert_eq!(tables.events(&partition(&chronicle.scope, &chronicle.id)).len(), 1 + won);
    let user = chronicle.client.get(&chronicle.at("")).send().await.expect(200).json();
    assert_eq!(user["metadata"].as_object().unwrap().len(), won);
}
