//! What goes wrong around a delivery: AWS, the clock, and others at the same figures.

use std::{net::TcpListener, time::Duration};

use harness::recorder::{Fault, FaultKind};
use serde_json::json;
use shared::{
    domain::{DestinationId, Figures, Health, Mode, Timestamp},
    store::{Tally, Verdict},
};

use crate::{office::Office, receiver::Receiver};

async fn change(office: &Office) {
    office.palm.post("/v1/user").json(json!({"display_name": "A"})).send().await.expect(201);
}

#[tokio::test]
async fn an_event_that_cannot_be_sent_is_sent_later() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    office.register(&receiver.url).await;
    change(&office).await;
    let mut records = office.records().await;
    records.retain(|record| record["dynamodb"]["NewImage"]["event_id"].is_object());
    let number = records[0]["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned();
    let fault = Fault::new(FaultKind::InternalError).on("SendMessageBatch").always();
    office.world.sqs.inject(fault);
    let failed = office.work("events_fan_out", records.clone()).await;
    assert_eq!((failed.len(), &failed[0]), (1, &number));
    office.world.sqs.clear_faults();
    office.world.dynamodb.inject(Fault::new(FaultKind::InternalError).on("Query").always());
    assert_eq!(office.work("events_fan_out", records.clone()).await, [number]);
    office.world.dynamodb.clear_faults();
    assert_eq!(office.work("events_fan_out", records).await, Vec::<String>::new());
    assert_eq!(office.deliver().await, 1);
    receiver.one_after(0);
}

#[tokio::test]
async fn a_delivery_that_cannot_be_read_stays_and_figures_that_cannot_be_written_do_not_matter() {
    let office = Office::open().await;
    let receiver = Receiver::start().await;
    let uuid = office.register(&receiver.url).await["uuid"].as_str().unwrap().to_owned();
    change(&office).await;
    office.fan_out().await;
    office.world.dynamodb.inject(Fault::new(FaultKind::InternalError).on("BatchGetItem").always());
    assert_eq!(office.deliver().await, 1);
    office.world.dynamodb.clear_faults();
    assert!(receiver.delivered().is_empty());
    assert_eq!(office.deliver().await, 0, "it is hidden");
    office.later().await;
    office.world.dynamodb.inject(Fault::new(FaultKind::InternalError).on("UpdateItem").always());
    assert_eq!(office.deliver().await, 1);
    office.world.dynamodb.clear_faults();
    receiver.one_after(0);
    office.later().await;
    assert_eq!(office.deliver().await, 0, "it was delivered");
    assert_eq!(office.destination(&uuid).await["summary"]["total_deliveries"], 0);

    // Where it is gone, that must be known before the message goes.
    change(&office).await;
    office.fan_out().await;
    receiver.answers(&[410, 410]);
    office.world.dynamodb.inject(Fault::new(FaultKind::InternalError).on("UpdateItem").always());
    assert_eq!(office.deliver().await, 1);
    office.world.dynamodb.clear_faults();
    office.later().await;
    assert_eq!(office.deliver().await, 1);
    assert_eq!(office.destination(&uuid).await["enabled"], false);
}

/// The connection is taken, and nothing is ever said on it.
#[tokio::test]
async fn a_receiver_has_five_seconds() {
    let office = Office::open().await;
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    office.register(&format!("http://{}/", silent.local_addr().unwrap())).await;
    change(&office).await;
    office.fan_out().await;
    let started = std::time::Instant::now();
    let mark = office.world.dynamodb.mark();
    assert_eq!(office.deliver().await, 1);
    assert!(started.elapsed() >= Duration::from_secs(5));
    assert_eq!(office.pauses(mark).len(), 1);
}

/// Three workers have read the same figures before any of them writes.
#[tokio::test]
async fn attempts_at_the_same_time_all_count() {
    let office = Office::open().await;
    let uuid = office.register("http://127.0.0.1:1/").await["uuid"].as_str().unwrap().to_owned();
    let (app, scope) = (office.tenant.app().clone(), office.tenant.scope(Mode::Test));
    let id = DestinationId::parse(&uuid).unwrap();
    let record = async move {
        let stale = app.store.health(&scope, id).await.unwrap().unwrap();
        assert_eq!(stale, Health::default());
        let at = Timestamp::from_unix_millis(1_774_970_000_000);
        for (millis, succeeded) in
            [(Some(50), true), (Some(70), false), (Some(20), true), (None, false)]
        {
            let figures = Figures {
                attempts: 1,
                failed: u64::from(!succeeded),
                answered: u64::from(millis.is_some()),
                total_ms: millis.unwrap_or(0),
                min_ms: millis,
                max_ms: millis,
                last_at: Some(at),
            };
            let verdict = if succeeded { Verdict::Alive(0) } else { Verdict::Failing(1) };
            let tally = Tally { figures, verdict: Some(verdict), parked: false };
            app.store.record(&scope, id, &stale, &tally, at).await.unwrap();
        }
        let health = app.store.health(&scope, id).await.unwrap().unwrap();
        assert_eq!(health.streak, 1, "since the last success");
    };
    office.world.run(record).await;
    let destination = office.destination(&uuid).await;
    assert_eq!(
        destination["summary"],
        json!({
            "total_deliveries": 4, "failed_deliveries": 2, "error_rate_percentage": 50.0,
            "min_response_time_ms": 20, "avg_response_time_ms": 46, "max_response_time_ms": 70,
            "last_delivery_at": "2026-03-31T15:13:20Z",
        })
    );
}
