//! AWS fails, in every call in turn: nothing is half-written, and a repetition succeeds once.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use harness::{
    recorder::{Fault, FaultKind},
    world::World,
};
use serde_json::{Value, json};

use crate::scene::{Operation, Scene, Server};

/// Longer than one attempt of the SDK, and longer than all of them.
const SILENCE: Duration = Duration::from_secs(5);

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
    every_call_of_it_may_fail(Operation::Get, 4).await;
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
    every_call_of_it_may_fail(Operation::Events, 7).await;
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
