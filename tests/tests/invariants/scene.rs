//! A tenant with a user, functions that were never called, and AWS about to fail.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use harness::{
    client::{Answer, Client, Request},
    cold::Cold,
    recorder::{Call, Fault, Recorder},
    world::World,
};
use serde_json::{Value, json};
use shared::{
    auth::{NewApiKey, Role, issue_api_key},
    domain::{Mode, Scope, TenantId},
    tenants::provision,
};

use crate::tables::Tables;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Get,
    Update,
    UpdateVault,
    Reveal,
    Verify,
    Events,
    Search,
}

impl Operation {
    pub(crate) const ALL: [Self; 8] = [
        Self::Create,
        Self::Get,
        Self::Update,
        Self::UpdateVault,
        Self::Reveal,
        Self::Verify,
        Self::Events,
        Self::Search,
    ];

    pub(crate) fn request(self, client: &Client, id: &str) -> Request {
        let at = |rest: &str| format!("/v1/user/{id}{rest}");
        match self {
            Self::Create => client.post("/v1/user").header("idempotency-key", "k").json(person()),
            Self::Get => client.get(&at("")),
            Self::Update => client.patch(&at("")).json(json!({"display_name": "Grace"})),
            Self::UpdateVault => client
                .patch(&at("/vault"))
                .json(json!({"identity.email": "grace@example.com", "identity.last_name": null})),
            Self::Reveal => client
                .post(&at("/vault/reveal"))
                .header("idempotency-key", "k")
                .json(json!({"fields": ["identity.ssn"], "reason": "a fault"})),
            Self::Verify => {
                client.post(&at("/verification")).header("idempotency-key", "k").json(session())
            }
            Self::Events => client.get(&at("/events")),
            Self::Search => client.post("/v1/user/search").json(json!({"status": "active"})),
        }
    }

    pub(crate) const fn makes_a_transaction(self) -> bool {
        match self {
            Self::Create | Self::Update | Self::UpdateVault | Self::Reveal | Self::Verify => true,
            Self::Get | Self::Events | Self::Search => false,
        }
    }

    /// How many users there are when it has succeeded: one was there before.
    pub(crate) const fn users(self) -> usize {
        match self {
            Self::Create => 2,
            Self::Get
            | Self::Update
            | Self::UpdateVault
            | Self::Reveal
            | Self::Verify
            | Self::Events
            | Self::Search => 1,
        }
    }

    pub(crate) fn check(self, answer: &Answer, id: &str) {
        let body = answer.json();
        match self {
            Self::Create => assert_ne!(answer.expect(201).json()["id"], id),
            Self::Get => assert_eq!(answer.expect(200).json()["id"], id),
            Self::Update => assert_eq!(answer.expect(200).json()["display_name"], "Grace"),
            Self::UpdateVault => {
                let vault = answer.expect(200).json()["vault"].clone();
                assert_eq!(vault, json!({"identity.first_name": "Ada"}));
            }
            Self::Reveal => {
                let fields = answer.expect(200).json()["fields"].clone();
                assert_eq!(fields, json!({"identity.ssn": "222233333"}));
            }
            Self::Verify => {
                let verification = answer.expect(200).json()["verification"].clone();
                assert_eq!(verification["id"], "a session");
            }
            Self::Events => {
                let events = answer.expect(200).json()["data"].clone();
                assert_eq!(events[0]["type"], "user.created");
            }
            Self::Search => {
                answer.expect(200);
                assert_eq!(body["data"][0]["id"], id);
            }
        }
    }
}

fn session() -> Value {
    json!({
        "session_id": "a session", "workflow": {"name": "KYC", "version": 1}, "risk_level": "low",
        "outcome": "approved", "executed_at": "2024-01-15T10:30:00Z", "issuing_state": "GBR",
        "vault": {"identity.first_name": "Ann", "identity.email": "ann@example.com"},
    })
}

fn person() -> Value {
    json!({"display_name": "Ada Lovelace", "vault": {
        "identity.first_name": "Ada", "identity.last_name": "Lovelace",
        "identity.email": "ada@example.com", "identity.ssn": "222233333",
    }})
}

