//! An embedded SQS, on a port of its own: winterbaume's, behind an HTTP adapter, with a memory.
//!
//! Its own snapshots hold queues and no messages, so the adapter keeps the messages: what was sent and not deleted is in a
//! file before it is answered. After a restart it is sent again; how long a message was to stay hidden is forgotten.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::body::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{sync::Mutex, task::spawn_blocking};
use winterbaume_core::{MockRequest, MockResponse, MockService as _};
use winterbaume_sqs::SqsService;

use super::{
    StartError, data_dir,
    mock_server::{MockServer, operation},
};

/// An SQS in this process, served over HTTP.
#[derive(Debug)]
pub struct EmbeddedSqs {
    server: MockServer,
    sqs: Arc<Sqs>,
}

impl EmbeddedSqs {
    /// Starts one with the messages of this file, or in memory. [`EmbeddedSqs::refill`] puts the messages back once their
    /// queues exist.
    pub async fn start(file: Option<&Path>) -> Result<Self, StartError> {
        let mut kept = Vec::new();
        if let Some(path) = file
            && let Some(bytes) = data_dir::read(path)?
        {
            let damaged = |error: serde_json::Error| StartError::Damaged {
                path: path.to_owned(),
                reason: error.to_string(),
                remedy: "move it away: webhooks that were waiting are lost, and nothing else",
            };
            kept = serde_json::from_slice(&bytes).map_err(damaged)?;
        }
        let journal = Mutex::new(Journal { waiting: kept, ..Journal::default() });
        let file = file.map(Path::to_owned);
        let sqs = Arc::new(Sqs { service: SqsService::new(), file, journal });
        let shared = Arc::clone(&sqs);
        let answer = move |request| {
            let sqs = Arc::clone(&shared);
            async move { sqs.answer(request).await }
        };
        Ok(Self { server: MockServer::start("SQS", answer).await?, sqs })
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &str {
        self.server.endpoint()
    }

    /// Sends what waited when the last one ended.
    pub async fn refill(&self) {
        let waiting = std::mem::take(&mut self.sqs.journal.lock().await.waiting);
        for message in waiting {
            let request = json!({ "QueueUrl": message.queue, "MessageBody": message.body });
            self.sqs.call("SendMessage", &request).await;
        }
    }

    /// Lets running requests finish, and ends it.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
    }
}

/// A message that was sent and not deleted.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    queue: String,
    body: String,
}

#[derive(Debug, Default)]
struct Journal {
    /// From before the start, not yet sent again.
    waiting: Vec<Kept>,
    /// By the order of sending.
    messages: BTreeMap<u64, Kept>,
    sent: u64,
    /// From an id or a receipt to the place in the order.
    places: HashMap<String, u64>,
}

struct Sqs {
    service: SqsService,
    file: Option<PathBuf>,
    /// Held while it is written, so that an older state never replaces a newer one.
    journal: Mutex<Journal>,
}

impl std::fmt::Debug for Sqs {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Sqs").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Sqs {
    async fn call(&self, operation: &str, request: &Value) -> MockResponse {
        let mut headers = axum::http::HeaderMap::new();
        if let Ok(target) = format!("AmazonSQS.{operation}").parse() {
            headers.insert("x-amz-target", target);
        }
        let content_type = axum::http::HeaderValue::from_static("application/x-amz-json-1.0");
        headers.insert("content-type", content_type);
        let (method, uri) = ("POST".to_owned(), "/".to_owned());
        self.answer(MockRequest { method, uri, headers, body: Bytes::from(request.to_string()) })
            .await
    }

    async fn answer(&self, request: MockRequest) -> MockResponse {
        let operation = operation(&request.headers).to_owned();
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let answer = self.service.handle(request).await;
        if self.file.is_none() || !(200..300).contains(&answer.status) {
            return answer;
        }
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let mut journal = self.journal.lock().await;
        if !journal.note(&operation, &asked, &told) {
            return answer;
        }
        match self.save(&journal).await {
            Ok(()) => answer,
            Err(error) => {
                tracing::error!(error, "the messages of the embedded SQS were not saved");
                let body =
                    r#"{"__type":"InternalFailure","message":"The messages were not saved."}"#;
                MockResponse::json(500, body)
            }
        }
    }

    async fn save(&self, journal: &Journal) -> Result<(), String> {
        let Some(path) = self.file.clone() else { return Ok(()) };
        let kept: Vec<_> = journal.waiting.iter().chain(journal.messages.values()).collect();
        let text = serde_json::to_vec(&kept).map_err(|error| error.to_string())?;
        let saved = spawn_blocking(move || data_dir::replace(&path, &text)).await;
        saved.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }
}

impl Journal {
    /// Notes what an operation did; answers whether that is to be kept.
    fn note(&mut self, operation: &str, asked: &Value, told: &Value) -> bool {
        let text = |value: &Value, member: &str| {
            value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let entries = |value: &Value, member: &str| {
            value.get(member).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let queue = text(asked, "QueueUrl");
        match operation {
            "SendMessage" => self.add(text(told, "MessageId"), &queue, text(asked, "MessageBody")),
            "SendMessageBatch" => {
                let asked = entries(asked, "Entries");
                for sent in entries(told, "Successful") {
                    let same = |entry: &&Value| text(entry, "Id") == text(&sent, "Id");
                    if let Some(entry) = asked.iter().find(same) {
                        self.add(text(&sent, "MessageId"), &queue, text(entry, "MessageBody"));
                    }
                }
            }
            "ReceiveMessage" => {
                for message in entries(told, "Messages") {
                    self.receive(
                        &text(&message, "MessageId"),
                        text(&message, "ReceiptHandle"),
                        &queue,
                    );
                }
                return false;
            }
            "DeleteMessage" => self.remove(&text(asked, "ReceiptHandle")),
            "DeleteMessageBatch" => {
                for entry in entries(asked, "Entries") {
                    self.remove(&text(&entry, "ReceiptHandle"));
                }
            }
            "PurgeQueue" => self.messages.retain(|_, message| message.queue != queue),
            _ => return false,
        }
        true
    }

    fn add(&mut self, id: String, queue: &str, body: String) {
        self.sent = self.sent.saturating_add(1);
        self.places.insert(id, self.sent);
        self.messages.insert(self.sent, Kept { queue: queue.to_owned(), body });
    }

    /// A message may have moved to another queue since it was sent: to the one for dead letters.
    fn receive(&mut self, id: &str, receipt: String, queue: &str) {
        if let Some(place) = self.places.get(id).copied() {
            self.places.insert(receipt, place);
            if let Some(message) = self.messages.get_mut(&place) {
                queue.clone_into(&mut message.queue);
            }
        }
    }

    fn remove(&mut self, receipt: &str) {
        if let Some(place) = self.places.remove(receipt) {
            self.messages.remove(&place);
            self.places.retain(|_, other| *other != place);
        }
    }
}
