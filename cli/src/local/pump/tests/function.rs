//! A function that does as it is told, and remembers what it was given.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::local::pump::sink::Sink;

/// How a call ends.
pub(super) enum Verdict {
    Done,
    /// These failed, and it says so.
    Failed(Vec<String>),
    /// It fails, and says nothing.
    Error,
    /// It ends when it is released.
    Hangs,
}

type Judge = dyn Fn(&[String], &Value) -> Verdict + Send + Sync;

#[derive(Default)]
struct Seen {
    events: Vec<Value>,
    running: usize,
    most: usize,
}

#[derive(Clone)]
pub(super) struct Function {
    judge: Arc<Judge>,
    seen: Arc<Mutex<Seen>>,
    released: watch::Sender<bool>,
}

/// What a record is called in the answer of a function.
fn id(record: &Value) -> String {
    let number = record.pointer("/dynamodb/SequenceNumber");
    number.unwrap_or(&record["messageId"]).as_str().unwrap().to_owned()
}

fn ids(event: &Value) -> Vec<String> {
    event["Records"].as_array().unwrap().iter().map(id).collect()
}

impl Function {
    pub(super) fn new(judge: impl Fn(&[String]) -> Verdict + Send + Sync + 'static) -> Self {
        Self::judging(move |ids, _| judge(ids))
    }

    /// Fails for messages with this body.
    pub(super) fn failing_bodies(body: &'static str) -> Self {
        Self::judging(move |_, event| {
            let records = event["Records"].as_array().unwrap().iter();
            Verdict::Failed(records.filter(|it| it["body"] == body).map(id).collect())
        })
    }

    fn judging(judge: impl Fn(&[String], &Value) -> Verdict + Send + Sync + 'static) -> Self {
        Self { judge: Arc::new(judge), seen: Arc::default(), released: watch::channel(false).0 }
    }

    pub(super) fn sink(&self) -> Sink {
        let function = self.clone();
        Sink::new("test", Duration::from_mins(1), move |event| {
            let function = function.clone();
            Box::pin(async move { function.answer(event).await })
        })
    }

    async fn answer(&self, event: Value) -> Option<Value> {
        let verdict = (self.judge)(&ids(&event), &event);
        {
            let mut seen = self.seen.lock().unwrap();
            seen.events.push(event);
            seen.running += 1;
            seen.most = seen.most.max(seen.running);
        }
        let failed = match verdict {
            Verdict::Done => Some(vec![]),
            Verdict::Failed(ids) => Some(ids),
            Verdict::Error => None,
            Verdict::Hangs => {
                self.released.subscribe().wait_for(|released| *released).await.unwrap();
                Some(vec![])
            }
        };
        self.seen.lock().unwrap().running -= 1;
        let failed = failed?.into_iter().map(|id| json!({"itemIdentifier": id}));
        Some(json!({"batchItemFailures": failed.collect::<Vec<_>>()}))
    }

    /// Lets the calls end that hang, and those that would.
    pub(super) fn release(&self) {
        self.released.send_replace(true);
    }

    pub(super) fn events(&self) -> Vec<Value> {
        self.seen.lock().unwrap().events.clone()
    }

    pub(super) fn batches(&self) -> Vec<Vec<String>> {
        self.seen.lock().unwrap().events.iter().map(ids).collect()
    }

    pub(super) fn has_had(&self, id: &str) -> bool {
        self.batches().concat().iter().any(|had| had == id)
    }

    pub(super) fn most_at_once(&self) -> usize {
        self.seen.lock().unwrap().most
    }
}
