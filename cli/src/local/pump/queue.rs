//! From a queue to a worker: batches side by side, as many as the mapping allows.

use std::{error::Error, sync::Arc, time::Duration};

use aws_sdk_sqs::{
    Client,
    types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName},
};
use serde_json::Value;
use tokio::{sync::Semaphore, task::JoinSet};

use super::{INTERVAL, RECOVERY, Running, Sink, message};
use crate::{local::error::chain, template::QueueMapping};

/// The most messages that one receive may ask for.
const MAX_BATCH: usize = 10;
/// How many seconds a receive waits for a message.
const WAIT_SECONDS: i32 = 1;
/// How often a message that was worked on is tried to be deleted, before it comes again.
const DELETIONS: u32 = 5;

type Failure = Box<dyn Error + Send + Sync>;

/// What a mapping receives, and how.
#[derive(Debug, Clone)]
pub(super) struct Source {
    client: Client,
    arn: String,
    mapping: QueueMapping,
    max_concurrency: usize,
    sink: Sink,
}

/// Receives as long as the stack goes on.
pub(super) async fn pump(source: Source, mut running: Running) {
    let places = Arc::new(Semaphore::new(source.max_concurrency.max(1)));
    let (mut batches, mut url) = (JoinSet::new(), None);
    while !running.is_over() {
        while batches.try_join_next().is_some() {}
        // Not before there is a place: what is received is hidden, whether anybody works on it or not.
        let place = running.until_over(Arc::clone(&places).acquire_owned()).await;
        let Some(Ok(place)) = place else { break };
        // Never broken off: messages whose receipt nobody sees are hidden for minutes.
        match source.receive(&mut url).await {
            Ok((_, messages)) if messages.is_empty() => running.rest(INTERVAL).await,
            Ok((url, messages)) => {
                let source = source.clone();
                batches.spawn(async move {
                    source.work(&url, &messages).await;
                    drop(place);
                });
            }
            Err(error) => {
                let error = chain(&*error);
                tracing::warn!(error, queue = source.name(), "the queue could not be read");
                running.rest(RECOVERY).await;
            }
        }
    }
    while batches.join_next().await.is_some() {}
}

impl Source {
    pub(super) const fn new(
        client: Client,
        arn: String,
        mapping: QueueMapping,
        max_concurrency: usize,
        sink: Sink,
    ) -> Self {
        Self { client, arn, mapping, max_concurrency, sink }
    }

    fn name(&self) -> &str {
        self.arn.rsplit(':').next().unwrap_or_default()
    }

    async fn receive(
        &self,
        known_url: &mut Option<String>,
    ) -> Result<(String, Vec<Message>), Failure> {
        let url = if let Some(url) = known_url.clone() {
            url
        } else {
            let answer = self.client.get_queue_url().queue_name(self.name()).send().await?;
            known_url.insert(answer.queue_url.unwrap_or_default()).clone()
        };
        let most = i32::try_from(self.mapping.batch_size.clamp(1, MAX_BATCH)).unwrap_or(1);
        let request = self.client.receive_message().queue_url(&url).max_number_of_messages(most);
        let request = request.wait_time_seconds(WAIT_SECONDS).message_attribute_names("All");
        let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
        Ok((url, request.send().await?.messages.unwrap_or_default()))
    }

    /// What the worker has taken is deleted. A batch that failed as a whole comes back after the queue's own time, and so
    /// does every message that failed.
    async fn work(&self, url: &str, messages: &[Message]) {
        let records: Vec<Value> =
            messages.iter().map(|message| message::of_queue(message, &self.arn)).collect();
        let Some(mut failed) = self.sink.take(&records).await else { return };
        if !self.mapping.reports_failures {
            failed.clear();
        }
        let known = |id: &String| messages.iter().any(|it| it.message_id.as_ref() == Some(id));
        // An id of no message of the batch means that all of it failed.
        if !failed.iter().all(known) {
            return;
        }
        let stays = |it: &&Message| it.message_id.as_ref().is_some_and(|id| failed.contains(id));
        let done: Vec<_> = messages.iter().filter(|it| !stays(it)).collect();
        for attempt in 1..=DELETIONS {
            match self.delete(url, &done).await {
                Ok(()) => return,
                Err(error) => {
                    let error = chain(&*error);
                    tracing::warn!(error, queue = self.name(), "messages were not deleted");
                    tokio::time::sleep(Duration::from_secs(attempt.into())).await;
                }
            }
        }
    }

    async fn delete(&self, url: &str, messages: &[&Message]) -> Result<(), Failure> {
        if messages.is_empty() {
            return Ok(());
        }
        let entry = |(place, message): (usize, &&Message)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(place.to_string());
            entry.set_receipt_handle(message.receipt_handle.clone()).build()
        };
        let entries = messages.iter().enumerate().map(entry).collect::<Result<Vec<_>, _>>()?;
        let request = self.client.delete_message_batch().queue_url(url);
        let answer = request.set_entries(Some(entries)).send().await?;
        match answer.failed.first() {
            None => Ok(()),
            Some(failed) => Err(format!("{}: {:?}", failed.code, failed.message).into()),
        }
    }
}
