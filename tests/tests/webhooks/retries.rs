//! What becomes of a delivery that fails.

use coffer::{
    template::Template,
    webhooks::{replay_dead_letters, replay_given_up, replay_period},
};
use events::{ATTEMPTS, PAUSES, Queue};
use harness::{
    recorder::{Fault, FaultKind},
    world::template_path,
};
use serde_json::{Value, json};
use shared::domain::{DestinationId, Mode, Timestamp};
use time::Duration;

use crate::{
    office::{DEAD_LETTERS, Office, QUEUE, url},
    receiver::Receiver,
};

async fn change(office: &Office) {
    office.palm.post("/v1/user").json(json!({"display_name": "A"})).send().await.expect(201);
    office.fan_out().await;
}

fn figures(destination: &Value) -> (u64, u64, f64) {
    let summary = &destination["summary"];
    let (min, avg, max) = (
        summary["min_response_time_ms"].as_u64().unwrap(),
        summary["avg_response_time_ms"].as_u64().unwrap(),
        summary["max_response_time_ms"].as_u64().unwrap(),
    );
    assert!(min <= avg && avg <= max, "{summary}");
    assert!(summary["last_delivery_at"].is_string());
    let count = |name: &str| summary[name].as_u64().unwrap();
    let rate = summary["error_rate_percentage"].as_f64().unwrap();
    (count("total_deliveries"), count("failed_deliveries"), rate)
}

#[test]
fn the_queue_outlives_an_hour_without_dynamodb() {
    let template = Template::read(&template_path()).unwrap();
    let queue = template.queues.iter().find(|queue| queue.logical_id == QUEUE).unwrap();
    let hidden: u32 = queue.visibility_timeout.as_ref().unwrap().parse().unwrap();
    assert!(queue.redrive.as_ref().unwrap().max_receive_count * hidden >= 3_600);
    assert_eq!(PAUSES.len() + 1, usize::try_from(ATTEMPTS).unwrap());
}

#[tokio::test]
async fn a_receiver_that_fails_twice_gets_the_event_three_times_under_one_id() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    let destination = office.register(&receiver.url).await;
    receiver.answers(&[500, 503]);
    change(&office).await;
    for pause in [Some(PAUSES[0]), Some(PAUSES[1]), None] {
        let mark = office.world.dynamodb.mark();
        assert_eq!(office.deliver().await, 1);
        office.sweep().await;
        assert_eq!(office.deliver().await, 0, "it waits outside the queue");
        let pauses = office.pauses(mark);
        if let Some(pause) = pause {
            let exact = Duration::try_from(pause).unwrap();
            // A little of the pause is over already.
            let shortest = exact * 9 / 10 - Duration::seconds(5);
            assert!((shortest..=exact * 11 / 10).contains(&pauses[0]), "{pauses:?}");
            office.pass(exact * 11 / 10);
            office.sweep().await;
        } else {
            assert!(pauses.is_empty(), "{pauses:?}");
        }
    }
    assert_eq!(office.deliver().await, 0);
    let delivered = receiver.delivered();
    assert_eq!(delivered.len(), 3);
    let ids = || delivered.iter().map(crate::receiver::Delivered::event_id);
    assert!(ids().all(|id| id == delivered[0].event_id()));
    let uuid = destination["uuid"].as_str().unwrap();
    assert_eq!(figures(&office.destination(uuid).await), (3, 2, 66.66));
}

#[tokio::test]
async fn one_that_is_away_for_the_whole_schedule_gets_the_event_by_a_replay() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    let uuid = office.register(&receiver.url).await["uuid"].as_str().unwrap().to_owned();
    change(&office).await;
    receiver.answers(&[500; 8]);
    for _attempt in 0..ATTEMPTS {
        assert_eq!(office.deliver().await, 1);
        office.later().await;
    }
    assert_eq!(office.deliver().await, 0);
    assert_eq!(receiver.delivered().len(), 8);

    office.later().await;
    assert_eq!(office.deliver().await, 0, "it was given up");

    let (app, scope) = (office.tenant.app().clone(), office.tenant.scope(Mode::Test));
    let replay = async move |destination| {
        replay_given_up(&app.store, &scope, destination, &[]).await.unwrap()
    };
    let (run, other) = (replay.clone(), DestinationId::make());
    assert_eq!(office.world.run(async move { run(other).await }).await, 0);
    let (run, this) = (replay.clone(), DestinationId::parse(&uuid).unwrap());
    assert_eq!(office.world.run(async move { run(this).await }).await, 1);
    office.later().await;
    assert_eq!(office.deliver().await, 1);
    let delivered = receiver.delivered();
    assert_eq!(delivered.len(), 9);
    assert_eq!(delivered[8].event_id(), delivered[0].event_id());
    assert_eq!(office.world.run(async move { replay(this).await }).await, 0);
}

