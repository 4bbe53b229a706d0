//! An embedded SQS, on a port of its own: standard queues in an `SQLite` file.
//!
//! What was answered is on disk, and with it everything that a queue knows of a message: how long it is hidden, how often
//! it was received, whose it is. A start reads nothing of that, so it takes no longer with messages than without.

mod attributes;
mod digest;
mod error;
mod journal;
mod operations;
mod pick;
mod queue;
mod receive;
mod request;
mod send;
mod settle;
mod store;

use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use shared::clock::Clock;
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};
use winterbaume_core::{MockRequest, MockResponse};

use self::{error::SqsError, journal::Journal, store::Store};
use super::{
    StartError,
    error::chain,
    mock_server::{MockServer, operation},
};

/// How often a receive that waits looks for messages that were hidden or delayed.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// An SQS in this process, served over HTTP.
#[derive(Debug)]
pub struct EmbeddedSqs {
    server: MockServer,
    journal: Arc<Journal>,
}

impl EmbeddedSqs {
    /// Starts one over this file, or in memory, for this machine alone.
    pub async fn start(file: Option<&Path>) -> Result<Self, StartError> {
        Self::listen(Ipv4Addr::LOCALHOST.into(), file, Clock::system()).await
    }

    /// As [`EmbeddedSqs::start`], on this address and by this clock.
    pub async fn listen(
        host: IpAddr,
        file: Option<&Path>,
        clock: Clock,
    ) -> Result<Self, StartError> {
        let failed = |reason: String| StartError::Server { server: "SQS", reason };
        let store = Store::open(file, clock).map_err(|error| match file {
            Some(path) => StartError::Damaged {
                path: path.to_owned(),
                reason: chain(&error),
                remedy: "move it away: webhooks that were waiting are lost, and nothing else",
            },
            None => failed(chain(&error)),
        })?;
        let journal = Journal::start(store).map_err(|error| failed(error.to_string()))?;
        let (journal, news) = (Arc::new(journal), Arc::new(Notify::new()));
        let shared = Arc::clone(&journal);
        let answer = move |request| answer(Arc::clone(&shared), Arc::clone(&news), request);
        Ok(Self { server: MockServer::start("SQS", host, answer).await?, journal })
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &str {
        self.server.endpoint()
    }

    /// Lets running requests finish, and ends it.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
        self.journal.stop().await;
    }
}

async fn answer(journal: Arc<Journal>, news: Arc<Notify>, request: MockRequest) -> MockResponse {
    let operation = operation(&request.headers).to_owned();
    let answer = match serde_json::from_slice(&request.body) {
        Ok(asked) if operation == "ReceiveMessage" => receive(&journal, &news, asked).await,
        Ok(asked) => journal.ask(&operation, asked).await,
        Err(_) => Err(SqsError::invalid("The request is not JSON.")),
    };
    // A message that was sent, or shows itself again, is what a receive waits for.
    if answer.is_ok() && operation != "ReceiveMessage" {
        news.notify_waiters();
    }
    match answer {
        Ok(told) => MockResponse::json(200, told.to_string()),
        Err(error) => error.into_response(),
    }
}

/// Waits for messages as long as the request, or else its queue, says.
async fn receive(journal: &Journal, news: &Notify, asked: Value) -> Result<Value, SqsError> {
    let wait = journal.ask(operations::WAIT, asked.clone()).await?.as_u64().unwrap_or(0);
    let deadline = Instant::now().checked_add(Duration::from_secs(wait));
    loop {
        let told = journal.ask("ReceiveMessage", asked.clone()).await?;
        if told.get("Messages").is_some()
            || deadline.is_none_or(|deadline| Instant::now() >= deadline)
        {
            return Ok(told);
        }
        drop(timeout(LOOK_AGAIN, news.notified()).await);
    }
}
