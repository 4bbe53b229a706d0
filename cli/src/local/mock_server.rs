//! A service of winterbaume's on a port of its own.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::DefaultBodyLimit,
    http::{HeaderMap, StatusCode},
    response::Response,
    serve::ListenerExt as _,
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinSet, time::timeout};
use winterbaume_core::{MockRequest, MockResponse};

use super::{StartError, error::chain};

/// The one region that embedded services know: without a host name to read it from, winterbaume assumes this one.
pub(super) const REGION: &str = "us-east-1";
/// More than any request.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;
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
    pub(super) async fn start<A, F>(name: &'static str, answer: A) -> Result<Self, StartError>
    where
        A: Fn(MockRequest) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = MockResponse> + Send + 'static,
    {
        let failed =
            |error: std::io::Error| StartError::Server { server: name, reason: error.to_string() };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let handle = async move |headers: HeaderMap, body: Bytes| {
            let (method, uri) = ("POST".to_owned(), "/".to_owned());
            response(answer(MockRequest { method, uri, headers, body }).await)
        };
        let router = Router::new().fallback(handle).layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let (stop, stopped) = oneshot::channel::<()>();
        let mut server = JoinSet::new();
        server.spawn(async move {
            // Resolves when the handle's end of the channel is dropped, by a shutdown or by itself.
            let stopped = async move { drop(stopped.await) };
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await
            {
                tracing::error!(server = name, error = chain(&error), "an embedded server ended");
            }
        });
        Ok(Self { endpoint: format!("http://{address}"), stop, server })
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
