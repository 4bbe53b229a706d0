//! An embedded KMS, on a port of its own: winterbaume's, behind an HTTP adapter, with a memory.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    serve::ListenerExt as _,
};
use tokio::{
    net::TcpListener,
    sync::{Mutex, oneshot},
    task::{JoinSet, spawn_blocking},
    time::timeout,
};
use winterbaume_core::{
    MockRequest, MockResponse, MockService as _, StatefulService as _, default_account_id,
};
use winterbaume_kms::{KmsService, KmsStateView};

use super::{StartError, data_dir, error::chain};

/// The one region the embedded KMS knows: without a host name to read it from, winterbaume assumes this one.
const REGION: &str = "us-east-1";
/// More than any KMS request.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// How long a shutdown waits for a request that does not end.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// A KMS in this process, served over HTTP. A key that it has answered for is on disk.
pub struct EmbeddedKms {
    endpoint: String,
    stop: oneshot::Sender<()>,
    server: JoinSet<()>,
}

impl fmt::Debug for EmbeddedKms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EmbeddedKms")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl EmbeddedKms {
    /// Starts one with the keys of this file, or in memory.
    pub async fn start(file: Option<&Path>) -> Result<Self, StartError> {
        let failed = |reason: String| StartError::Server { server: "KMS", reason };
        let service = KmsService::new();
        if let Some(path) = file
            && let Some(bytes) = data_dir::read(path)?
        {
            let damaged = |reason: String| StartError::Damaged {
                path: path.to_owned(),
                reason,
                remedy: "without it the data cannot be opened, so restore it, or move the directory away",
            };
            let view: KmsStateView =
                serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
            let restored = service.restore(default_account_id(), REGION, view).await;
            restored.map_err(|error| damaged(chain(&error)))?;
        }
        let kms = Kms { service, file: file.map(Path::to_owned), saving: Mutex::new(()) };
        // Also where there is no key yet: from now on, a missing file means lost keys.
        kms.save().await.map_err(failed)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener =
            TcpListener::bind(address).await.map_err(|error| failed(error.to_string()))?;
        let address = listener.local_addr().map_err(|error| failed(error.to_string()))?;

        let router = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(Arc::new(kms));
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let (stop, stopped) = oneshot::channel::<()>();
        let mut server = JoinSet::new();
        server.spawn(async move {
            // Resolves when the handle's end of the channel is dropped, by a shutdown or by itself.
            let stopped = async move { drop(stopped.await) };
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await
            {
                tracing::error!(error = chain(&error), "the embedded KMS ended");
            }
        });
        Ok(Self { endpoint: format!("http://{address}"), stop, server })
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

struct Kms {
    service: KmsService,
    file: Option<PathBuf>,
    /// Held from snapshot to rename, so that an older state never replaces a newer one.
    saving: Mutex<()>,
}

async fn answer(State(kms): State<Arc<Kms>>, headers: HeaderMap, body: Bytes) -> Response {
    let changes = changes_state(&headers);
    let request = MockRequest { method: "POST".to_owned(), uri: "/".to_owned(), headers, body };
    let mut answer = kms.service.handle(request).await;
    if changes
        && (200..300).contains(&answer.status)
        && let Err(error) = kms.save().await
    {
        tracing::error!(error, "the state of the embedded KMS was not saved");
        let body = r#"{"__type":"KMSInternalException","message":"The state was not saved."}"#;
        answer = MockResponse::json(500, body);
    }
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers;
    response
}

impl Kms {
    async fn save(&self) -> Result<(), String> {
        let Some(path) = self.file.clone() else { return Ok(()) };
        let _saving = self.saving.lock().await;
        let view = self.service.snapshot(default_account_id(), REGION).await;
        let state = serde_json::to_vec_pretty(&view).map_err(|error| error.to_string())?;
        let saved = spawn_blocking(move || data_dir::replace(&path, &state)).await;
        saved.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }
}

/// Whether an operation may change what must be kept. The safe answer for one that is not known is yes.
fn changes_state(headers: &HeaderMap) -> bool {
    let target =
        headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default();
    let reads = [
        "Decrypt",
        "Describe",
        "Encrypt",
        "Generate",
        "Get",
        "List",
        "ReEncrypt",
        "Sign",
        "Verify",
    ];
    !reads.iter().any(|prefix| operation.starts_with(prefix))
}
