//! An embedded DynamoDB, on a port of its own.

mod stream_records;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use dynoxide::{Database, server};
use tokio::{
    net::TcpListener,
    sync::oneshot,
    task::{JoinSet, spawn_blocking},
    time::{MissedTickBehavior, interval, timeout},
};

use super::{StartError, error::chain, mock_server::reachable};

/// How often expired items are removed. DynamoDB itself promises no more than "within a few days".
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);
/// How long a shutdown waits for a request that does not end.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// A DynamoDB in this process, served over HTTP. What it has answered is committed: it survives the end of the process,
/// however that ends.
pub struct EmbeddedDynamoDb {
    endpoint: String,
    stop: oneshot::Sender<()>,
    server: JoinSet<()>,
    _sweeper: JoinSet<()>,
}

impl fmt::Debug for EmbeddedDynamoDb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EmbeddedDynamoDb")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl EmbeddedDynamoDb {
    /// Starts one over this file, or in memory, for this machine alone.
    pub async fn start(file: Option<&Path>) -> Result<Self, StartError> {
        Self::listen(Ipv4Addr::LOCALHOST.into(), file).await
    }

    /// As [`EmbeddedDynamoDb::start`], on this address.
    pub async fn listen(host: IpAddr, file: Option<&Path>) -> Result<Self, StartError> {
        let failed = |reason: String| StartError::Server { server: "DynamoDB", reason };
        let database = match file {
            None => Database::memory(),
            Some(path) => {
                let path = path
                    .to_str()
                    .ok_or_else(|| failed(format!("{} is not UTF-8", path.display())))?;
                Database::new(path)
            }
        };
        let database = database.map_err(|error| failed(chain(&error)))?;
        if let Some(Err(error)) = file.map(stream_records::index) {
            tracing::warn!(error = chain(&error), "every change will look at all earlier ones");
        }
        let address = SocketAddr::new(host, 0);
        let listener =
            TcpListener::bind(address).await.map_err(|error| failed(error.to_string()))?;
        let address = listener.local_addr().map_err(|error| failed(error.to_string()))?;

        let (stop, stopped) = oneshot::channel();
        let mut server = JoinSet::new();
        let requests = database.clone();
        server.spawn(async move {
            // Resolves when the handle's end of the channel is dropped, by a shutdown or by itself.
            let stopped = async move { drop(stopped.await) };
            if let Err(error) = server::serve_with_shutdown(listener, requests, stopped).await {
                tracing::error!(error, "the embedded DynamoDB ended");
            }
        });
        let mut sweeper = JoinSet::new();
        sweeper.spawn(sweep(database, file.map(Path::to_owned)));
        Ok(Self { endpoint: reachable(address), stop, server, _sweeper: sweeper })
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Lets running requests finish, and ends it.
    pub async fn shutdown(mut self) {
        drop(self.stop);
        drop(timeout(SHUTDOWN_GRACE, self.server.join_next()).await);
    }
}

async fn sweep(database: Database, file: Option<PathBuf>) {
    let mut ticks = interval(SWEEP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let database = database.clone();
        let failure = match spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(chain(&error)),
            Err(error) => Some(chain(&error)),
        };
        if let Some(error) = failure {
            tracing::warn!(error, "expired items were not removed");
        }
        if let Some(file) = &file
            && let Err(error) = stream_records::trim(file).await
        {
            tracing::warn!(error = chain(&error), "records of the stream were not trimmed");
        }
    }
}
