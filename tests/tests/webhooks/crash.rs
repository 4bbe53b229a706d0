//! A worker that is killed loses nothing.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use harness::recorder::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{
    office::{Office, QUEUE, STREAM_FAILURES},
    receiver::Receiver,
};

const USERS: usize = 20;
const CHANGES: usize = 1_000;

/// A generator whose sequence is the same in every run (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn up_to(&mut self, bound: u64) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound).unwrap()
    }
}

/// Changes every user in turn, and answers what the stream said about it.
async fn change_all(office: &Office) -> Vec<Value> {
    let changes = (0..USERS).map(|user| async move {
        let vendor_data = format!("user-{user}");
        let create = office.didit.post("/v3/users/create/");
        create.json(json!({"vendor_data": vendor_data})).send().await.expect(201);
        for change in 1..CHANGES / USERS {
            let update = office.didit.patch(&format!("/v3/users/{vendor_data}/"));
            update.json(json!({"metadata": {"n": change}})).send().await.expect(200);
        }
    });
    stream::iter(changes).buffer_unordered(8).collect::<Vec<()>>().await;
    let mut records = office.records().await;
    let is_event = |record: &Value| {
        record["dynamodb"]["Keys"]["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with("E#"))
    };
    records.retain(is_event);
    records
}

fn event_id(record: &Value) -> String {
    record["dynamodb"]["NewImage"]["event_id"]["S"].as_str().unwrap().to_owned()
}

/// The events of each user in the order of their first arrival.
fn by_user(bodies: &[Value]) -> BTreeMap<String, Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for body in bodies {
        let id = body["event_id"].as_str().unwrap().to_owned();
        if seen.insert(id.clone()) {
            let user = body["vendor_data"].as_str().unwrap().to_owned();
            users.entry(user).or_default().push(id);
        }
    }
    users
}

fn bodies(receiver: &Receiver) -> Vec<Value> {
    receiver.delivered().iter().map(crate::receiver::Delivered::json).collect()
}

#[tokio::test]
async fn a_thousand_changes_arrive_however_often_the_workers_are_killed() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    office.register(&receiver.url).await;
    let mut dice = Dice(42);
    let records = change_all(&office).await;
    assert_eq!(records.len(), CHANGES);

    // The stream's mapping gives a batch again until it was taken.
    let mut killed = 0;
    for batch in records.chunks(100) {
        let mut lives = dice.up_to(3);
        while lives > 0 {
            let ended =
                office.work_until("events_fan_out", batch.to_vec(), 1 + dice.up_to(6)).await;
            killed += usize::from(ended.is_none());
            lives -= 1;
        }
        assert_eq!(office.work("events_fan_out", batch.to_vec()).await, Vec::<String>::new());
    }

    // The queue's mapping deletes what was answered for, and nothing else.
    loop {
        let messages = office.receive(QUEUE).await;
        if messages.is_empty() {
            break;
        }
        let ended = match dice.up_to(4) {
            0 => office.work_until("events_deliver", messages.clone(), 1 + dice.up_to(12)).await,
            _ => Some(office.work("events_deliver", messages.clone()).await),
        };
        let Some(failed) = ended else {
            killed += 1;
            for message in &messages {
                office.hide(message);
            }
            office.show().await;
            continue;
        };
        assert_eq!(failed, Vec::<String>::new());
        for message in &messages {
            office.delete(QUEUE, message).await;
        }
    }
    assert!(killed > 20, "{killed}");
    let expected: BTreeSet<_> = records.iter().map(event_id).collect();
    assert_eq!(expected.len(), CHANGES);
    let arrived: BTreeSet<_> =
        receiver.delivered().iter().map(crate::receiver::Delivered::event_id).collect();
    assert_eq!(arrived, expected, "{} of {CHANGES} arrived", arrived.len());
}

#[tokio::test]
async fn what_is_for_one_user_arrives_in_its_order() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    office.register(&receiver.url).await;
    for user in 0..4 {
        let create = office.didit.post("/v3/users/create/");
        create.json(json!({"vendor_data": user.to_string()})).send().await.expect(201);
    }
    for change in 0..40 {
        let update = office.didit.patch(&format!("/v3/users/{}/", change % 4));
        update.json(json!({"metadata": {"n": change}})).send().await.expect(200);
    }
    let records = office.records().await;
    let mut in_stream: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in records.iter().filter(|it| it["dynamodb"]["NewImage"]["event_id"].is_object()) {
        let user = &record["dynamodb"]["NewImage"]["external_id"]["S"];
        let user = user.as_str().unwrap().to_owned();
        in_stream.entry(user).or_default().push(event_id(record));
    }
    assert_eq!(office.work("events_fan_out", records).await, Vec::<String>::new());
    while office.deliver().await > 0 {}
    assert_eq!(by_user(&bodies(&receiver)), in_stream);
}

#[tokio::test]
async fn what_cannot_be_read_is_put_aside_and_stops_nothing() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    office.register(&receiver.url).await;
    for _ in 0..3 {
        office.palm.post("/v1/user").json(json!({})).send().await.expect(201);
    }
    let mut records = office.records().await;
    let is_event = |record: &Value| record["dynamodb"]["NewImage"]["event_id"].is_object();
    records.retain(is_event);
    assert_eq!(records.len(), 3);
    records[1]["dynamodb"]["NewImage"]["kind"]["S"] = json!("user.exploded");
    let number = records[1]["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned();
    let keys = records[1]["dynamodb"]["Keys"].clone();
    office.world.sqs.inject(Fault::new(FaultKind::InternalError).on("SendMessage").always());
    let failed = office.work("events_fan_out", records.clone()).await;
    assert_eq!(failed, std::slice::from_ref(&number));
    office.world.sqs.clear_faults();
    assert_eq!(office.work("events_fan_out", records.split_off(1)).await, Vec::<String>::new());
    while office.deliver().await > 0 {}
    assert_eq!(receiver.delivered().len(), 2, "the one before it and the one behind it");
    let aside = office.receive(STREAM_FAILURES).await;
    let [aside] = aside.as_slice() else { panic!("{aside:?}") };
    let note: Value = serde_json::from_str(aside["body"].as_str().unwrap()).unwrap();
    let reason = "an unreadable event";
    assert_eq!(note, json!({"reason": reason, "sequence_number": number, "keys": keys}));

    let nonsense = json!({
        "messageId": "1", "receiptHandle": "r", "body": "{}",
        "attributes": {"ApproximateReceiveCount": "1"},
    });
    assert_eq!(office.work("events_deliver", vec![nonsense]).await, ["1"]);
}