/// What the workers could not even look at: here, because DynamoDB was away each time.
#[tokio::test]
async fn messages_of_an_outage_are_sent_again() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    office.register(&receiver.url).await;
    change(&office).await;
    office.world.dynamodb.inject(Fault::new(FaultKind::InternalError).on("BatchGetItem").always());
    while office.deliver().await > 0 {
        office.show().await;
    }
    office.world.dynamodb.clear_faults();
    assert_eq!(receiver.delivered().len(), 0);
    let sdk = office.world.stack().sdk_config().clone();
    let replay =
        async move |destination| replay_dead_letters(&sdk, &url(QUEUE), destination).await.unwrap();
    let (run, other) = (replay.clone(), DestinationId::make());
    assert_eq!(office.world.run(async move { run(Some(other)).await }).await, 0);
    let run = replay.clone();
    assert_eq!(office.world.run(async move { run(None).await }).await, 1);
    assert_eq!(office.receive(DEAD_LETTERS).await, Vec::<Value>::new());
    assert_eq!(office.deliver().await, 1);
    receiver.one_after(0);
    assert_eq!(office.world.run(async move { replay(None).await }).await, 0);
}

#[tokio::test]
async fn events_of_a_stretch_of_time_are_sent_again() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    let start = Timestamp::now();
    for vendor_data in ["a", "b"] {
        let create =
            office.didit.post("/v3/users/create/").json(json!({"vendor_data": vendor_data}));
        create.send().await.expect(201);
    }
    let uuid = office.register(&receiver.url).await["uuid"].as_str().unwrap().to_owned();
    let delete = office.didit.post("/v3/users/delete/").json(json!({"vendor_data_list": ["b"]}));
    delete.send().await.expect(200);
    office.run().await;
    let before = receiver.delivered();

    let id = DestinationId::parse(&uuid).unwrap();
    let (world, scope) = (&office.world, office.tenant.scope(Mode::Test));
    let (app, sdk) = (world.app("palm_create_user"), world.stack().sdk_config().clone());
    let replay = async move |period| {
        let queue = Queue::new(&sdk, url(QUEUE));
        replay_period(&app.store, &queue, &scope, id, period).await.unwrap()
    };
    let later = start.plus(Duration::hours(1));
    let run = replay.clone();
    assert_eq!(world.run(async move { run((start, later)).await }).await, 3);
    let earlier = start.plus(Duration::hours(-1));
    assert_eq!(world.run(async move { replay((earlier, start)).await }).await, 0);
    while office.deliver().await > 0 {}
    let delivered = receiver.delivered();
    assert_eq!(delivered.len(), before.len() + 3);
    let told: Vec<_> = delivered[before.len()..]
        .iter()
        .map(|it| (it.json()["vendor_data"].clone(), it.json().get("deleted_at").is_some()))
        .collect();
    assert!(told.contains(&(json!("a"), false)) && told.contains(&(json!("b"), true)), "{told:?}");
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_disabled() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    let uuid = office.register(&receiver.url).await["uuid"].as_str().unwrap().to_owned();
    receiver.answers(&[410]);
    let create = office.didit.post("/v3/users/create/").json(json!({"vendor_data": "a"}));
    create.send().await.expect(201);
    let update = office.didit.patch("/v3/users/a/").json(json!({"display_name": "A"}));
    update.send().await.expect(200);
    office.fan_out().await;
    assert_eq!(office.deliver().await, 2);
    assert_eq!(receiver.delivered().len(), 1, "what waits behind it is dropped");
    let destination = office.destination(&uuid).await;
    assert_eq!(destination["enabled"], false);
    assert_eq!(figures(&destination), (1, 1, 100.0));
    office.later().await;
    change(&office).await;
    assert_eq!(office.deliver().await, 0);
    let path = format!("/v3/webhook/destinations/{uuid}/");
    office.didit.patch(&path).json(json!({"enabled": true})).send().await.expect(200);
    change(&office).await;
    assert_eq!(office.deliver().await, 1);
    assert_eq!(receiver.delivered().len(), 2);
}

#[tokio::test]
async fn statuses_are_final_or_not() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    office.register(&receiver.url).await;
    for (status, repeated) in [
        (200, false),
        (204, false),
        (299, false),
        (301, true),
        (302, true),
        (307, true),
        (400, false),
        (401, false),
        (403, false),
        (404, true),
        (408, true),
        (409, false),
        (422, false),
        (429, true),
        (500, true),
        (502, true),
        (599, true),
    ] {
        let before = receiver.delivered().len();
        receiver.answers(&[status]);
        change(&office).await;
        assert_eq!(office.deliver().await, 1);
        office.later().await;
        assert_eq!(office.deliver().await, usize::from(repeated), "{status}");
        assert_eq!(receiver.delivered().len(), before + 1 + usize::from(repeated), "{status}");
    }
}

#[tokio::test]
async fn nobody_there_is_repeated_and_a_deleted_destination_is_forgotten() {
    let office = Office::open().await;
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let uuid = office.register(&nobody).await["uuid"].as_str().unwrap().to_owned();
    change(&office).await;
    assert_eq!(office.deliver().await, 1);
    let destination = office.destination(&uuid).await;
    let summary = &destination["summary"];
    assert_eq!(
        (&summary["total_deliveries"], &summary["failed_deliveries"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(summary["avg_response_time_ms"], Value::Null);
    office.later().await;
    let path = format!("/v3/webhook/destinations/{uuid}/");
    office.didit.delete(&path).send().await.expect(204);
    assert_eq!(office.deliver().await, 1);
    office.later().await;
    assert_eq!(office.deliver().await, 0);
}
