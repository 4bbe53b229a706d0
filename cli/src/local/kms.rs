//! An embedded KMS, on a port of its own: winterbaume's, behind an HTTP adapter, with a memory.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::http::HeaderMap;
use tokio::{sync::Mutex, task::spawn_blocking};
use winterbaume_core::{
    MockRequest, MockResponse, MockService as _, StatefulService as _, default_account_id,
};
use winterbaume_kms::{KmsService, KmsStateView};

use super::{
    StartError, data_dir,
    error::chain,
    mock_server::{MockServer, REGION, operation},
};

/// A KMS in this process, served over HTTP. A key that it has answered for is on disk.
#[derive(Debug)]
pub struct EmbeddedKms {
    server: MockServer,
}

impl EmbeddedKms {
    /// Starts one with the keys of this file, or in memory, for this machine alone.
    pub async fn start(file: Option<&Path>) -> Result<Self, StartError> {
        Self::listen(Ipv4Addr::LOCALHOST.into(), file).await
    }

    /// As [`EmbeddedKms::start`], on this address.
    pub async fn listen(host: IpAddr, file: Option<&Path>) -> Result<Self, StartError> {
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
        let kms = Arc::new(kms);
        let answer = move |request| answer(Arc::clone(&kms), request);
        Ok(Self { server: MockServer::start("KMS", host, answer).await? })
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &str {
        self.server.endpoint()
    }

    /// Lets running requests finish, and ends it.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
    }
}

struct Kms {
    service: KmsService,
    file: Option<PathBuf>,
    /// Held from snapshot to rename, so that an older state never replaces a newer one.
    saving: Mutex<()>,
}

async fn answer(kms: Arc<Kms>, request: MockRequest) -> MockResponse {
    let changes = changes_state(&request.headers);
    let answer = kms.service.handle(request).await;
    if changes
        && (200..300).contains(&answer.status)
        && let Err(error) = kms.save().await
    {
        tracing::error!(error, "the state of the embedded KMS was not saved");
        let body = r#"{"__type":"KMSInternalException","message":"The state was not saved."}"#;
        return MockResponse::json(500, body);
    }
    answer
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
    let operation = operation(headers);
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
