//! One shard of a stream, read in order from where the last stack ended.

use std::error::Error;

use aws_sdk_dynamodbstreams::types::{Record, ShardIteratorType};
use serde_json::Value;

use super::{INTERVAL, RECOVERY, Running, batch::Goes, filter, record, stream::Source};
use crate::local::error::chain;

/// How many records are asked for at first, when it is not known how large they are.
const FIRST_PAGE: i64 = 10;
/// The most records that one call may ask for.
const LARGEST_PAGE: i64 = 1_000;
/// How large an answer should be, about: DynamoDB itself ends its pages at one megabyte, other servers do not.
const PAGE_BYTES: i64 = 1_048_576;

type Failure = Box<dyn Error + Send + Sync>;

/// Reads until the shard ends, or the stack.
pub(super) async fn pump(source: Source, shard: String, mut running: Running) {
    let mut reader = Reader { source: &source, shard: &shard, iterator: None, limit: FIRST_PAGE };
    while !running.is_over() {
        let page = match running.until_over(reader.page()).await {
            Some(Ok(Some(page))) => page,
            Some(Ok(None)) | None => return,
            Some(Err(error)) => {
                let error = chain(&*error);
                tracing::warn!(
                    error,
                    operation = source.sink.operation(),
                    "the stream could not be read"
                );
                reader.iterator = None;
                running.rest(RECOVERY).await;
                continue;
            }
        };
        if page.is_empty() {
            running.rest(INTERVAL).await;
        } else if reader.hand_over(&page, &mut running).await.is_break() {
            return;
        }
    }
}

struct Reader<'a> {
    source: &'a Source,
    shard: &'a str,
    /// Where to read on; `None` where that has to be found by the position.
    iterator: Option<String>,
    /// How many records to ask for.
    limit: i64,
}

impl Reader<'_> {
    fn name(&self) -> String {
        format!("{}/{}/{}", self.source.sink.operation(), self.source.arn, self.shard)
    }

    /// The next records; `None` at the end of the shard.
    async fn page(&mut self) -> Result<Option<Vec<Record>>, Failure> {
        let iterator = match self.iterator.take() {
            Some(iterator) => iterator,
            None => match self.find_iterator().await? {
                Some(iterator) => iterator,
                None => return Ok(None),
            },
        };
        let limit = i32::try_from(self.limit).unwrap_or(1);
        let request = self.source.client.get_records().shard_iterator(&iterator).limit(limit);
        let answer = request.send().await?;
        let records = answer.records.unwrap_or_default();
        self.iterator = answer.next_shard_iterator;
        let ended = self.iterator.is_none() && records.is_empty();
        self.limit = next_limit(&records).unwrap_or(self.limit);
        Ok((!ended).then_some(records))
    }

    async fn find_iterator(&self) -> Result<Option<String>, Failure> {
        let request = self.source.client.get_shard_iterator();
        let request = request.stream_arn(&self.source.arn).shard_id(self.shard);
        let from = |kind| request.clone().shard_iterator_type(kind);
        let answer = match self.source.positions.get(&self.name()) {
            None if self.source.mapping.starts_at_latest => {
                from(ShardIteratorType::Latest).send().await?
            }
            None => from(ShardIteratorType::TrimHorizon).send().await?,
            Some(position) => {
                let after = from(ShardIteratorType::AfterSequenceNumber);
                match after.sequence_number(position).send().await {
                    Ok(answer) => answer,
                    // The stream no longer goes back so far, or is another of the same name. Whatever else failed is
                    // tried again from the same place.
                    Err(error)
                        if error.as_service_error().is_some_and(|error| {
                            error.is_trimmed_data_access_exception()
                                || error.meta().code() == Some("ValidationException")
                        }) =>
                    {
                        from(ShardIteratorType::TrimHorizon).send().await?
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        };
        Ok(answer.shard_iterator)
    }

    async fn hand_over(&self, page: &[Record], running: &mut Running) -> Goes {
        let (source, name) = (self.source, self.name());
        let records = page.iter().map(|it| record::of_stream(it, &source.arn));
        let passing: Vec<_> =
            records.filter(|it| filter::passes(it, &source.mapping.filters)).collect();
        let done = |number: &str| source.positions.set(&name, number);
        for batch in passing.chunks(source.mapping.batch_size.max(1)) {
            let batch: Vec<Value> = batch.to_vec();
            source.hand_over(self.shard, batch, running, done).await?;
        }
        if let Some(last) = page.last().and_then(|it| it.dynamodb()?.sequence_number()) {
            done(last);
        }
        Goes::Continue(())
    }
}

/// As many records as come to a page, if they go on being as large as these.
fn next_limit(records: &[Record]) -> Option<i64> {
    let count = i64::try_from(records.len()).ok().filter(|count| *count > 0)?;
    let sizes = records.iter().filter_map(|record| record.dynamodb()?.size_bytes());
    let bytes = sizes.fold(1, i64::saturating_add);
    let fitting = PAGE_BYTES.saturating_mul(count).checked_div(bytes)?;
    Some(fitting.clamp(1, LARGEST_PAGE))
}
