//! Where pumps lead: a function.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::local::functions::LocalWorker;

type Call = dyn Fn(Value) -> BoxFuture<'static, Option<Value>> + Send + Sync;

/// A function that takes events.
#[derive(Clone)]
pub(super) struct Sink {
    operation: &'static str,
    /// When Lambda ends it.
    patience: Duration,
    call: Arc<Call>,
}

impl fmt::Debug for Sink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sink({})", self.operation)
    }
}

impl Sink {
    /// A worker of this stack.
    pub(super) fn of_worker(local: &LocalWorker) -> Self {
        let (worker, shop) = (local.worker, Arc::clone(&local.shop));
        Self::new(worker.operation, local.timeout, move |event| {
            let shop = Arc::clone(&shop);
            Box::pin(async move { worker.answer(&shop, event).await.ok() })
        })
    }

    /// Any function; it answers `None` where it fails.
    pub(super) fn new(
        operation: &'static str,
        patience: Duration,
        call: impl Fn(Value) -> BoxFuture<'static, Option<Value>> + Send + Sync + 'static,
    ) -> Self {
        Self { operation, patience, call: Arc::new(call) }
    }

    /// The operation of the function.
    pub(super) const fn operation(&self) -> &'static str {
        self.operation
    }

    /// Hands an event over; `None` where the function failed, or took longer than it may.
    pub(super) async fn invoke(&self, event: Value) -> Option<Value> {
        let answer = timeout(self.patience, (self.call)(event)).await;
        answer.unwrap_or_else(|_| {
            let seconds = self.patience.as_secs();
            tracing::error!(operation = self.operation, seconds, "ended for taking too long");
            None
        })
    }

    /// Hands a batch over, and answers the ids of the records that failed; `None` for the batch as a whole, which is also
    /// what an answer of another shape means.
    pub(super) async fn take(&self, records: &[Value]) -> Option<Vec<String>> {
        let answer = self.invoke(json!({ "Records": records })).await?;
        let failures = answer.get("batchItemFailures")?.as_array()?.iter();
        failures.map(|failure| failure.get("itemIdentifier")?.as_str().map(str::to_owned)).collect()
    }
}
