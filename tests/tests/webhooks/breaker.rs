//! A destination that does not answer is probed, and not asked by every delivery.

use harness::recorder::{Fault, FaultKind};
use serde_json::json;
use time::Duration;

use crate::{office::Office, receiver::Receiver};

async fn change(office: &Office, times: usize) {
    for _ in 0..times {
        office.palm.post("/v1/user").json(json!({"display_name": "A"})).send().await.expect(201);
    }
    office.fan_out().await;
    while office.deliver().await > 0 {}
}

async fn minute(office: &Office) {
    office.pass(Duration::minutes(1) + Duration::seconds(1));
    office.sweep().await;
    while office.deliver().await > 0 {}
}

#[tokio::test]
async fn after_five_failures_one_probes_and_a_success_lets_the_others_go() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    office.register(&receiver.url).await;
    receiver.answers(&[500; 7]);
    for _ in 0..5 {
        change(&office, 1).await;
    }
    assert_eq!(receiver.delivered().len(), 5);
    change(&office, 30).await;
    assert_eq!(receiver.delivered().len(), 5, "the others wait");
    // Those that failed are due after a minute and a tenth at most, and one of all is let through.
    minute(&office).await;
    assert_eq!(receiver.delivered().len(), 6);
    minute(&office).await;
    assert_eq!(receiver.delivered().len(), 6, "the second probe comes after two minutes");
    minute(&office).await;
    assert_eq!(receiver.delivered().len(), 7);
    for _ in 0..4 {
        minute(&office).await;
    }
    // The probe succeeded; now ten are let go, then twenty.
    assert!(receiver.delivered().len() > 7);
    for _ in 0..8 {
        minute(&office).await;
    }
    // Those that failed twice are due by their own schedule.
    office.later().await;
    while office.deliver().await > 0 {}
    let mut arrived: Vec<_> =
        receiver.delivered()[7..].iter().map(crate::receiver::Delivered::event_id).collect();
    arrived.sort_unstable();
    arrived.dedup();
    assert_eq!(arrived.len(), 35, "each has arrived");
}

#[tokio::test]
async fn an_owner_who_enables_it_again_closes_it() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    let uuid = office.register(&receiver.url).await["uuid"].as_str().unwrap().to_owned();
    receiver.answers(&[500; 5]);
    for _ in 0..5 {
        change(&office, 1).await;
    }
    change(&office, 3).await;
    assert_eq!(receiver.delivered().len(), 5);
    let path = format!("/v3/webhook/destinations/{uuid}/");
    office.didit.patch(&path).json(json!({"enabled": true})).send().await.expect(200);
    office.sweep().await;
    while office.deliver().await > 0 {}
    assert_eq!(receiver.delivered().len(), 8);
}

#[tokio::test]
async fn what_waited_for_too_long_is_a_dead_letter() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    let uuid = office.register(&receiver.url).await["uuid"].as_str().unwrap().to_owned();
    receiver.answers(&[500; 100]);
    for _ in 0..5 {
        change(&office, 1).await;
    }
    change(&office, 2).await;
    for _ in 0..4 {
        office.later().await;
        while office.deliver().await > 0 {}
    }
    let path = format!("/v3/webhook/destinations/{uuid}/dead-letters/");
    let letters = office.didit.get(&path).send().await.expect(200).json();
    let reasons: Vec<_> =
        letters["results"].as_array().unwrap().iter().map(|it| it["reason"].clone()).collect();
    assert!(reasons.contains(&json!("the destination has not answered in time")), "{letters}");
}

/// The line is looked after because its destination says so: where that cannot be written, the message stays.
#[tokio::test]
async fn a_delivery_of_whose_waiting_nobody_would_know_stays_in_the_queue() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    office.register(&receiver.url).await;
    receiver.answers(&[500; 5]);
    for _ in 0..5 {
        change(&office, 1).await;
    }
    office.palm.post("/v1/user").json(json!({})).send().await.expect(201);
    office.fan_out().await;
    office.world.dynamodb.inject(Fault::new(FaultKind::InternalError).on("UpdateItem").always());
    assert_eq!(office.deliver().await, 1);
    office.world.dynamodb.clear_faults();
    office.show().await;
    assert_eq!(office.deliver().await, 1, "it stayed");
    assert_eq!(office.deliver().await, 0);
    assert_eq!(receiver.delivered().len(), 5);
}

/// Whatever ends a sweep, what was due is due still or is in the queue.
#[tokio::test]
async fn a_sweep_that_is_killed_loses_nothing() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    office.register(&receiver.url).await;
    receiver.answers(&[500; 4]);
    change(&office, 4).await;
    office.pass(Duration::minutes(2));
    for polls in 1..40 {
        office.sweep_until(polls).await;
    }
    office.pass(Duration::minutes(20));
    office.sweep().await;
    while office.deliver().await > 0 {}
    let mut arrived: Vec<_> =
        receiver.delivered()[4..].iter().map(crate::receiver::Delivered::event_id).collect();
    arrived.sort_unstable();
    arrived.dedup();
    assert_eq!(arrived.len(), 4);
}
