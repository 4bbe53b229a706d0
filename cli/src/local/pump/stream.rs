//! From a stream to a worker, in order, from where the last stack ended.

use std::{
    collections::BTreeMap,
    error::Error,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_dynamodbstreams::{Client, types::ShardIteratorType};
use serde_json::Value;

use super::{INTERVAL, RECOVERY, Running, Sink, filter, record};
use crate::local::{data_dir, error::chain};

/// How many records are read at once: as many as there may be.
const PAGE: i32 = 1_000;

/// How far each worker has read each shard, remembered in a file.
#[derive(Debug)]
pub(super) struct Positions {
    file: Option<PathBuf>,
    known: Mutex<BTreeMap<String, String>>,
}

impl Positions {
    /// A file that is missing or damaged is one that remembers nothing: everything that the stream still has comes again.
    pub(super) fn open(file: Option<PathBuf>) -> Self {
        let bytes = file.as_ref().and_then(|path| data_dir::read(path).ok().flatten());
        let known = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { file, known: Mutex::new(known.unwrap_or_default()) }
    }

    fn get(&self, name: &str) -> Option<String> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Held while it is written, so that an older state never replaces a newer one.
    fn set(&self, name: &str, sequence_number: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name.to_owned(), sequence_number.to_owned());
        let Some(path) = &self.file else { return };
        let saved = serde_json::to_vec(&*known).map_err(std::io::Error::other);
        if let Err(error) = saved.and_then(|text| data_dir::replace(path, &text)) {
            tracing::warn!(error = chain(&error), "the position in the stream was not saved");
        }
    }
}

/// What a mapping reads, and how.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) client: Client,
    pub(super) arn: String,
    pub(super) batch_size: usize,
    pub(super) max_retries: usize,
    pub(super) filters: Vec<Value>,
    pub(super) positions: Arc<Positions>,
}

/// Reads as long as the stack goes on.
pub(super) async fn pump(source: Source, sink: Sink, mut running: Running) {
    let mut iterators = BTreeMap::new();
    while !running.is_over() {
        match source.round(&sink, &mut iterators, &mut running).await {
            Ok(true) => {}
            Ok(false) => running.rest(INTERVAL).await,
            Err(error) => {
                tracing::warn!(error = chain(&*error), "the stream could not be read");
                iterators.clear();
                running.rest(RECOVERY).await;
            }
        }
    }
}

type Failure = Box<dyn Error + Send + Sync>;

impl Source {
    fn name(&self, sink: &Sink, shard: &str) -> String {
        format!("{}/{}/{shard}", sink.worker.operation, self.arn)
    }

    /// One look at every shard; answers whether there was anything. A shard that has ended is looked at no more, and those
    /// that follow it are looked for.
    async fn round(
        &self,
        sink: &Sink,
        iterators: &mut BTreeMap<String, Option<String>>,
        running: &mut Running,
    ) -> Result<bool, Failure> {
        if iterators.is_empty() {
            self.find_shards(sink, iterators).await?;
        }
        let (mut moved, mut ended) = (false, false);
        for (shard, iterator) in iterators.iter_mut() {
            let Some(current) = iterator.clone() else { continue };
            let page = self.client.get_records().shard_iterator(current).limit(PAGE).send().await?;
            iterator.clone_from(&page.next_shard_iterator);
            ended = ended || iterator.is_none();
            let records = page.records();
            let Some(last) = records.last().and_then(|it| it.dynamodb()?.sequence_number()) else {
                continue;
            };
            moved = true;
            let records = records.iter().map(|it| record::of_stream(it, &self.arn));
            let passing: Vec<_> = records.filter(|it| filter::passes(it, &self.filters)).collect();
            for batch in passing.chunks(self.batch_size.max(1)) {
                if !self.hand_over(sink, batch.to_vec(), running).await {
                    return Ok(false);
                }
            }
            self.positions.set(&self.name(sink, shard), last);
        }
        if ended {
            self.find_shards(sink, iterators).await?;
        }
        Ok(moved)
    }

    async fn find_shards(
        &self,
        sink: &Sink,
        iterators: &mut BTreeMap<String, Option<String>>,
    ) -> Result<(), Failure> {
        let answer = self.client.describe_stream().stream_arn(&self.arn).send().await?;
        let shards = answer.stream_description.and_then(|stream| stream.shards);
        for shard in shards.unwrap_or_default().iter().filter_map(|shard| shard.shard_id()) {
            if iterators.contains_key(shard) {
                continue;
            }
            let request = self.client.get_shard_iterator().stream_arn(&self.arn).shard_id(shard);
            let from_start = request.clone().shard_iterator_type(ShardIteratorType::TrimHorizon);
            let answer = match self.positions.get(&self.name(sink, shard)) {
                None => from_start.send().await?,
                Some(position) => {
                    let request = request.sequence_number(position);
                    let after = ShardIteratorType::AfterSequenceNumber;
                    match request.shard_iterator_type(after).send().await {
                        Ok(answer) => answer,
                        // The stream no longer goes back so far.
                        Err(_) => from_start.send().await?,
                    }
                }
            };
            iterators.insert(shard.to_owned(), answer.shard_iterator);
        }
        Ok(())
    }

    /// Hands records over until the worker has taken all of them: from the first that failed, again and again, as often as
    /// the template allows. Answers whether that was done before the stack ended.
    async fn hand_over(&self, sink: &Sink, mut batch: Vec<Value>, running: &mut Running) -> bool {
        let number = |record: &Value| {
            let number = record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str);
            number.unwrap_or_default().to_owned()
        };
        let mut retries = 0_usize;
        while !batch.is_empty() {
            let failed = sink.take(batch.clone()).await;
            let first = match &failed {
                Some(failed) if failed.is_empty() => return true,
                Some(failed) => batch.iter().position(|it| failed.contains(&number(it))),
                None => None,
            };
            let taken = first.unwrap_or(0);
            retries = if taken > 0 { 0 } else { retries.saturating_add(1) };
            batch.drain(..taken);
            if retries > self.max_retries {
                let sequence_number = batch.first().map(number);
                tracing::error!(
                    operation = sink.worker.operation,
                    sequence_number,
                    "a record was given up"
                );
                batch.drain(..1);
                retries = 0;
                continue;
            }
            running.rest(INTERVAL).await;
            if running.is_over() {
                return false;
            }
        }
        true
    }
}
