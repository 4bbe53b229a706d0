//! What every request goes through, whatever the API: who, may they, what, do it, say so.

use std::{panic::AssertUnwindSafe, time::Instant};

use futures_util::{FutureExt, future::BoxFuture};
use lambda_http::{
    Body, Context,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method,
        header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS},
    },
};
use serde_json::value::RawValue;

use super::{
    Call, Code, Request, Response, answer, cors,
    event::{self, Target, Unreadable, same_resource},
};
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
    /// Words that stand in a path where a parameter may, and that the parameter may be too: `template.yaml` has a route of
    /// its own for such a word to each endpoint that takes the parameter.
    pub words: &'static [&'static str],
}

/// One operation: one Lambda binary, one line of the role matrix, one route.
#[derive(Debug)]
pub struct Endpoint {
    /// Its one spelling everywhere, as in `palm_create_user`.
    pub operation: &'static str,
    /// Its method.
    pub method: Method,
    /// Its path, as the clients of its API spell it; in `template.yaml` it has no last slash.
    pub path: &'static str,
    /// What its caller must be permitted.
    pub action: Action,
    /// The API it belongs to.
    pub api: &'static Api,
    /// What it does.
    pub handler: Handler,
}

impl Endpoint {
    /// Answers an event of API Gateway's, as it takes it: never fails, never panics, and writes one log line.
    pub async fn answer(&self, app: &App, event: &str, context: Context) -> Box<RawValue> {
        let started = Instant::now();
        let request_id = RequestId::new(&context.request_id);
        let deadline = context.deadline;
        let request = event::read(event, context);
        let is_head = *request.method() == Method::HEAD;
        let mut caller = None;
        let deadline = Deadline::of_invocation(deadline);
        let attempt = deadline.bound(self.attempt(app, request, &request_id, &mut caller));
        let outcome = AssertUnwindSafe(attempt).catch_unwind().await;
        let in_time = outcome.unwrap_or(Ok(Err(Error::Panicked)));
        let outcome = in_time.unwrap_or_else(|passed| Err(passed.into()));
        let mut code = outcome.as_ref().err().map(Code::of);
        if let Err(error) = &outcome {
            self.log_cause(error, &request_id);
        }
        let finish = |outcome: Result<Response>| {
            let base = &app.config.problem_base_url;
            let render = |error| (self.api.render)(&error, &request_id, base);
            let mut response = outcome.unwrap_or_else(render);
            add_common_headers(&mut response, &request_id, app.config.cors_allow_origin.as_ref());
            if is_head {
                *response.body_mut() = Body::Empty;
            }
            response
        };
        let mut response = finish(outcome);
        let mut answer = answer::write(&response);
        if answer.is_none() {
            code = Some(Code::of(&Error::AnswerTooLarge));
            response = finish(Err(Error::AnswerTooLarge));
            answer = answer::write(&response);
        }
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
        answer.unwrap_or_default()
    }

    async fn attempt(
        &self,
        app: &App,
        request: Request,
        request_id: &RequestId,
        known: &mut Option<Principal>,
    ) -> Result<Response> {
        let target = request.extensions().get::<Target>().cloned().unwrap_or_default();
        if request.extensions().get::<Unreadable>().is_some() {
            return Err(Error::Unreadable);
        }
        if *request.method() == Method::OPTIONS && app.config.cors_allow_origin.is_some() {
            return Ok(cors::preflight(&self.allow(&target)));
        }
        if !self.takes(request.method()) {
            return Err(Error::MethodNotAllowed {
                method: request.method().to_string(),
                allow: self.allow(&target),
            });
        }
        let credential = (self.api.credential)(request.headers())?;
        let caller = known.insert(app.authenticator.authenticate(&credential).await??);
        let traffic = if self.method == Method::GET { Traffic::Read } else { Traffic::Write };
        app.rate_limiter.take(&caller.scope, &caller.actor, traffic).await?;
        caller.authorize(self.action)?;
        let base = app.config.public_base_url.clone();
        let call = Call::new(caller.clone(), self, request_id.clone(), request, target, base);
        (self.handler)(app, call).await
    }

    /// HEAD is answered where GET is ([RFC 9110 §9.1](https://www.rfc-editor.org/rfc/rfc9110#section-9.1)).
    fn takes(&self, method: &Method) -> bool {
        *method == self.method || (*method == Method::HEAD && self.method == Method::GET)
    }

    /// The methods of the resource that was asked for, for the `Allow` header.
    fn allow(&self, target: &Target) -> String {
        let resource = if target.resource.is_empty() { self.path } else { &target.resource };
        let here = (self.api.endpoints)().iter().filter(|endpoint| endpoint.serves(resource));
        let mut methods: Vec<_> = here.map(|endpoint| endpoint.method.as_str()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.sort_unstable();
        methods.join(", ")
    }

    /// Whether a resource of the template leads here: the endpoint's own path, or that path with a word of
    /// [`Api::words`] in a parameter's place.
    fn serves(&self, resource: &str) -> bool {
        let with_word = |word: &&str| same_resource(&with_word(self.path, word), resource);
        same_resource(self.path, resource) || self.api.words.iter().any(with_word)
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

/// A path with a word in place of its first parameter.
fn with_word(path: &str, word: &str) -> String {
    let parameter = path.split('/').find(|part| part.starts_with('{'));
    parameter.map_or_else(|| path.to_owned(), |parameter| path.replacen(parameter, word, 1))
}

/// Personal data is not to be cached or sniffed; the request id ties the answer to its log line; a browser's script reads
/// the answer if the deployment says from where.
fn add_common_headers(
    response: &mut Response,
    request_id: &RequestId,
    allow_origin: Option<&HeaderValue>,
) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(request_id.as_str()) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if let Some(origin) = allow_origin {
        cors::allow(response, origin);
    }
}
