//! A service of AWS's on a port of its own.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
    time::timeout,
};
use winterbaume_core::{MockRequest, MockResponse};

use super::StartError;

/// The one region that embedded services know: without a host name to read it from, winterbaume assumes this one.
pub(super) const REGION: &str = "us-east-1";
/// More than any request.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;
/// How long a client may take to send the head of a request, or its body, once it has begun.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a shutdown waits for a request that does not end.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// A running server.
pub(super) struct MockServer {
    endpoint: String,
    stop: oneshot::Sender<()>,
    server: JoinSet<()>,
}

impl fmt::Debug for MockServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MockServer")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl MockServer {
    /// Serves `answer` under the name of a service.
    pub(super) async fn start<A, F>(
        name: &'static str,
        host: IpAddr,
        answer: A,
    ) -> Result<Self, StartError>
    where
        A: Fn(MockRequest) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = MockResponse> + Send + 'static,
    {
        let failed =
            |error: std::io::Error| StartError::Server { server: name, reason: error.to_string() };
        let listener = TcpListener::bind(SocketAddr::new(host, 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let handle = async move |headers: HeaderMap, body: Body| {
            let body = match timeout(PATIENCE, to_bytes(body, MAX_BODY_BYTES)).await {
                Ok(Ok(body)) => body,
                Ok(Err(_)) => return status(StatusCode::PAYLOAD_TOO_LARGE),
                Err(_) => return status(StatusCode::REQUEST_TIMEOUT),
            };
            let (method, uri) = ("POST".to_owned(), "/".to_owned());
            response(answer(MockRequest { method, uri, headers, body }).await)
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let mut server = JoinSet::new();
        server.spawn(serve(listener, Router::new().fallback(handle), stopped));
        Ok(Self { endpoint: reachable(address), stop, server })
    }

    /// Where it listens.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Lets running requests finish, and ends it.
    pub(super) async fn shutdown(mut self) {
        drop(self.stop);
        drop(timeout(SHUTDOWN_GRACE, self.server.join_next()).await);
    }
}

/// Serves until the other end of the channel is dropped, by a shutdown or by itself; then lets running requests finish.
async fn serve(listener: TcpListener, router: Router, mut stopped: oneshot::Receiver<()>) {
    let (open, mut connections) = (GracefulShutdown::new(), JoinSet::new());
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stopped => break,
        };
        while connections.try_join_next().is_some() {}
        // A client that went before it was accepted is no reason to stop.
        let Ok((stream, _)) = stream else { continue };
        connections.spawn(open.watch(converse(stream, router.clone())));
    }
    open.shutdown().await;
}

/// One connection, whose requests have to come whole and in time.
fn converse(
    stream: TcpStream,
    router: Router,
) -> impl hyper_util::server::graceful::GracefulConnection<Error: Send, Output: Send> + Send {
    drop(stream.set_nodelay(true));
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)).into_owned()
}

/// A URL that works from here: what listens on every address is called at the loopback one.
pub(super) fn reachable(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{address}")
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

fn response(answer: MockResponse) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers;
    response
}

/// The operation that a request names.
pub(super) fn operation(headers: &HeaderMap) -> &str {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    target.unwrap_or_default().rsplit('.').next().unwrap_or_default()
}
