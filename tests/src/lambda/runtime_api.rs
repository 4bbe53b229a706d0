//! The five routes of the Lambda runtime API that a function on `provided.al2023` uses.

use std::{
    collections::HashMap,
    future::IntoFuture,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path, State},
    http::{Response, StatusCode},
    routing::{get, post},
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Mutex as AsyncMutex, mpsc, oneshot},
};

use super::{Invocation, Outcome, Record, TIMEOUT};

#[derive(Clone)]
struct Api {
    queue: Arc<AsyncMutex<mpsc::UnboundedReceiver<Invocation>>>,
    waiting: Arc<Mutex<HashMap<String, oneshot::Sender<Outcome>>>>,
    record: Record,
}

/// Serves until it is cancelled.
pub(super) async fn serve(
    listener: TcpListener,
    queue: mpsc::UnboundedReceiver<Invocation>,
    record: Record,
) {
    let api = Api { queue: Arc::new(AsyncMutex::new(queue)), waiting: Arc::default(), record };
    let app = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .layer(DefaultBodyLimit::disable())
        .with_state(api);
    let ended = axum::serve(listener, app).into_future().await;
    panic!("the runtime API ended: {ended:?}");
}

/// Waits for an event; Lambda lets a function wait here for as long as it takes.
async fn next(State(api): State<Api>) -> Response<Body> {
    let invocation = api.queue.lock().await.recv().await;
    let Some(Invocation { request_id, event, reply }) = invocation else {
        return empty(StatusCode::SERVICE_UNAVAILABLE);
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &request_id)
        .header("lambda-runtime-deadline-ms", (now + TIMEOUT).as_millis().to_string())
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:coffer",
        )
        .header("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0")
        .body(event.into())
        .expect("a response");
    api.waiting.lock().expect("unpoisoned").insert(request_id, reply);
    response
}

async fn response(State(api): State<Api>, Path(id): Path<String>, body: Bytes) -> Response<Body> {
    api.reply(&id, Outcome::Response(json(&body)))
}

async fn error(State(api): State<Api>, Path(id): Path<String>, body: Bytes) -> Response<Body> {
    api.reply(&id, Outcome::Error(json(&body)))
}

async fn init_error(State(api): State<Api>, body: Bytes) -> Response<Body> {
    api.record.lock().init_error = Some(json(&body));
    empty(StatusCode::ACCEPTED)
}

impl Api {
    fn reply(&self, id: &str, outcome: Outcome) -> Response<Body> {
        let Some(reply) = self.waiting.lock().expect("unpoisoned").remove(id) else {
            return empty(StatusCode::BAD_REQUEST);
        };
        // The test may have stopped waiting.
        drop(reply.send(outcome));
        empty(StatusCode::ACCEPTED)
    }
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// What is not JSON is kept as text.
fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}
