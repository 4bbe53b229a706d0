//! What Lambda's event source mappings do: streams and queues, pumped into the workers that the template maps them to.

mod filter;
mod queue;
mod record;
mod stream;

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use aws_config::SdkConfig;
use events::{Worker, Workshop};
use serde_json::Value;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use self::stream::Positions;
use super::{StartError, functions::LocalWorker};
use crate::template::{Resolver, Template, TemplateError, Trigger};

/// How often a source that had nothing is asked again.
const INTERVAL: Duration = Duration::from_millis(200);
/// How long a source that failed is left alone.
const RECOVERY: Duration = Duration::from_secs(1);

/// How long a shutdown waits for a batch that is being worked on.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(6);

/// The running pumps; they end when this is dropped.
pub(super) struct Pump {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

/// Whether the stack is going on.
#[derive(Debug, Clone)]
struct Running(watch::Receiver<bool>);

impl Running {
    fn is_over(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits, but no longer than the stack goes on.
    async fn rest(&mut self, pause: Duration) {
        tokio::select! {
            () = sleep(pause) => {}
            _ = self.0.wait_for(|over| *over) => {}
        }
    }
}

impl fmt::Debug for Pump {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pump").field("sources", &self.tasks.len()).finish_non_exhaustive()
    }
}

/// A worker with its environment's clients.
#[derive(Debug, Clone)]
struct Sink {
    worker: &'static Worker,
    shop: Arc<Workshop>,
}

impl Sink {
    /// Hands a batch over, and answers the ids of the records that failed; `None` for the batch as a whole.
    async fn take(&self, records: Vec<Value>) -> Option<Vec<String>> {
        let event = serde_json::json!({ "Records": records });
        let answer = self.worker.answer(&self.shop, event).await.ok()?;
        let failures = answer.get("batchItemFailures")?.as_array()?.iter();
        failures.map(|failure| failure.get("itemIdentifier")?.as_str().map(str::to_owned)).collect()
    }
}

impl Pump {
    /// Starts a pump for each trigger of each worker. `positions` is the file that remembers how far streams were read.
    pub(super) fn start(
        template: &Template,
        resolver: &Resolver,
        workers: &[(&str, LocalWorker)],
        sdk: &SdkConfig,
        positions: Option<PathBuf>,
    ) -> Result<Self, Box<TemplateError>> {
        let (mut tasks, (stop, running)) = (JoinSet::new(), watch::channel(false));
        let running = Running(running);
        let positions = Arc::new(Positions::open(positions));
        for (operation, worker) in workers {
            let sink = Sink { worker: worker.worker, shop: Arc::clone(&worker.shop) };
            let triggers = template.function(operation).into_iter().flat_map(|it| &it.triggers);
            for trigger in triggers {
                match trigger {
                    Trigger::Stream { stream, batch_size, max_retries, filters } => {
                        let source = stream::Source {
                            client: aws_sdk_dynamodbstreams::Client::new(sdk),
                            arn: resolver.resolve(stream)?,
                            batch_size: *batch_size,
                            max_retries: *max_retries,
                            filters: filters.clone(),
                            positions: Arc::clone(&positions),
                        };
                        tasks.spawn(stream::pump(source, sink.clone(), running.clone()));
                    }
                    Trigger::Queue { queue, batch_size } => {
                        let arn = resolver.resolve(queue)?;
                        let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
                        let client = aws_sdk_sqs::Client::new(sdk);
                        let pump =
                            queue::pump(client, name, *batch_size, sink.clone(), running.clone());
                        tasks.spawn(pump);
                    }
                }
            }
        }
        Ok(Self { tasks, stop })
    }

    /// Lets them finish the batch that they are at. What takes too long is done again after the next start.
    pub(super) async fn shutdown(mut self) {
        self.stop.send_replace(true);
        let finish = async { while self.tasks.join_next().await.is_some() {} };
        drop(timeout(SHUTDOWN_GRACE, finish).await);
        self.tasks.shutdown().await;
    }
}

/// As a reason not to start.
pub(super) fn broken(path: PathBuf) -> impl FnOnce(Box<TemplateError>) -> StartError {
    move |source| StartError::Template { path, source: *source }
}
