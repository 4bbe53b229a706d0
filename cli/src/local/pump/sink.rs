//! Where pumps lead: a worker.

use std::sync::Arc;

use events::{Worker, Workshop};
use serde_json::{Value, json};

use crate::local::functions::LocalWorker;

/// A worker with its environment's clients.
#[derive(Debug, Clone)]
pub(super) struct Sink {
    worker: &'static Worker,
    shop: Arc<Workshop>,
}

impl Sink {
    pub(super) fn new(local: &LocalWorker) -> Self {
        Self { worker: local.worker, shop: Arc::clone(&local.shop) }
    }

    /// The operation of the worker.
    pub(super) const fn operation(&self) -> &'static str {
        self.worker.operation
    }

    /// Hands an event over; `None` where the function failed.
    pub(super) async fn invoke(&self, event: Value) -> Option<Value> {
        self.worker.answer(&self.shop, event).await.ok()
    }

    /// Hands a batch over, and answers the ids of the records that failed; `None` for the batch as a whole, which is also
    /// what an answer of another shape means.
    pub(super) async fn take(&self, records: &[Value]) -> Option<Vec<String>> {
        let answer = self.invoke(json!({ "Records": records })).await?;
        let failures = answer.get("batchItemFailures")?.as_array()?.iter();
        failures.map(|failure| failure.get("itemIdentifier")?.as_str().map(str::to_owned)).collect()
    }
}
