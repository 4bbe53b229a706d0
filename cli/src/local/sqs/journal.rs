//! One thread that owns the file. What comes in while it writes is written together, so that many senders share the wait
//! for the disk.

use std::{
    io,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{sync::oneshot, task::spawn_blocking};

use super::{
    error::{Kind, SqsError},
    operations, queue,
    store::Store,
};

/// How many requests are written together, at most.
const GROUP: usize = 256;
/// How often messages that are too old are removed.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);

type Outcome = Result<Value, SqsError>;

struct Job {
    operation: String,
    asked: Value,
    reply: oneshot::Sender<Outcome>,
}

enum Message {
    Job(Job),
    Stop,
}

/// The thread, for those who ask.
#[derive(Debug)]
pub(super) struct Journal {
    messages: Sender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Journal {
    pub(super) fn start(store: Store) -> io::Result<Self> {
        let (messages, receiver) = channel();
        let thread = thread::Builder::new().name("sqs".to_owned());
        let thread = thread.spawn(move || run(&store, &receiver))?;
        Ok(Self { messages, thread: Mutex::new(Some(thread)) })
    }

    /// Carries an operation out. What it did is on disk once this returns.
    pub(super) async fn ask(&self, operation: &str, asked: Value) -> Outcome {
        let (reply, answer) = oneshot::channel();
        let job = Job { operation: operation.to_owned(), asked, reply };
        let ended = || SqsError::new(Kind::InternalFailure, "The service is shutting down.");
        self.messages.send(Message::Job(job)).map_err(|_| ended())?;
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Carries out what was asked before, and closes the file.
    pub(super) async fn stop(&self) {
        drop(self.messages.send(Message::Stop));
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            drop(spawn_blocking(move || thread.join()).await);
        }
    }
}

fn run(store: &Store, messages: &Receiver<Message>) {
    let mut swept: Option<Instant> = None;
    loop {
        if swept.is_none_or(|swept| swept.elapsed() >= SWEEP_INTERVAL) {
            // What failed is in the log, and is tried again.
            drop(store.commit(|| queue::remove_expired(store)));
            swept = Some(Instant::now());
        }
        let first = match messages.recv_timeout(SWEEP_INTERVAL) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let (mut jobs, mut stops) = (Vec::new(), false);
        for message in std::iter::once(first).chain(messages.try_iter().take(GROUP)) {
            match message {
                Message::Job(job) => jobs.push(job),
                Message::Stop => stops = true,
            }
        }
        work(store, jobs);
        if stops {
            return;
        }
    }
}

/// Carries out all jobs as one change. What is merely refused changes nothing, and refuses nobody else.
fn work(store: &Store, jobs: Vec<Job>) {
    let perform = |job: &Job| match operations::perform(store, &job.operation, &job.asked) {
        Err(error) if error.is_internal() => Err(error),
        outcome => Ok(outcome),
    };
    let outcomes = store.commit(|| jobs.iter().map(perform).collect::<Result<Vec<_>, _>>());
    match outcomes {
        Ok(outcomes) => {
            for (job, outcome) in jobs.into_iter().zip(outcomes) {
                // Whoever asked may have gone.
                drop(job.reply.send(outcome));
            }
        }
        Err(error) => {
            for job in jobs {
                drop(job.reply.send(Err(error.clone())));
            }
        }
    }
}
