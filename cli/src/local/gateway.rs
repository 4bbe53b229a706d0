//! API Gateway's HTTP API, emulated: routes from the template, requests to events, answers to responses.

mod event;
pub mod response;
mod router;

use std::{fmt, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};

use axum::{
    body::to_bytes,
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, header::HOST, uri::Authority},
    serve::ListenerExt as _,
};
use serde_json::Value;
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

/// An HTTP response.
pub type Response = axum::response::Response;

/// API Gateway refuses a longer body before any function sees it.
pub const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// How long a shutdown waits for requests that do not end.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// One call of one function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The function's operation.
    pub operation: String,
    /// The id of the request.
    pub request_id: String,
    /// The API Gateway event, payload format 2.0.
    pub event: Value,
}

/// What runs the functions: this process, or real binaries behind a runtime API.
pub type Invoke =
    Arc<dyn Fn(Invocation) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

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
    /// Serves these routes on this listener.
    pub fn start(listener: TcpListener, router: Router, invoke: Invoke) -> Self {
        let (in_flight, all_done) = mpsc::channel(1);
        let state = Arc::new(Inner { router, invoke, in_flight });
        let service = axum::Router::new()
            .fallback(answer)
            .with_state(state)
            .into_make_service_with_connect_info::<SocketAddr>();
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let (stop, stopped) = oneshot::channel::<()>();
        let mut server = JoinSet::new();
        server.spawn(async move {
            // Resolves when the handle's end of the channel is dropped, by a shutdown or by itself.
            let stopped = async move { drop(stopped.await) };
            if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(stopped).await
            {
                tracing::error!(error = error.to_string(), "the gateway ended");
            }
        });
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
    invoke: Invoke,
    in_flight: mpsc::Sender<()>,
}

#[expect(clippy::disallowed_methods, reason = "a gateway stamps its events")]
async fn answer(
    State(inner): State<Arc<Inner>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let arrival = Arrival {
        request_id: make_request_id(),
        source_ip: peer.ip(),
        at: OffsetDateTime::now_utc(),
    };
    let mut response = dispatch(&inner, &arrival, request).await;
    if let Ok(id) = HeaderValue::from_str(&arrival.request_id) {
        response.headers_mut().insert("apigw-requestid", id);
    }
    response
}

/// A name or an address, and a port that can be one: the runtime's reader panics on any other.
fn is_host(value: &HeaderValue) -> bool {
    Authority::try_from(value.as_bytes())
        .is_ok_and(|host| host.port_u16().is_some() || host.as_str() == host.host())
}

async fn dispatch(inner: &Inner, arrival: &Arrival, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // AWS routes by the host, so no function ever sees one that is not a host.
    if parts.headers.get(HOST).is_some_and(|host| !is_host(host)) {
        return response::bad_request();
    }
    let Some(matched) = inner.router.find(&parts.method, parts.uri.path()) else {
        return response::not_found();
    };
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else { return response::body_too_large() };
    let invocation = Invocation {
        event: event(&parts, &body, &matched, arrival),
        operation: matched.operation,
        request_id: arrival.request_id.clone(),
    };
    let running = (inner.invoke)(invocation);
    let in_flight = inner.in_flight.clone();
    // On a task of its own: what a client began ends, even if the client hangs up. In Lambda it is no different.
    let task = Handle::current().spawn(async move {
        let response = running.await;
        drop(in_flight);
        response
    });
    task.await.unwrap_or_else(|_| response::internal_server_error())
}
