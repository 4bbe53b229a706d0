//! The proxy itself: one call in, one call out, one line in the record.

use std::{future::IntoFuture, net::TcpListener, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, State},
    http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tokio::time::sleep;

use super::{
    Account, Call, Fault, FaultKind, Service, Shared, capacity, fault,
    line::{Line, Lines},
};
use crate::background::Stop;

/// Headers that belong to one connection, or that the HTTP client writes itself.
const NOT_FORWARDED: [HeaderName; 5] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::EXPECT,
];

/// Room for the largest request of DynamoDB (16 MB) and more.
const BODY_LIMIT: usize = 64 << 20;

#[derive(Clone)]
struct Proxy {
    upstream: String,
    account: Option<Account>,
    http: reqwest::Client,
    shared: Shared,
}

/// Serves until `stop`. Connections still open then are closed.
pub(super) async fn serve(
    listener: TcpListener,
    upstream: String,
    account: Option<Account>,
    shared: Shared,
    stop: Stop,
) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener for tokio");
    let listener = Lines(listener, shared.connections());
    let upstream = upstream.trim_end_matches('/').to_owned();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
    let proxy = Proxy { upstream, account, http: http.expect("an HTTP client"), shared };
    let app = Router::new()
        .fallback(answer)
        .with_state(proxy)
        .into_make_service_with_connect_info::<Line>();
    tokio::select! {
        () = stop.requested() => {}
        ended = axum::serve(listener, app).into_future() => panic!("the recorder's server ended: {ended:?}"),
    }
}

/// A caller that hangs up cancels its handler. The call goes on all the same, as it would in a real server, so it runs
/// as a task of its own.
async fn answer(
    State(proxy): State<Proxy>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: axum::extract::Request,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let answered = tokio::spawn(async move { proxy.relay(&head, body).await }).await;
    answered.expect("relaying does not panic").unwrap_or_else(|| {
        line.cut();
        StatusCode::NO_CONTENT.into_response()
    })
}

impl Proxy {
    /// The answer for the caller; `None` closes the connection without one.
    async fn relay(&self, head: &Parts, body: Bytes) -> Option<Response> {
        let target = head
            .headers
            .get("x-amz-target")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let mut call = Call::arrived(target, json_or_null(&body));
        let (latency, sent) = {
            let mut state = self.shared.lock();
            call.fault = Fault::strike(&mut state.faults, &call);
            let sent = if state.measure_capacity && call.service == Service::DynamoDb {
                capacity::measured(&call.operation, &call.request)
            } else {
                None
            };
            (state.latency, sent)
        };
        let sent = sent.map_or(body, |body| body.to_string().into());
        let answer = match call.fault.clone() {
            None => Some(self.forward(head, sent).await),
            Some(FaultKind::Throttle) => Some(Answer::made(fault::throttled(&call.service))),
            Some(FaultKind::InternalError) => Some(Answer::made(fault::failed(&call.service))),
            Some(FaultKind::Respond(status, body)) => Some(Answer::made((status, body))),
            Some(FaultKind::DropBefore) => return self.close(call, Duration::ZERO).await,
            Some(FaultKind::Hang(time)) => return self.close(call, time).await,
            Some(kind @ (FaultKind::DropAfter | FaultKind::HangAfter(_))) => {
                call.response = json_or_null(&self.forward(head, sent).await.body);
                let time =
                    if let FaultKind::HangAfter(time) = kind { time } else { Duration::ZERO };
                return self.close(call, time).await;
            }
        };
        let answer = answer?;
        sleep(latency).await;
        call.status = Some(answer.status.as_u16());
        call.response = json_or_null(&answer.body);
        self.record(call);
        Some(answer.into_response())
    }

    async fn forward(&self, head: &Parts, body: Bytes) -> Answer {
        match self.try_forward(&head.method, &head.uri, head.headers.clone(), body).await {
            Ok(answer) => answer,
            Err(error) => Answer::unreachable(&error),
        }
    }

    async fn try_forward(
        &self,
        method: &Method,
        uri: &Uri,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> reqwest::Result<Answer> {
        remove_hop_headers(&mut headers);
        if let Some(account) = &self.account {
            account.take(&mut headers);
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{}{path}", self.upstream);
        let response =
            self.http.request(method.clone(), url).headers(headers).body(body).send().await?;
        let (status, mut headers) = (response.status(), response.headers().clone());
        remove_hop_headers(&mut headers);
        Ok(Answer { status, headers, body: response.bytes().await? })
    }

    /// The caller learns nothing, at first by silence. The record has it at once, so that the caller's next attempt,
    /// which may come before the silence ends, counts as a later one.
    async fn close(&self, call: Call, silence: Duration) -> Option<Response> {
        self.record(call);
        sleep(silence).await;
        None
    }

    fn record(&self, mut call: Call) {
        let mut state = self.shared.lock();
        call.ended = std::time::Instant::now();
        state.calls.push(call);
    }
}

/// What goes back to the caller.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// Made here, not by the server behind: no checksum header, since SDKs check it only where it is.
    fn made((status, body): (u16, Value)) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/x-amz-json-1.0"),
        );
        headers.insert("x-amzn-requestid", header::HeaderValue::from_static("INJECTED"));
        let status = StatusCode::from_u16(status).expect("the status of an injected fault");
        Self { status, headers, body: body.to_string().into() }
    }

    fn unreachable(error: &reqwest::Error) -> Self {
        let message = format!("the recorder cannot reach the server behind it: {error}");
        Self::made((
            502,
            serde_json::json!({ "__type": "RecorderUpstreamUnreachable", "message": message }),
        ))
    }

    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

fn remove_hop_headers(headers: &mut HeaderMap) {
    for name in &NOT_FORWARDED {
        headers.remove(name);
    }
}

fn json_or_null(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}
