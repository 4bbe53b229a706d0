//! A Lambda sandbox for one real binary: the runtime API on 127.0.0.1, and the process that polls it.

use std::{
    net::Ipv4Addr,
    path::Path,
    process::ExitStatus,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::http::{Method, Request};
use coffer::local::{
    Stack,
    gateway::{Arrival, Router, event},
};
use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot, watch};

use crate::background::Background;

mod runtime_api;
mod sandbox;
#[cfg(test)]
mod tests;

/// How long a function may take: the longest that API Gateway waits.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Where the requests of events went.
const HOST: &str = "api.example.com";

/// What became of one invocation.
#[derive(Debug)]
#[must_use]
pub enum Outcome {
    /// The function answered.
    Response(Value),
    /// The function, or the runtime inside it, reported an error: `{"errorType": …, "errorMessage": …}`.
    Error(Value),
    /// The process ended without an answer, or was killed because it took longer than 30 s.
    Exited(ExitStatus),
}

/// A running function. It lives on its own thread, so tests with runtimes of their own may share one; it is killed on
/// drop.
#[derive(Debug)]
pub struct LambdaProcess {
    invocations: mpsc::UnboundedSender<Invocation>,
    exit: watch::Receiver<Option<ExitStatus>>,
    kill: watch::Sender<bool>,
    record: Record,
    count: AtomicU64,
    _sandbox: Background,
}

/// One event on its way to the function.
#[derive(Debug)]
struct Invocation {
    request_id: String,
    event: String,
    reply: oneshot::Sender<Outcome>,
}

/// What the sandbox tells beside the answers.
#[derive(Debug, Clone, Default)]
struct Record(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    logs: Vec<String>,
    init_error: Option<Value>,
}

impl Record {
    fn lock(&self) -> MutexGuard<'_, Told> {
        self.0.lock().expect("no thread panics while it holds the sandbox's record")
    }
}

impl LambdaProcess {
    /// Starts the binary with the environment that Lambda gives, and `env` on top of it; nothing of this process's
    /// environment reaches it.
    ///
    /// # Panics
    ///
    /// When the binary cannot be started.
    pub fn start(binary: &Path, env: &[(String, String)]) -> Self {
        let (invocations, queue) = mpsc::unbounded_channel();
        let (exited, exit) = watch::channel(None);
        let (kill, killed) = watch::channel(false);
        let (started, start) = std::sync::mpsc::channel();
        let record = Record::default();
        let sandbox = sandbox::Sandbox {
            binary: binary.to_owned(),
            env: env.to_vec(),
            queue,
            started,
            exited,
            killed,
            record: record.clone(),
        };
        let background = Background::start("sandbox", move |stop| sandbox.run(stop));
        let started = start.recv().expect("the sandbox says whether the process has started");
        started.unwrap_or_else(|error| panic!("{} does not start: {error}", binary.display()));
        Self { invocations, exit, kill, record, count: AtomicU64::new(1), _sandbox: background }
    }

    /// Hands the event, as it is, to the function and waits for the outcome. Like a sandbox of Lambda's, the process
    /// takes one event at a time; others wait.
    pub async fn invoke(&self, event: &str) -> Outcome {
        let request_id =
            format!("00000000-0000-4000-8000-{:012}", self.count.fetch_add(1, Ordering::SeqCst));
        let (reply, mut answer) = oneshot::channel();
        let mut exit = self.exit.clone();
        // It fails only when the sandbox has gone, and then the exit status is there.
        drop(self.invocations.send(Invocation { request_id, event: event.to_owned(), reply }));
        let overdue = tokio::time::sleep(TIMEOUT);
        tokio::pin!(overdue);
        loop {
            tokio::select! {
                biased;
                Ok(outcome) = &mut answer => return outcome,
                status = exited(&mut exit) => {
                    return answer.try_recv().unwrap_or(Outcome::Exited(status));
                }
                () = &mut overdue, if !*self.kill.borrow() => drop(self.kill.send_replace(true)),
            }
        }
    }

    /// Whether the process is running.
    pub fn is_alive(&self) -> bool {
        self.exit.borrow().is_none()
    }

    /// The lines of stdout and stderr so far. Lines written just before an answer may come a moment later: see
    /// [`logged`](Self::logged).
    pub fn logs(&self) -> Vec<String> {
        self.record.lock().logs.clone()
    }

    /// Waits until a line contains `text`, and returns that line.
    ///
    /// # Panics
    ///
    /// When there is none within five seconds.
    pub async fn logged(&self, text: &str) -> String {
        for _ in 0..500 {
            if let Some(line) = self.logs().into_iter().find(|line| line.contains(text)) {
                return line;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no log line with {text:?} among {:#?}", self.logs());
    }

    /// What the function reported to `/init/error`, if it did.
    pub fn init_error(&self) -> Option<Value> {
        self.record.lock().init_error.clone()
    }
}

async fn exited(exit: &mut watch::Receiver<Option<ExitStatus>>) -> ExitStatus {
    let status = exit.wait_for(Option::is_some).await.map(|status| *status);
    status.ok().flatten().expect("the sandbox says how the process ended before it ends itself")
}

/// The event that API Gateway makes of a request, by the routes of the template.
///
/// # Panics
///
/// When the template has no such route.
pub fn gateway_event(
    stack: &Stack,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Value {
    let mut request = Request::builder().method(method).uri(path).header("host", HOST);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).expect("a request").into_parts();
    let matched = Router::new(stack.template()).find(&parts.method, parts.uri.path());
    let matched = matched.unwrap_or_else(|| panic!("there is no route to {path}"));
    let arrival = Arrival {
        request_id: "2f6a4c1e-5a0b-4a58-9a53-1c8e6f1b7d20".to_owned(),
        source_ip: Ipv4Addr::LOCALHOST.into(),
        at: OffsetDateTime::UNIX_EPOCH,
    };
    event(&parts, body.as_bytes(), &matched, &arrival)
}
