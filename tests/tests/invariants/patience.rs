//! Patience: what passes by itself is waited for, and a request is answered before Lambda ends it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use harness::{
    recorder::{Call, Fault, FaultKind},
    world::World,
};
use serde_json::{Value, json};
use shared::{
    auth::Role,
    deadline::Deadline,
    domain::{Mode, UserId},
};

use crate::{
    scene::{Operation, Scene, Server},
    tables::Tables,
};

/// Longer than any function waits.
const FOR_GOOD: Duration = Duration::from_mins(1);

/// When Lambda ends the functions here.
const LAMBDA: Duration = Duration::from_secs(4);

/// Whether a call is made for the first or the second time: attempts at one call send one body.
fn first_two_attempts() -> impl Fn(&Value) -> bool + Send + Sync + 'static {
    let seen = Mutex::<HashMap<String, usize>>::default();
    move |request| {
        let mut seen = seen.lock().unwrap();
        let attempts = seen.entry(request.to_string()).or_default();
        *attempts += 1;
        *attempts <= 2
    }
}

/// An operation whose calls hang: it is answered by us, and a repetition takes effect once.
async fn hangs(world: Arc<World>, operation: Operation, twice_each: bool) {
    let scene = Scene::ending_after(&world, LAMBDA).await;
    for server in Server::ALL {
        let hang = Fault::new(FaultKind::Hang(FOR_GOOD)).always();
        if twice_each {
            scene.inject_when(server, hang, first_two_attempts());
        } else {
            scene.inject(server, hang);
        }
    }
    let send = || operation.request(&scene.client, &scene.id).send();
    let answer = send().await;
    if answer.status != 503 && twice_each {
        operation.check(&answer, &scene.id);
    } else {
        answer.problem(503, "unavailable");
        assert_eq!(answer.header("retry-after"), Some("1"), "{operation:?}");
    }
    scene.check().await;
    operation.check(&send().await, &scene.id);
    let tables = scene.check().await;
    assert_eq!(tables.people().len(), operation.users(), "{operation:?}");
}

async fn all_hang(twice_each: bool) {
    let world = Arc::new(World::start());
    let mut running = tokio::task::JoinSet::new();
    for operation in Operation::ALL {
        running.spawn(hangs(Arc::clone(&world), operation, twice_each));
    }
    running.join_all().await;
}

#[tokio::test]
async fn who_hears_nothing_of_aws_answers_before_lambda_ends_it() {
    all_hang(false).await;
}

#[tokio::test]
async fn two_silent_attempts_of_every_call_are_answered_before_lambda_ends_it() {
    all_hang(true).await;
}

/// What is slow, and fails nowhere, ends in time all the same; what was learnt stays, so that a repetition gets further.
#[tokio::test]
async fn slow_calls_are_answered_before_lambda_ends_it() {
    let world = Arc::new(World::start());
    let mut scenes = Vec::new();
    for operation in Operation::ALL {
        scenes.push((operation, Scene::ending_after(&world, LAMBDA).await));
    }
    for server in Server::ALL {
        server.recorder(&world).set_latency(Duration::from_millis(700));
    }
    let requests = scenes.iter().map(async |(operation, scene)| {
        for _repetition in 1..=4 {
            let answer = operation.request(&scene.client, &scene.id).send().await;
            if answer.status != 503 {
                return operation.check(&answer, &scene.id);
            }
            answer.problem(503, "unavailable");
        }
        panic!("{operation:?} never gets through");
    });
    futures_util::future::join_all(requests).await;
}

fn transactions(scene: &Scene) -> Vec<Call> {
    let mut calls = scene.calls(Server::DynamoDb);
    calls.retain(|call| call.operation == "TransactWriteItems");
    calls
}

/// DynamoDB cancels a transaction when it has no room for one of its items. The SDK alone would give up.
#[tokio::test]
async fn a_throttled_transaction_is_sent_again_under_its_token() {
    let world = Arc::new(World::start());
    for operation in Operation::ALL.into_iter().filter(|it| it.makes_a_transaction()) {
        let scene = Scene::set(&world).await;
        let before = transactions(&scene).len();
        for code in ["ThrottlingError", "ProvisionedThroughputExceeded", "ThrottlingError"] {
            scene.inject(Server::DynamoDb, Fault::transaction_cancelled(&["None", code]));
        }
        let answer = operation.request(&scene.client, &scene.id).send().await;
        operation.check(&answer, &scene.id);
        let sent = transactions(&scene).split_off(before);
        let token = |call: &Call| call.request["ClientRequestToken"].clone();
        assert_eq!(sent.len(), 4, "{operation:?}");
        assert!(sent.iter().all(|call| token(call) == token(&sent[0])), "{operation:?}");
        assert!(token(&sent[0]).is_string());
        let tables = scene.check().await;
        assert_eq!(tables.people().len(), operation.users(), "{operation:?}");
    }
}

