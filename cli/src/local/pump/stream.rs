//! From a stream to a worker: a task for each shard, and one that looks for shards.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    sync::Arc,
    time::Duration,
};

use aws_sdk_dynamodbstreams::{Client, types::Shard};
use tokio::task::JoinSet;

use super::{Positions, RECOVERY, Running, Sink, failure::Destination, shard};
use crate::{local::error::chain, template::StreamMapping};

/// How often new shards are looked for. A shard of DynamoDB's lives for about four hours.
const DISCOVERY: Duration = Duration::from_secs(10);

/// What a mapping reads, and how.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) client: Client,
    pub(super) arn: String,
    pub(super) mapping: StreamMapping,
    pub(super) failures: Option<Destination>,
    pub(super) positions: Arc<Positions>,
    pub(super) sink: Sink,
}

/// Reads as long as the stack goes on. A shard is begun when its parent was read to the end, so that the changes of one item
/// stay in order.
pub(super) async fn pump(source: Source, mut running: Running) {
    let mut tasks: JoinSet<String> = JoinSet::new();
    let (mut begun, mut ended) = (BTreeSet::new(), BTreeSet::new());
    while !running.is_over() {
        match running.until_over(source.shards()).await {
            None => break,
            Some(Ok(parents)) => {
                for (shard, parent) in &parents {
                    let waits = parent
                        .as_ref()
                        .is_some_and(|it| parents.contains_key(it) && !ended.contains(it));
                    if waits || !begun.insert(shard.clone()) {
                        continue;
                    }
                    let (source, name, running) = (source.clone(), shard.clone(), running.clone());
                    tasks.spawn(async move {
                        shard::pump(source, name.clone(), running).await;
                        name
                    });
                }
                tokio::select! {
                    Some(Ok(shard)) = tasks.join_next() => { ended.insert(shard); }
                    () = running.rest(DISCOVERY) => {}
                }
            }
            Some(Err(error)) => {
                let error = chain(&*error);
                tracing::warn!(
                    error,
                    operation = source.sink.operation(),
                    "the stream could not be described"
                );
                running.rest(RECOVERY).await;
            }
        }
    }
    while tasks.join_next().await.is_some() {}
}

impl Source {
    /// Every shard with its parent.
    async fn shards(
        &self,
    ) -> Result<BTreeMap<String, Option<String>>, Box<dyn Error + Send + Sync>> {
        let (mut all, mut last) = (BTreeMap::new(), None);
        loop {
            let request = self.client.describe_stream().stream_arn(&self.arn);
            let answer = request.set_exclusive_start_shard_id(last).send().await?;
            let stream = answer.stream_description;
            last = stream.as_ref().and_then(|it| it.last_evaluated_shard_id.clone());
            let shards = stream.and_then(|it| it.shards).unwrap_or_default();
            let named = |it: Shard| Some((it.shard_id?, it.parent_shard_id));
            all.extend(shards.into_iter().filter_map(named));
            if last.is_none() {
                return Ok(all);
            }
        }
    }
}
