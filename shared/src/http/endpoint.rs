//! What every request goes through, whatever the API: who, may they, what, do it, say so.

use std::{panic::AssertUnwindSafe, time::Instant};

use futures_util::{FutureExt, future::BoxFuture};
use lambda_http::{
    Context, RequestExt,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method,
        header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS},
    },
};

use super::{Call, Code, Request, Response};
use crate::{
    app::App,
    auth::{Action, Credential, Principal, Unauthenticated},
    deadline::Deadline,
    domain::RequestId,
    error::{Error, Result},
    limits::Traffic,
};

/// The body of an endpoint. By the time it runs, the caller is known and permitted.
pub type Handler = for<'a> fn(&'a App, Call) -> BoxFuture<'a, Result<Response>>;

/// What the endpoints of one API have in common.
#[derive(Debug)]
pub struct Api {
    /// Where its credential stands in a request.
    pub credential: fn(&HeaderMap) -> Result<Credential, Unauthenticated>,
    /// How it shows an error. `&str` is where the documentation of the codes stands.
    pub render: fn(&Error, &RequestId, &str) -> Response,
    /// All of its endpoints.
    pub endpoints: fn() -> &'static [&'static Endpoint],
}

/// One operation: one Lambda binary, one line of the role matrix, one route.
#[derive(Debug)]
pub struct Endpoint {
    /// Its one spelling everywhere, as in `palm_create_user`.
    pub operation: &'static str,
    /// Its method.
    pub method: Method,
    /// Its path, as in `template.yaml`.
    pub path: &'static str,
    /// What its caller must be permitted.
    pub action: Action,
    /// The API it belongs to.
    pub api: &'static Api,
    /// What it does.
    pub handler: Handler,
}

impl Endpoint {
    /// Answers a request: never fails, never panics, and writes one log line.
    pub async fn answer(&self, app: &App, request: Request) -> Response {
        let started = Instant::now();
        let request_id = request_id(&request);
        let mut caller = None;
        let deadline = deadline(&request);
        let attempt = deadline.bound(self.attempt(app, request, &request_id, &mut caller));
        let outcome = AssertUnwindSafe(attempt).catch_unwind().await;
        let in_time = outcome.unwrap_or(Ok(Err(Error::Panicked)));
        let outcome = in_time.unwrap_or_else(|passed| Err(passed.into()));
        let code = outcome.as_ref().err().map(Code::of);
        if let Err(error) = &outcome {
            self.log_cause(error, &request_id);
        }
        let render = |error| (self.api.render)(&error, &request_id, &app.config.problem_base_url);
        let mut response = outcome.unwrap_or_else(render);
        add_common_headers(&mut response, &request_id);
        tracing::info!(
            operation = self.operation,
            request_id = request_id.as_str(),
            status = response.status().as_u16(),
            code = code.map(Code::as_str),
            tenant = caller.as_ref().map(|caller| caller.scope.tenant.as_str()),
            mode = caller.as_ref().map(|caller| caller.scope.mode.as_str()),
            actor = caller.as_ref().map(|caller| caller.actor.as_str()),
            duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
            "request"
        );
        response
    }

    async fn attempt(
        &self,
        app: &App,
        request: Request,
        request_id: &RequestId,
        known: &mut Option<Principal>,
    ) -> Result<Response> {
        if *request.method() != self.method {
            return Err(Error::MethodNotAllowed {
                method: request.method().to_string(),
                allow: self.allow(),
            });
        }
        let credential = (self.api.credential)(request.headers())?;
        let caller = known.insert(app.authenticator.authenticate(&credential).await??);
        let traffic = if self.method == Method::GET { Traffic::Read } else { Traffic::Write };
        app.rate_limiter.take(&caller.scope, &caller.actor, traffic).await?;
        caller.authorize(self.action)?;
        let call = Call::new(caller.clone(), self.operation, request_id.clone(), request);
        (self.handler)(app, call).await
    }

    /// The methods of this path, for the `Allow` header.
    fn allow(&self) -> String {
        let here = (self.api.endpoints)().iter().filter(|endpoint| endpoint.path == self.path);
        here.map(|endpoint| endpoint.method.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Faults of ours are logged with their causes; a caller's are not, beyond their code.
    fn log_cause(&self, error: &Error, request_id: &RequestId) {
        if Code::of(error).status().is_server_error() {
            let (operation, request_id) = (self.operation, request_id.as_str());
            tracing::error!(operation, request_id, cause = chain(error), "request failed");
        }
    }
}

/// An error and its sources in one line. None of them holds a caller's data.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// What Lambda says of the invocation.
fn context(request: &Request) -> Option<&Context> {
    request.extensions().get::<Context>().or_else(|| request.lambda_context_ref())
}

fn request_id(request: &Request) -> RequestId {
    RequestId::new(context(request).map(|context| context.request_id.clone()).unwrap_or_default())
}

fn deadline(request: &Request) -> Deadline {
    Deadline::of_invocation(context(request).map(|context| context.deadline).unwrap_or_default())
}

/// Personal data is not to be cached or sniffed; the request id ties the answer to its log line.
fn add_common_headers(response: &mut Response, request_id: &RequestId) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(request_id.as_str()) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
}