/// What is unprocessed five times is asked for a sixth time, with pauses between.
#[tokio::test]
async fn unprocessed_keys_have_several_chances() {
    let world = Arc::new(World::start());
    let scene = Scene::set(&world).await;
    let partition = crate::tables::partition(&scene.scope, &scene.id);
    let key = |sk: &str| json!({"Keys": [{"pk": {"S": partition}, "sk": {"S": sk}}], "ConsistentRead": true});
    let unprocessed = json!({"UsersTable": key("U"), "KeysTable": key("DEK")});
    let body = json!({"Responses": {}, "UnprocessedKeys": unprocessed});
    for _ in 0..5 {
        let fault = Fault::new(FaultKind::Respond(200, body.clone())).on("BatchGetItem");
        scene.inject(Server::DynamoDb, fault);
    }
    let answer = Operation::Reveal.request(&scene.client, &scene.id).send().await;
    Operation::Reveal.check(&answer, &scene.id);
    let mut asked = scene.calls(Server::DynamoDb);
    asked.retain(|call| call.operation == "BatchGetItem");
    assert_eq!(asked.len(), 6);
}

/// Some of many users are at items that DynamoDB has no room for: the others go, and nothing is lost.
#[tokio::test]
async fn a_throttled_deletion_of_all_is_unfinished_and_goes_on() {
    let world = Arc::new(World::start());
    let tenant = world.own_tenant().await;
    let key = world.key(&tenant, Mode::Test, Role::Owner).await;
    let owner = world.anonymous().header("x-api-key", key.expose_secret());
    let mut ids = Vec::new();
    for n in 0..12 {
        let user = owner.post("/v3/users/create/").json(json!({"vendor_data": n.to_string()}));
        let user = user.send().await.expect(201).json();
        ids.push(user["didit_internal_id"].as_str().unwrap().to_owned());
    }
    let scope = tenant.scope(Mode::Test);
    let marks: Vec<_> = ids[..3].iter().map(|id| crate::tables::partition(&scope, id)).collect();
    let throttled = Fault::transaction_cancelled(&["ThrottlingError"]).always();
    world.dynamodb.inject(throttled.when(move |request| {
        let request = request.to_string();
        marks.iter().any(|mark| request.contains(mark))
    }));
    let delete =
        async || owner.post("/v3/users/delete/").json(json!({"delete_all": true})).send().await;
    for _repetition in 1..=2 {
        let answer = delete().await;
        assert_eq!(answer.header("retry-after"), Some("1"));
        let detail = "Not everything was done. Send the same request again.";
        assert_eq!(answer.expect(503).json(), json!({"detail": detail}));
        let living = |item: &&crate::tables::Item| crate::tables::text(item, "status") != "deleted";
        let tables = Tables::of(&world, &scope).await;
        assert_eq!(tables.people().into_iter().filter(living).count(), 3);
    }
    world.dynamodb.clear_faults();
    assert_eq!(delete().await.expect(200).json(), json!({"deleted": 3}));
    assert_eq!(delete().await.expect(200).json(), json!({"deleted": 0}));
}

/// Whatever its status is called, who is to come back is told when.
#[tokio::test]
async fn every_503_says_when_to_come_back() {
    let world = Arc::new(World::start());
    let tenant = world.own_tenant().await;
    let key = world.key(&tenant, Mode::Test, Role::Owner).await;
    let secret = key.expose_secret();
    let didit = world.anonymous().header("x-api-key", secret);
    let truv = world.anonymous().header("x-access-client-id", &key.id);
    let truv = truv.header("x-access-secret", secret);
    let person = || json!({"external_user_id": "b", "first_name": "Ada", "last_name": "Lovelace"});
    let requests = || {
        [
            ("Didit", didit.post("/v3/users/create/").json(json!({"vendor_data": "a"}))),
            ("Truv", truv.post("/v1/users/").json(person())),
        ]
    };
    for fault in [
        Fault::transaction_cancelled(&["TransactionConflict"]),
        Fault::transaction_cancelled(&["ThrottlingError"]),
        Fault::new(FaultKind::InternalError),
    ] {
        world.dynamodb.inject(fault.always());
        for (api, request) in requests() {
            let answer = request.send().await;
            assert_eq!(answer.expect(503).header("retry-after"), Some("1"), "{api}");
        }
        world.dynamodb.clear_faults();
    }
    for (_, request) in requests() {
        request.send().await.expect(201);
    }
}

/// A call ends a little before the request that it is made for, so that the log can say which call it was.
#[tokio::test]
async fn a_call_ends_before_its_request_and_says_which_it_was() {
    let world = Arc::new(World::start());
    let scene = Scene::set(&world).await;
    scene.inject(Server::DynamoDb, Fault::new(FaultKind::Hang(FOR_GOOD)).always());
    let (app, scope) = (world.app("palm_get_user"), scene.scope.clone());
    let user = UserId::parse_uuid(&scene.id).unwrap();
    let read = async move {
        Deadline::after(Duration::from_secs(2)).bound(app.store.user(&scope, user)).await
    };
    let failed = world.run(read).await.expect("an answer in time").unwrap_err();
    assert_eq!(failed.to_string(), "dynamodb:GetItem failed: time-out");
}
