//! What calls the workers on AWS: event source mappings from streams and queues, and schedules.

mod batch;
mod failure;
mod filter;
mod message;
mod positions;
mod queue;
mod record;
mod schedule;
mod shard;
mod sink;
mod stream;
#[cfg(test)]
mod tests;

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use aws_config::SdkConfig;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

pub(super) use self::schedule::tick;
use self::{positions::Positions, sink::Sink};
use super::{StartError, functions::LocalWorker};
use crate::template::{Resolver, Template, TemplateError, Trigger};

/// How often a source that had nothing is asked again: four to five times a second, as Lambda asks a stream.
const INTERVAL: Duration = Duration::from_millis(200);
/// How long a source that failed is left alone.
const RECOVERY: Duration = Duration::from_secs(1);

/// How long a shutdown waits for a batch that is being worked on.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(6);

/// The running pumps; they end when this is dropped.
pub(super) struct Pump {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
    positions: Arc<Positions>,
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
        self.until_over(sleep(pause)).await.unwrap_or_default();
    }

    /// The outcome of some work, or `None` where the stack ends before it; then the work is dropped.
    async fn until_over<F: Future>(&mut self, work: F) -> Option<F::Output> {
        tokio::select! {
            outcome = work => Some(outcome),
            _ = self.0.wait_for(|over| *over) => None,
        }
    }
}

impl fmt::Debug for Pump {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pump").field("sources", &self.tasks.len()).finish_non_exhaustive()
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
        let sqs = aws_sdk_sqs::Client::new(sdk);
        for (operation, worker) in workers {
            let sink = Sink::of_worker(worker);
            let triggers = template.function(operation).into_iter().flat_map(|it| &it.triggers);
            for trigger in triggers {
                let (sink, running) = (sink.clone(), running.clone());
                match trigger {
                    Trigger::Stream(mapping) => {
                        let failures = mapping.on_failure.as_ref();
                        let failures = failures.map(|arn| resolver.resolve(arn)).transpose()?;
                        let source = stream::Source {
                            client: aws_sdk_dynamodbstreams::Client::new(sdk),
                            arn: resolver.resolve(&mapping.stream)?,
                            failures: failures.map(|arn| failure::Destination::new(&sqs, &arn)),
                            mapping: mapping.clone(),
                            positions: Arc::clone(&positions),
                            sink,
                        };
                        tasks.spawn(stream::pump(source, running));
                    }
                    Trigger::Queue(mapping) => {
                        let arn = resolver.resolve(&mapping.queue)?;
                        let most = resolver.resolve_number(&mapping.max_concurrency)?;
                        let source =
                            queue::Source::new(sqs.clone(), arn, mapping.clone(), most, sink);
                        tasks.spawn(queue::pump(source, running));
                    }
                    Trigger::Schedule(schedule) => {
                        tasks.spawn(schedule::pump(schedule.clone(), sink, running));
                    }
                }
            }
        }
        Ok(Self { tasks, stop, positions })
    }

    /// Lets them finish the batch that they are at. What takes too long is done again after the next start.
    pub(super) async fn shutdown(mut self) {
        self.stop.send_replace(true);
        let finish = async { while self.tasks.join_next().await.is_some() {} };
        drop(timeout(SHUTDOWN_GRACE, finish).await);
        self.tasks.shutdown().await;
        self.positions.keep();
    }
}

/// As a reason not to start.
pub(super) fn broken(path: PathBuf) -> impl FnOnce(Box<TemplateError>) -> StartError {
    move |source| StartError::Template { path, source: *source }
}