/// A tenant with one user, and functions that have not been called yet.
pub(crate) struct Scene {
    world: Arc<World>,
    pub(crate) scope: Scope,
    /// What a request of this tenant's names: its partitions, its keys' context, its API key.
    marks: [String; 3],
    _cold: Cold,
    pub(crate) client: Client,
    pub(crate) id: String,
    failing: Arc<AtomicBool>,
    /// How many calls were made while they could fail.
    pub(crate) seen: Arc<AtomicUsize>,
}

impl Scene {
    pub(crate) async fn set(world: &Arc<World>) -> Self {
        Self::with(world, Cold::start(world).await).await
    }

    /// Whose functions Lambda ends so long after they were called.
    pub(crate) async fn ending_after(world: &Arc<World>, timeout: Duration) -> Self {
        Self::with(world, Cold::ending_after(world, timeout).await).await
    }

    async fn with(world: &Arc<World>, cold: Cold) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        // One mode will do, of which there are hundreds to make.
        let name = &format!("scene-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let scope = Scope { tenant: TenantId::parse(name).unwrap(), mode: Mode::Test };
        let new = NewApiKey {
            scope: scope.clone(),
            role: Role::Owner,
            name: name.clone(),
            expires_at: None,
        };
        let app = world.app("palm_create_user");
        let make = async move {
            provision(&app, &new.scope).await.unwrap();
            issue_api_key(&app, new).await.unwrap()
        };
        let key = world.run(make).await;
        let marks = [
            format!("T#{name}#"),
            format!("\"tenant\":\"{name}\""),
            format!("\"APIKEY#{}\"", key.id),
        ];
        let warm = world.anonymous().bearer(key.expose_secret());
        let user = warm.post("/v1/user").json(person()).send().await.expect(201).json();
        let id = user["id"].as_str().unwrap().to_owned();
        let client = cold.client(key.expose_secret());
        let (failing, seen) = (Arc::new(AtomicBool::new(true)), Arc::default());
        let world = Arc::clone(world);
        Self { world, scope, marks, _cold: cold, client, id, failing, seen }
    }

    fn is_mine(marks: &[String; 3], request: &Value) -> bool {
        let text = request.to_string();
        marks.iter().any(|mark| text.contains(mark))
    }

    /// From now on, calls of this scene fail, and no others.
    pub(crate) fn inject(&self, server: Server, fault: Fault) {
        self.inject_when(server, fault, |_call| true);
    }

    /// As [`Scene::inject`], and of those only the calls that `strikes` names.
    pub(crate) fn inject_when(
        &self,
        server: Server,
        fault: Fault,
        strikes: impl Fn(&Value) -> bool + Send + Sync + 'static,
    ) {
        let (failing, seen) = (Arc::clone(&self.failing), Arc::clone(&self.seen));
        let marks = self.marks.clone();
        server.recorder(&self.world).inject(fault.when(move |request| {
            let fits = failing.load(Ordering::SeqCst) && Self::is_mine(&marks, request);
            seen.fetch_add(fits.into(), Ordering::SeqCst);
            fits && strikes(request)
        }));
    }

    pub(crate) fn calls(&self, server: Server) -> Vec<Call> {
        let mut calls = server.recorder(&self.world).calls();
        calls.retain(|call| Self::is_mine(&self.marks, &call.request));
        calls
    }

    pub(crate) async fn tables(&self) -> Tables {
        Tables::of(&self.world, &self.scope).await
    }

    /// Ends the trouble, and looks at what it left behind.
    pub(crate) async fn check(&self) -> Tables {
        self.failing.store(false, Ordering::SeqCst);
        let tables = self.tables().await;
        tables.check(&self.world, &self.scope).await;
        tables
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    DynamoDb,
    Kms,
}

impl Server {
    pub(crate) const ALL: [Self; 2] = [Self::DynamoDb, Self::Kms];

    pub(crate) fn recorder(self, world: &World) -> &Recorder {
        match self {
            Self::DynamoDb => &world.dynamodb,
            Self::Kms => &world.kms,
        }
    }
}
