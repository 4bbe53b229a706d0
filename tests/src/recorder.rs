//! A reverse proxy between the AWS SDK and a server of an AWS JSON protocol (DynamoDB, KMS, SQS).
//!
//! The code under test is given [`Recorder::endpoint`] as its endpoint and knows no more than that. Every call is
//! forwarded as it came (only `Host` differs; the embedded servers do not check signatures) and recorded. What is
//! recorded answers: how many round trips in a row ([`depth()`]), what they cost ([`capacity()`]), and what the function's
//! policy must grant ([`Call::iam`]). A [`Fault`] makes chosen calls fail.

use std::{
    fmt,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use crate::background::Background;

mod account;
mod call;
mod capacity;
mod depth;
mod fault;
mod iam;
mod line;
mod proxy;
#[cfg(test)]
mod tests;

pub use account::Account;
pub use call::{Call, Mark, Service};
pub use capacity::{capacity, item_bytes};
pub use depth::depth;
pub use fault::{Fault, FaultKind};

/// The running proxy. It lives on its own thread, so tests with runtimes of their own may share one; it stops on drop.
pub struct Recorder {
    address: SocketAddr,
    state: Shared,
    _server: Background,
}

/// What a test sets and reads, and the proxy reads and writes.
#[derive(Default)]
struct State {
    calls: Vec<Call>,
    faults: Vec<Fault>,
    latency: Duration,
    measure_capacity: bool,
    connections: line::Register,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<State>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no thread panics while it holds the recorder's state")
    }

    fn connections(&self) -> line::Register {
        Arc::clone(&self.lock().connections)
    }
}

impl Recorder {
    /// Starts a proxy on a free port of 127.0.0.1 in front of `upstream`, a base URL such as `http://127.0.0.1:8000`.
    pub fn start(upstream: String) -> Self {
        Self::between(upstream, None)
    }

    /// The same; and every call is one of this account, whoever signed it.
    pub fn start_in(upstream: String, account: Account) -> Self {
        Self::between(upstream, Some(account))
    }

    fn between(upstream: String, account: Option<Account>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let address = listener.local_addr().expect("a bound listener has an address");
        let state = Shared::default();
        let shared = state.clone();
        let server = Background::start("recorder", move |stop| {
            proxy::serve(listener, upstream, account, shared, stop)
        });
        Self { address, state, _server: server }
    }

    /// The base URL to give to the SDK.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All finished calls, in the order in which they arrived.
    pub fn calls(&self) -> Vec<Call> {
        let mut calls = self.state.lock().calls.clone();
        calls.sort_by_key(|call| call.sequence);
        calls
    }

    /// Forgets all calls.
    pub fn clear(&self) {
        self.state.lock().calls.clear();
    }

    /// This moment, for [`since`](Self::since). Good for every recorder of the process.
    pub fn mark(&self) -> Mark {
        Mark::now()
    }

    /// The finished calls that arrived after the mark was made.
    pub fn since(&self, mark: Mark) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| mark.precedes(call));
        calls
    }

    /// Holds every answer for this long after upstream has given it. What it is for: [`depth()`].
    pub fn set_latency(&self, latency: Duration) {
        self.state.lock().latency = latency;
    }

    /// Asks DynamoDB to say what each call consumed, for [`capacity()`], where the code under test does not ask. The
    /// recorded request stays the one that was sent.
    pub fn measure_capacity(&self, on: bool) {
        self.state.lock().measure_capacity = on;
    }

    /// Adds a fault. Of several that fit one call, the one injected first strikes.
    pub fn inject(&self, fault: Fault) {
        self.state.lock().faults.push(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.state.lock().faults.clear();
    }

    /// Closes every connection that is open now, as a server does with those that were idle for long. Answers how many
    /// there ever were.
    pub fn close_connections(&self) -> usize {
        self.each_connection(line::Line::close)
    }

    /// Lets every connection that is open now fall silent: what is sent there is lost, and nobody says so. Answers how many
    /// there ever were.
    pub fn silence_connections(&self) -> usize {
        self.each_connection(line::Line::silence)
    }

    fn each_connection(&self, work: impl Fn(&line::Line)) -> usize {
        let connections = self.state.connections();
        let connections = connections.lock().expect("no thread panics while it holds the register");
        connections.iter().for_each(work);
        connections.len()
    }

    /// How many faults have not struck yet. A test that fails each call in turn has passed the last one when its fault
    /// is still here at the end.
    pub fn unstruck_faults(&self) -> usize {
        self.state.lock().faults.iter().filter(|fault| !fault.has_struck()).count()
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Recorder").field("address", &self.address).finish_non_exhaustive()
    }
}
