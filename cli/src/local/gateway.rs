//! API Gateway's REST API, emulated: routes from the template, requests to events, answers to responses.

mod event;
pub mod limits;
mod query;
mod refusal;
pub mod response;
mod router;
mod server;
mod throttle;

use std::{
    fmt,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, Request, header::AUTHORIZATION},
};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use tokio::{
    net::TcpListener,
    runtime::Handle,
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

pub use self::{
    event::{Arrival, event, make_request_id},
    router::{Matched, Router},
};
use self::{
    limits::{MAX_BODY_BYTES, MAX_EVENT_BYTES, MAX_HEAD_BYTES, MAX_SENDING, MAX_WAIT},
    refusal::{Refusal, Wording},
    throttle::Throttle,
};
use crate::template::Template;

/// An HTTP response.
pub type Response = axum::response::Response;

/// How long a shutdown waits for requests that do not end.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// One call of one function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The function's operation.
    pub operation: String,
    /// Lambda's id of the call, which is not the gateway's of the request.
    pub request_id: String,
    /// The API Gateway event as JSON, payload format 1.0.
    pub event: String,
}

/// What a function answers, as JSON; `None` where it failed.
pub type Answer = Option<Box<RawValue>>;

/// What runs the functions: this process, or real binaries behind a runtime API.
pub type Invoke =
    Arc<dyn Fn(Invocation) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;

/// A running gateway.
pub struct Gateway {
    stop: oneshot::Sender<()>,
    server: JoinSet<()>,
    all_done: mpsc::Receiver<()>,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Gateway").finish_non_exhaustive()
    }
}

impl Gateway {
    /// Serves the API of this template on this listener.
    pub fn start(listener: TcpListener, template: &Template, invoke: Invoke) -> Self {
        let (in_flight, all_done) = mpsc::channel(1);
        let (router, wording) = (Router::new(template), Wording::new(template));
        let throttle = Throttle::new(template);
        let inner = Arc::new(Inner { router, wording, throttle, invoke, in_flight });
        let (stop, stopped) = oneshot::channel();
        let mut server = JoinSet::new();
        let answer = move |peer, request| answer(Arc::clone(&inner), peer, request);
        server.spawn(server::serve(listener, answer, stopped));
        Self { stop, server, all_done }
    }

    /// Takes no more requests, and waits a few seconds for those that are running.
    pub async fn shutdown(mut self) {
        drop(self.stop);
        let finish = async {
            self.server.join_next().await;
            // Ends when the last request drops its sender.
            self.all_done.recv().await;
        };
        if timeout(SHUTDOWN_GRACE, finish).await.is_err() {
            tracing::warn!("some requests did not end in time");
        }
    }
}

struct Inner {
    router: Router,
    wording: Wording,
    throttle: Throttle,
    invoke: Invoke,
    in_flight: mpsc::Sender<()>,
}

#[expect(clippy::disallowed_methods, reason = "a gateway stamps its events")]
async fn answer(inner: Arc<Inner>, peer: SocketAddr, request: Request<Body>) -> Response {
    let arrival = Arrival {
        request_id: make_request_id(),
        source_ip: peer.ip(),
        at: OffsetDateTime::now_utc(),
    };
    let mut response = dispatch(&inner, &arrival, request)
        .await
        .unwrap_or_else(|refusal| inner.wording.answer(refusal, &arrival.request_id));
    let extended = event::extended_id(&arrival.request_id);
    for (name, id) in [("x-amzn-requestid", &arrival.request_id), ("x-amz-apigw-id", &extended)] {
        if let Ok(id) = HeaderValue::from_str(id) {
            response.headers_mut().insert(name, id);
        }
    }
    response
}

async fn dispatch(
    inner: &Inner,
    arrival: &Arrival,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    if limits::head_bytes(&parts) > MAX_HEAD_BYTES {
        return Err(Refusal::TooLarge);
    }
    if !query::is_taken(parts.uri.query().unwrap_or_default()) {
        return Err(Refusal::BadRequest);
    }
    let signed = parts.headers.contains_key(AUTHORIZATION);
    let nowhere = if signed { Refusal::NoRouteSigned } else { Refusal::NoRoute };
    let matched = inner.router.find(&parts.method, parts.uri.path()).ok_or(nowhere)?;
    let method = format!("{} {}", parts.method, matched.resource);
    if !inner.throttle.lets_through(&method, Instant::now()) {
        return Err(Refusal::Throttled);
    }
    let body = timeout(MAX_SENDING, to_bytes(body, MAX_BODY_BYTES)).await;
    let body = body.map_err(|_| Refusal::BadRequest)?.map_err(|_| Refusal::TooLarge)?;
    let event = event(&parts, &body, &matched, arrival).to_string();
    if event.len() > MAX_EVENT_BYTES {
        return Err(Refusal::TooLarge);
    }
    let (operation, request_id) = (matched.operation, make_request_id());
    let invocation = Invocation { operation, request_id, event };
    let running = timeout(matched.timeout, (inner.invoke)(invocation));
    let in_flight = inner.in_flight.clone();
    // On a task of its own: what a client began ends, even if the client hangs up or the gateway does not wait any longer. In
    // Lambda it is no different, and there too it ends with the function's time.
    let task = Handle::current().spawn(async move {
        let answer = running.await;
        drop(in_flight);
        answer
    });
    let answer = timeout(MAX_WAIT, task).await.map_err(|_| Refusal::TimedOut)?;
    // A panic, the end of its time, no answer, or what is none.
    let answer = answer.ok().and_then(Result::ok).flatten();
    answer.and_then(|answer| response::from_function(answer.get())).ok_or(Refusal::FunctionFailed)
}
