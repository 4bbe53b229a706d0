//! The process, and the thread that owns it.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{ExitStatus, Stdio},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    net::TcpListener,
    process::{Child, Command},
    sync::{mpsc, watch},
};

use super::{Invocation, Record, runtime_api};
use crate::background::Stop;

/// Everything that the sandbox's thread is given.
#[derive(Debug)]
pub(super) struct Sandbox {
    pub(super) binary: PathBuf,
    pub(super) env: Vec<(String, String)>,
    pub(super) queue: mpsc::UnboundedReceiver<Invocation>,
    pub(super) started: std::sync::mpsc::Sender<io::Result<()>>,
    pub(super) exited: watch::Sender<Option<ExitStatus>>,
    pub(super) killed: watch::Receiver<bool>,
    pub(super) record: Record,
}

impl Sandbox {
    /// Runs the process until it ends, is killed or `stop` comes. Never leaves it behind.
    pub(super) async fn run(mut self, stop: Stop) {
        let (mut child, listener) = match self.spawn().await {
            Ok(spawned) => spawned,
            Err(error) => return drop(self.started.send(Err(error))),
        };
        let readers = [
            child.stdout.take().map(|stream| tokio::spawn(keep_lines(stream, self.record.clone()))),
            child.stderr.take().map(|stream| tokio::spawn(keep_lines(stream, self.record.clone()))),
        ];
        let api = tokio::spawn(runtime_api::serve(listener, self.queue, self.record));
        drop(self.started.send(Ok(())));

        let ended = tokio::select! {
            status = child.wait() => status,
            _ = self.killed.wait_for(|killed| *killed) => end(&mut child).await,
            () = stop.requested() => end(&mut child).await,
        };
        for reader in readers.into_iter().flatten() {
            drop(reader.await);
        }
        self.exited.send_replace(ended.ok());
        api.abort();
    }

    async fn spawn(&self) -> io::Result<(Child, TcpListener)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let mut command = Command::new(&self.binary);
        command.env_clear().envs(lambda_env(listener.local_addr()?, &self.binary));
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Ok((command.spawn()?, listener))
    }
}

/// What Lambda itself puts into the environment of a function on `provided.al2023`.
fn lambda_env(runtime_api: SocketAddr, binary: &std::path::Path) -> Vec<(&'static str, String)> {
    let name =
        binary.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    vec![
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
        ("AWS_SESSION_TOKEN", "session".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
        ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        (
            "AWS_LAMBDA_LOG_STREAM_NAME",
            "2026/01/01/[$LATEST]00000000000000000000000000000000".to_owned(),
        ),
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
    ]
}

async fn end(child: &mut Child) -> io::Result<ExitStatus> {
    child.start_kill()?;
    child.wait().await
}

async fn keep_lines(stream: impl AsyncRead + Unpin, record: Record) {
    let mut lines = BufReader::new(stream).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        record.lock().logs.push(String::from_utf8_lossy(&line).into_owned());
    }
}
