//! A receiver of webhooks: keeps what it is sent, and answers as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinSet};

/// What was posted.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Delivered {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn event_id(&self) -> String {
        self.json()["event_id"].as_str().unwrap().to_owned()
    }
}

#[derive(Default)]
struct Inner {
    answers: Mutex<VecDeque<u16>>,
    delivered: Mutex<Vec<Delivered>>,
}

pub(crate) struct Receiver {
    pub(crate) url: String,
    inner: Arc<Inner>,
    _server: JoinSet<()>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let inner = Arc::new(Inner::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inner, _server: server }
    }

    /// What to answer next, one status per request; 200 when there are no more.
    pub(crate) fn answers(&self, statuses: &[u16]) {
        self.inner.answers.lock().unwrap().extend(statuses);
    }

    pub(crate) fn delivered(&self) -> Vec<Delivered> {
        self.inner.delivered.lock().unwrap().clone()
    }

    /// The last one, which must be the only one since `before` were there.
    #[track_caller]
    pub(crate) fn one_after(&self, before: usize) -> Delivered {
        let delivered = self.delivered();
        assert_eq!(delivered.len(), before + 1);
        delivered.last().unwrap().clone()
    }
}

async fn answer(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    inner.delivered.lock().unwrap().push(Delivered { headers, body: body.to_vec() });
    let status = inner.answers.lock().unwrap().pop_front().unwrap_or(200);
    let status = StatusCode::from_u16(status).unwrap();
    let mut response = status.into_response();
    if status.is_redirection() {
        response.headers_mut().insert(LOCATION, "/elsewhere".parse().unwrap());
    }
    response
}
