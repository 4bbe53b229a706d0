//! AWS fails, in every call in turn: nothing is half-written, and a repetition succeeds once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use harness::{
    client::{Answer, Client, Request},
    recorder::{Call, Fault, FaultKind, Recorder},
    world::World,
};
use serde_json::{Value, json};
use shared::{
    auth::{NewApiKey, Role, issue_api_key},
    domain::{Mode, Scope, TenantId},
    tenants::provision,
};

use crate::{cold::Cold, tables::Tables};

/// Longer than one attempt of the SDK, and longer than all of them.
const SILENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
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
    const ALL: [Self; 8] = [
        Self::Create,
        Self::Get,
        Self::Update,
        Self::UpdateVault,
        Self::Reveal,
        Self::Verify,
        Self::Events,
        Self::Search,
    ];

    fn request(self, client: &Client, id: &str) -> Request {
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

    const fn makes_a_transaction(self) -> bool {
        match self {
            Self::Create | Self::Update | Self::UpdateVault | Self::Reveal | Self::Verify => true,
            Self::Get | Self::Events | Self::Search => false,
        }
    }

    /// How many users there are when it has succeeded: one was there before.
    const fn users(self) -> usize {
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

    fn check(self, answer: &Answer, id: &str) {
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
struct Scene {
    world: Arc<World>,
    scope: Scope,
    /// What a request of this tenant's names: its partitions, its keys' context, its API key.
    marks: [String; 3],
    cold: Cold,
    client: Client,
    id: String,
    failing: Arc<AtomicBool>,
    /// How many calls were made while they could fail.
    seen: Arc<AtomicUsize>,
}

impl Scene {
    async fn set(world: &Arc<World>) -> Self {
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
        let cold = Cold::start(world).await;
        let client = cold.client(key.expose_secret());
        let (failing, seen) = (Arc::new(AtomicBool::new(true)), Arc::default());
        let world = Arc::clone(world);
        Self { world, scope, marks, cold, client, id, failing, seen }
    }

    fn is_mine(marks: &[String; 3], request: &Value) -> bool {
        let text = request.to_string();
        marks.iter().any(|mark| text.contains(mark))
    }

    /// From now on, calls of this scene fail, and no others.
    fn inject(&self, server: Server, fault: Fault) {
        let (failing, seen) = (Arc::clone(&self.failing), Arc::clone(&self.seen));
        let marks = self.marks.clone();
        server.recorder(&self.world).inject(fault.when(move |request| {
            let fits = failing.load(Ordering::SeqCst) && Self::is_mine(&marks, request);
            seen.fetch_add(fits.into(), Ordering::SeqCst);
            fits
        }));
    }

    fn calls(&self, server: Server) -> Vec<Call> {
        let mut calls = server.recorder(&self.world).calls();
        calls.retain(|call| Self::is_mine(&self.marks, &call.request));
        calls
    }

    async fn tables(&self) -> Tables {
        Tables::of(&self.world, &self.scope).await
    }

    /// Ends the trouble, and looks at what it left behind.
    async fn check(&self) -> Tables {
        self.failing.store(false, Ordering::SeqCst);
        let tables = self.tables().await;
        tables.check(&self.world, &self.scope).await;
        tables
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Server {
    DynamoDb,
    Kms,
}

impl Server {
    const ALL: [Self; 2] = [Self::DynamoDb, Self::Kms];

    fn recorder(self, world: &World) -> &Recorder {
        match self {
            Self::DynamoDb => &world.dynamodb,
            Self::Kms => &world.kms,
        }
    }
}

/// One call of one operation, failing in one way, once or for good.
#[derive(Debug, Clone)]
struct Case {
    operation: Operation,
    server: Server,
    /// Which call; of the transactions only, where that is what makes the difference.
    nth: usize,
    kind: FaultKind,
    for_good: bool,
}

impl Case {
    fn fault(&self) -> Fault {
        let fault = Fault::new(self.kind.clone()).nth(self.nth);
        let fault = if strikes_after(&self.kind) { fault.on("TransactWriteItems") } else { fault };
        if self.for_good { fault.always() } else { fault }
    }
}

/// Whether it strikes after the call was carried out. To a function that reads, that is the same as before.
fn strikes_after(kind: &FaultKind) -> bool {
    matches!(kind, FaultKind::DropAfter | FaultKind::HangAfter(_))
}

/// How many calls a cold function makes for an operation.
async fn calls_of(world: &Arc<World>, operation: Operation) -> [(Server, usize); 2] {
    let scene = Scene::set(world).await;
    let before = Server::ALL.map(|server| scene.calls(server).len());
    operation.check(&operation.request(&scene.client, &scene.id).send().await, &scene.id);
    let after = Server::ALL.map(|server| scene.calls(server).len());
    [0, 1].map(|it| (Server::ALL[it], after[it] - before[it]))
}

async fn run(world: Arc<World>, case: Case) {
    let scene = Scene::set(&world).await;
    scene.inject(case.server, case.fault());
    let send = || case.operation.request(&scene.client, &scene.id).send();
    let answer = send().await;
    assert!(scene.seen.load(Ordering::SeqCst) >= case.nth, "{case:?} struck nothing");
    if case.for_good {
        answer.problem(503, "unavailable");
        assert_eq!(answer.header("retry-after"), Some("1"), "{case:?}");
    } else {
        case.operation.check(&answer, &scene.id);
    }
    scene.check().await;
    let again = send().await;
    case.operation.check(&again, &scene.id);
    let tables = scene.check().await;
    assert_eq!(tables.people().len(), case.operation.users(), "{case:?}");
    if case.operation == Operation::Create && !case.for_good {
        assert_eq!(again.json()["id"], answer.json()["id"], "{case:?}");
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{case:?}");
    }
    drop(scene.cold);
}

/// Runs a case in a task of its own, a few at a time: each has a tenant of its own.
async fn run_all(world: &Arc<World>, cases: Vec<Case>, at_once: usize) {
    let mut running = tokio::task::JoinSet::new();
    for case in cases {
        if running.len() >= at_once {
            running.join_next().await.unwrap().unwrap();
        }
        let world = Arc::clone(world);
        running.spawn(async move {
            let shown = format!("{case:?}");
            let mut alone = tokio::task::JoinSet::new();
            alone.spawn(run(world, case));
            assert!(alone.join_next().await.unwrap().is_ok(), "in {shown}");
        });
    }
    running.join_all().await;
}

/// Each kind of fault on each call that a cold function makes, once and for good.
async fn cases(world: &Arc<World>, kinds: &[FaultKind], operation: Operation) -> Vec<Case> {
    let mut strikes = Vec::new();
    for (server, calls) in calls_of(world, operation).await {
        for kind in kinds.iter().filter(|kind| !strikes_after(kind)) {
            strikes.extend((1..=calls).map(|nth| (server, nth, kind.clone())));
        }
    }
    if operation.makes_a_transaction() {
        let after = kinds.iter().filter(|kind| strikes_after(kind));
        strikes.extend(after.map(|kind| (Server::DynamoDb, 1, kind.clone())));
    }
    let strikes = strikes.into_iter().flat_map(|strike| [(strike.clone(), false), (strike, true)]);
    let case = |((server, nth, kind), for_good)| Case { operation, server, nth, kind, for_good };
    strikes.map(case).collect()
}

async fn every_call_of_it_may_fail(operation: Operation, calls: usize) {
    let world = Arc::new(World::start());
    let kinds = [
        FaultKind::Throttle,
        FaultKind::InternalError,
        FaultKind::DropBefore,
        FaultKind::DropAfter,
    ];
    let cases = cases(&world, &kinds, operation).await;
    let expected = calls * 3 + usize::from(operation.makes_a_transaction());
    assert_eq!(cases.len(), expected * 2, "a cold {operation:?} makes other calls");
    // To look at all that is there takes the longer, the more there is.
    for cases in cases.chunks(8) {
        run_all(&Arc::new(World::start()), cases.to_vec(), 1).await;
    }
}

#[tokio::test]
async fn every_call_of_a_creation_may_fail() {
    every_call_of_it_may_fail(Operation::Create, 8).await;
}

#[tokio::test]
async fn every_call_of_a_read_may_fail() {
    every_call_of_it_may_fail(Operation::Get, 3).await;
}

#[tokio::test]
async fn every_call_of_an_update_may_fail() {
    every_call_of_it_may_fail(Operation::Update, 7).await;
}

#[tokio::test]
async fn every_call_of_a_vault_update_may_fail() {
    every_call_of_it_may_fail(Operation::UpdateVault, 9).await;
}

#[tokio::test]
async fn every_call_of_a_reveal_may_fail() {
    every_call_of_it_may_fail(Operation::Reveal, 9).await;
}

#[tokio::test]
async fn every_call_of_a_verification_may_fail() {
    every_call_of_it_may_fail(Operation::Verify, 9).await;
}

#[tokio::test]
async fn every_call_of_a_page_of_events_may_fail() {
    every_call_of_it_may_fail(Operation::Events, 6).await;
}

#[tokio::test]
async fn every_call_of_a_search_may_fail() {
    every_call_of_it_may_fail(Operation::Search, 8).await;
}

/// Silence costs its time, so these wait side by side. What comes before the change is like any other read: one kind
/// of call of each server stands for all.
#[tokio::test]
async fn every_call_may_hang_and_nothing_is_half_written() {
    let world = Arc::new(World::start());
    let kinds = [FaultKind::Hang(SILENCE), FaultKind::HangAfter(SILENCE)];
    let mut all = Vec::new();
    for operation in
        [Operation::Create, Operation::UpdateVault, Operation::Reveal, Operation::Verify]
    {
        all.extend(cases(&world, &kinds, operation).await);
    }
    all.retain(|case| case.nth >= 4 || case.nth == 1 || strikes_after(&case.kind));
    run_all(&world, all, 12).await;
}

/// The number of items in the transaction that an operation makes.
fn transaction_size(scene: &Scene) -> usize {
    let calls = scene.calls(Server::DynamoDb);
    let transaction = calls.iter().rfind(|call| call.operation == "TransactWriteItems");
    transaction.unwrap().request["TransactItems"].as_array().unwrap().len()
}

#[tokio::test]
async fn others_at_the_same_items_are_waited_for_and_not_for_ever() {
    let world = Arc::new(World::start());
    for operation in [
        Operation::Create,
        Operation::Update,
        Operation::UpdateVault,
        Operation::Reveal,
        Operation::Verify,
    ] {
        let rehearsal = Scene::set(&world).await;
        operation
            .request(&rehearsal.client, &rehearsal.id)
            .send()
            .await
            .expect(if operation == Operation::Create { 201 } else { 200 });
        let mut codes = vec!["None"; transaction_size(&rehearsal)];
        codes[0] = "TransactionConflict";

        let scene = Scene::set(&world).await;
        scene.inject(Server::DynamoDb, Fault::transaction_cancelled(&codes));
        let answer = operation.request(&scene.client, &scene.id).send().await;
        operation.check(&answer, &scene.id);
        scene.check().await;

        let scene = Scene::set(&world).await;
        let before = scene.tables().await;
        scene.inject(Server::DynamoDb, Fault::transaction_cancelled(&codes).always());
        let answer = operation.request(&scene.client, &scene.id).send().await;
        answer.problem(409, "contended");
        assert_eq!(scene.check().await, before);
        let answer = operation.request(&scene.client, &scene.id).send().await;
        operation.check(&answer, &scene.id);
    }
}

/// A cancelled transaction whose items were throttled is DynamoDB's trouble, not a conflict.
#[tokio::test]
async fn a_transaction_of_throttled_items_is_unavailable() {
    let world = Arc::new(World::start());
    let scene = Scene::set(&world).await;
    let rehearsed = transaction_size(&scene);
    let mut codes = vec!["None"; rehearsed + 1];
    codes[1] = "ThrottlingError";
    scene.inject(Server::DynamoDb, Fault::transaction_cancelled(&codes).always());
    let answer = Operation::Create.request(&scene.client, &scene.id).send().await;
    answer.problem(503, "unavailable");
    scene.check().await;
}

fn refused(code: &str) -> FaultKind {
    FaultKind::Respond(400, json!({"__type": code, "message": "no: arn:aws:iam::1:role/secret"}))
}

#[tokio::test]
async fn who_may_not_call_aws_answers_no_and_says_no_more() {
    let world = Arc::new(World::start());
    for operation in Operation::ALL {
        for (server, calls) in calls_of(&world, operation).await {
            for nth in 1..=calls {
                let scene = Scene::set(&world).await;
                let before = scene.tables().await;
                let fault = Fault::new(refused("AccessDeniedException")).nth(nth).always();
                scene.inject(server, fault);
                let answer = operation.request(&scene.client, &scene.id).send().await;
                answer.problem(500, "internal_error");
                assert!(!answer.text().contains("role"), "{answer}");
                assert!(!answer.text().contains("222233333"), "{answer}");
                let after = scene.check().await;
                let unchanged = after == before || operation == Operation::Reveal;
                assert!(unchanged, "{operation:?}, {server:?} {nth}");
                let answer = operation.request(&scene.client, &scene.id).send().await;
                operation.check(&answer, &scene.id);
            }
        }
    }
}

/// What DynamoDB did not get round to is asked for again; if it never does, nobody pretends that it is not there.
#[tokio::test]
async fn unprocessed_keys_are_asked_for_again() {
    let world = Arc::new(World::start());
    for operation in
        [Operation::UpdateVault, Operation::Reveal, Operation::Verify, Operation::Search]
    {
        for for_good in [false, true] {
            let scene = Scene::set(&world).await;
            let unprocessed = unprocessed(&scene, operation);
            let body = json!({"Responses": {}, "UnprocessedKeys": unprocessed});
            let mut fault = Fault::new(FaultKind::Respond(200, body)).on("BatchGetItem");
            if for_good {
                fault = fault.always();
            }
            scene.inject(Server::DynamoDb, fault);
            let answer = operation.request(&scene.client, &scene.id).send().await;
            if for_good {
                answer.problem(503, "unavailable");
            } else {
                operation.check(&answer, &scene.id);
            }
            scene.check().await;
        }
    }
}

fn unprocessed(scene: &Scene, operation: Operation) -> Value {
    let partition = crate::tables::partition(&scene.scope, &scene.id);
    let key = |sk: &str| json!({"Keys": [{"pk": {"S": partition}, "sk": {"S": sk}}], "ConsistentRead": true});
    if operation == Operation::Search {
        json!({"UsersTable": key("U")})
    } else {
        json!({"UsersTable": key("U"), "KeysTable": key("DEK")})
    }
}
