//! From the clock to a worker.

use serde_json::{Value, json};
use shared::domain::Timestamp;
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use super::{Running, Sink};
use crate::{
    local::{functions::LocalWorker, gateway::make_request_id},
    template::{Schedule, ScheduleKind},
};

/// Calls at once, for the time that the stack was not there, and then at the schedule's rate. A call that takes longer than
/// that does not hold the next one up.
pub(super) async fn pump(schedule: Schedule, sink: Sink, mut running: Running) {
    let mut ticks = interval(schedule.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut calls = JoinSet::new();
    while running.until_over(ticks.tick()).await.is_some() {
        while calls.try_join_next().is_some() {}
        let (schedule, sink) = (schedule.clone(), sink.clone());
        calls.spawn(async move { call(&schedule, &sink).await });
    }
    while calls.join_next().await.is_some() {}
}

/// One call of this worker, now; whether it succeeded.
pub(in crate::local) async fn tick(schedule: &Schedule, worker: &LocalWorker) -> bool {
    call(schedule, &Sink::of_worker(worker)).await
}

async fn call(schedule: &Schedule, sink: &Sink) -> bool {
    let done = sink.invoke(event(schedule, sink.operation(), Timestamp::now())).await.is_some();
    if !done {
        tracing::error!(operation = sink.operation(), "a scheduled call failed");
    }
    done
}

/// What the service sends, unless the template says what to send. The two differ in `detail`: an object, and text.
fn event(schedule: &Schedule, operation: &str, at: Timestamp) -> Value {
    if let Some(input) = &schedule.input {
        return serde_json::from_str(input).unwrap_or_else(|_| json!(input));
    }
    let name = format!("{operation}-{}", schedule.name);
    let (source, resource, detail) = match schedule.kind {
        ScheduleKind::Rule => {
            ("aws.events", format!("arn:aws:events:us-east-1:000000000000:rule/{name}"), json!({}))
        }
        ScheduleKind::Scheduler => (
            "aws.scheduler",
            format!("arn:aws:scheduler:us-east-1:000000000000:schedule/default/{name}"),
            json!("{}"),
        ),
    };
    json!({
        "version": "0",
        "id": make_request_id(),
        "detail-type": "Scheduled Event",
        "source": source,
        "account": "000000000000",
        "time": at.to_seconds_string(),
        "region": "us-east-1",
        "resources": [resource],
        "detail": detail,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn made(kind: ScheduleKind, input: Option<&str>) -> Value {
        let input = input.map(str::to_owned);
        let every = Duration::from_mins(1);
        let schedule = Schedule { name: "Tick".to_owned(), kind, every, input };
        event(&schedule, "events_sweep", Timestamp::from_unix_millis(1_774_970_000_000))
    }

    #[test]
    fn the_event_is_the_services_own_or_what_the_template_says() {
        let mut rule = made(ScheduleKind::Rule, None);
        assert!(rule["id"].take().is_string());
        assert_eq!(
            rule,
            json!({
                "version": "0", "id": null, "detail-type": "Scheduled Event",
                "source": "aws.events", "account": "000000000000", "time": "2026-03-31T15:13:20Z",
                "region": "us-east-1", "detail": {},
                "resources": ["arn:aws:events:us-east-1:000000000000:rule/events_sweep-Tick"],
            })
        );
        let scheduler = made(ScheduleKind::Scheduler, None);
        assert_eq!(
            (&scheduler["source"], &scheduler["detail"]),
            (&json!("aws.scheduler"), &json!("{}"))
        );
        assert_eq!(made(ScheduleKind::Rule, Some(r#"{"a":1}"#)), json!({"a": 1}));
        assert_eq!(made(ScheduleKind::Scheduler, Some("text")), json!("text"));
    }
}
