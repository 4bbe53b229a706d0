//! HTTP/1.1 on a port, with the patience of a public server: a request that is half sent is given up.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use axum::body::Body;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinSet, time::sleep};

use super::{Response, limits::MAX_SENDING};

/// How long to wait before the next attempt where no connection can be taken, as without free file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` is told or dropped, then lets running requests end.
pub(super) async fn serve<A, F>(listener: TcpListener, answer: A, mut stop: oneshot::Receiver<()>)
where
    A: Fn(SocketAddr, hyper::Request<Body>) -> F + Clone + Send + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = tokio::select! {
            _ = &mut stop => break,
            // A connection that has ended leaves the set.
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(error = error.to_string(), "a connection could not be taken");
                    sleep(PAUSE).await;
                    continue;
                }
            },
        };
        drop(stream.set_nodelay(true));
        let answer = answer.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let answering = answer(peer, request.map(Body::new));
            async move { Ok::<_, Infallible>(answering.await) }
        });
        let mut server = http1::Builder::new();
        server.timer(TokioTimer::new()).header_read_timeout(MAX_SENDING);
        let connection = graceful.watch(server.serve_connection(TokioIo::new(stream), service));
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = error.to_string(), "a connection broke");
            }
        });
    }
    graceful.shutdown().await;
    connections.shutdown().await;
}
