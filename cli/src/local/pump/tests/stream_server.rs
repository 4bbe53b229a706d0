//! DynamoDB Streams at the wire, with as many shards as a test wants.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use winterbaume_core::{MockRequest, MockResponse};

use super::function::Function;
use crate::local::mock_server::{MockServer, operation};

struct Shard {
    id: String,
    parent: Option<String>,
    records: Vec<Value>,
    closed: bool,
}

type Rule = Box<dyn FnMut(&mut Vec<Shard>) -> bool + Send>;

#[derive(Default)]
struct State {
    shards: Vec<Shard>,
    /// Asked before each page; one that answers true fails the call.
    rules: Vec<Rule>,
}

pub(super) struct StreamServer {
    server: MockServer,
    state: Arc<Mutex<State>>,
}

/// A record that is nobody's.
pub(super) fn record(number: u32) -> Value {
    json!({
        "eventID": format!("e{number}"), "eventName": "INSERT", "eventVersion": "1.1",
        "eventSource": "aws:dynamodb", "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_774_970_000, "Keys": {"pk": {"S": "secret"}},
            "SequenceNumber": number.to_string(), "SizeBytes": 20,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    })
}

impl StreamServer {
    pub(super) async fn start() -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        let answer = move |request: MockRequest| {
            let asked: Value = serde_json::from_slice(&request.body).unwrap();
            let answer = shared.lock().unwrap().answer(operation(&request.headers), &asked);
            std::future::ready(answer)
        };
        let host = Ipv4Addr::LOCALHOST.into();
        Self { server: MockServer::start("streams", host, answer).await.unwrap(), state }
    }

    pub(super) fn endpoint(&self) -> &str {
        self.server.endpoint()
    }

    pub(super) fn shard(&self, id: &str, parent: Option<&str>, records: Vec<Value>) {
        let (id, parent) = (id.to_owned(), parent.map(str::to_owned));
        let closed = parent.is_some();
        self.state.lock().unwrap().shards.push(Shard { id, parent, records, closed });
    }

    /// Ends a shard: nothing more comes in it.
    pub(super) fn close(&self, id: &str) {
        self.state.lock().unwrap().shard(id).closed = true;
    }

    /// Adds a record once the function was called so often.
    pub(super) fn append_when(&self, function: &Function, id: &str, calls: usize, record: Value) {
        let (function, id, mut record) = (function.clone(), id.to_owned(), Some(record));
        self.rule(move |shards| {
            if function.batches().len() >= calls {
                let shard = shards.iter_mut().find(|it| it.id == id).unwrap();
                shard.records.extend(record.take());
            }
            false
        });
    }

    /// Once the function has had a record: adds another, and fails so many calls.
    pub(super) fn fail_when_had(
        &self,
        function: &Function,
        had: &'static str,
        mut failures: u32,
        (id, record): (&'static str, Value),
    ) {
        let (function, mut record) = (function.clone(), Some(record));
        self.rule(move |shards| {
            if !function.has_had(had) {
                return false;
            }
            let shard = shards.iter_mut().find(|it| it.id == id).unwrap();
            shard.records.extend(record.take());
            let fails = failures > 0;
            failures = failures.saturating_sub(1);
            fails
        });
    }

    fn rule(&self, rule: impl FnMut(&mut Vec<Shard>) -> bool + Send + 'static) {
        self.state.lock().unwrap().rules.push(Box::new(rule));
    }
}

impl State {
    fn shard(&mut self, id: &str) -> &mut Shard {
        self.shards.iter_mut().find(|shard| shard.id == id).unwrap()
    }

    fn answer(&mut self, operation: &str, asked: &Value) -> MockResponse {
        let text = |name: &str| asked[name].as_str().unwrap().to_owned();
        let told = match operation {
            "DescribeStream" => {
                let shards = self.shards.iter().map(|shard| {
                    json!({"ShardId": shard.id, "ParentShardId": shard.parent, "SequenceNumberRange": {}})
                });
                json!({"StreamDescription": {"Shards": shards.collect::<Vec<_>>()}})
            }
            "GetShardIterator" => {
                let shard = text("ShardId");
                let place = match text("ShardIteratorType").as_str() {
                    "TRIM_HORIZON" => 0,
                    "AFTER_SEQUENCE_NUMBER" => {
                        let number = &asked["SequenceNumber"];
                        let records = self.shard(&shard).records.iter();
                        let after =
                            records.take_while(|it| it["dynamodb"]["SequenceNumber"] != *number);
                        after.count() + 1
                    }
                    other => panic!("{other}"),
                };
                json!({"ShardIterator": format!("{shard}:{place}")})
            }
            "GetRecords" => {
                let shards = &mut self.shards;
                if self.rules.iter_mut().any(|rule| rule(shards)) {
                    return MockResponse::json(500, r#"{"__type":"InternalServerError"}"#);
                }
                let iterator = text("ShardIterator");
                let (shard, place) = iterator.split_once(':').unwrap();
                let place: usize = place.parse().unwrap();
                let limit = usize::try_from(asked["Limit"].as_u64().unwrap()).unwrap();
                let shard = self.shard(shard);
                let records: Vec<_> = shard.records.iter().skip(place).take(limit).collect();
                let next = place + records.len();
                let ended = shard.closed && next == shard.records.len();
                let next = (!ended).then(|| format!("{}:{next}", shard.id));
                json!({"Records": records, "NextShardIterator": next})
            }
            other => panic!("{other}"),
        };
        MockResponse::json(200, told.to_string())
    }
}
