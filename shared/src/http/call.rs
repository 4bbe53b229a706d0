//! One request of a known caller.

use lambda_http::http::header::{CONTENT_TYPE, IF_MATCH};
use serde_json::Value;

use super::{Endpoint, IfMatch, MAX_BODY_BYTES, Request, event::Target, json};
use crate::{
    auth::Principal,
    domain::{Origin, RequestId, Scope},
    error::{Error, MalformedJson, Result},
    users::Once,
};

/// A request whose caller is known and permitted.
#[derive(Debug)]
pub struct Call {
    /// Who is calling.
    pub caller: Principal,
    operation: &'static str,
    path: &'static str,
    public_base_url: Option<String>,
    request_id: RequestId,
    request: Request,
    target: Target,
}

/// What makes a repeated request recognisable: 1 to 255 visible ASCII characters.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdempotencyKey")
    }
}

impl Call {
    pub(super) fn new(
        caller: Principal,
        endpoint: &Endpoint,
        request_id: RequestId,
        request: Request,
        target: Target,
        public_base_url: Option<String>,
    ) -> Self {
        let (operation, path) = (endpoint.operation, endpoint.path);
        Self { caller, operation, path, public_base_url, request_id, request, target }
    }

    /// The tenant and mode that the caller reaches.
    pub fn scope(&self) -> &Scope {
        &self.caller.scope
    }

    /// Which operation this is.
    pub const fn operation(&self) -> &'static str {
        self.operation
    }

    /// Who caused what this call will change.
    pub fn origin(&self) -> Origin {
        let (actor, request_id) = (self.caller.actor.clone(), self.request_id.clone());
        Origin { actor, operation: self.operation.into(), request_id }
    }

    /// A parameter of the path, decoded once. One that the route does not have, or that is not percent-encoded UTF-8, is
    /// empty: nothing has an empty id.
    pub fn path_parameter(&self, name: &str) -> String {
        self.target.parameter(self.path, name).unwrap_or_default()
    }

    /// A query parameter, decoded; the first where there are several.
    pub fn query_parameter(&self, name: &str) -> Option<&str> {
        self.target.query(name)
    }

    /// What a link back to this path begins with, without a query: where the deployment says that clients reach the API;
    /// or else the domain and the stage by which API Gateway was reached. Never the `Host` header, which a client chooses.
    pub fn url(&self) -> String {
        match &self.public_base_url {
            Some(base) => {
                let slash = if self.target.path.ends_with('/') { "/" } else { "" };
                format!("{base}{}{slash}", self.path)
            }
            None => self.target.url.clone().unwrap_or_else(|| self.path.to_owned()),
        }
    }

    /// The body's bytes.
    pub fn body(&self) -> &[u8] {
        self.request.body()
    }

    /// The body as JSON: at most [`MAX_BODY_BYTES`], declared as `application/json`, without ambiguities.
    pub fn json(&self) -> Result<Value> {
        if self.body().len() > MAX_BODY_BYTES {
            return Err(Error::TooLarge);
        }
        let media_type =
            self.request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence =
            media_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Error::UnsupportedMediaType);
        }
        // A REST API hands a body on as text, with U+FFFD in place of what was not UTF-8. That was never meant to be kept.
        let text = std::str::from_utf8(self.body()).ok();
        let text = text.filter(|text| !text.contains(char::REPLACEMENT_CHARACTER));
        let text = text.ok_or_else(|| MalformedJson { reason: "it is not UTF-8".to_owned() })?;
        Ok(json::parse(text)?)
    }

    /// The `Idempotency-Key` header, where there is one.
    pub fn idempotency_key(&self) -> Result<Option<IdempotencyKey>> {
        const NAME: &str = "Idempotency-Key";
        let Some(header) = self.request.headers().get(NAME) else { return Ok(None) };
        let text = header.to_str().ok().filter(|text| !text.contains('\t'));
        let text = text.filter(|text| (1..=255).contains(&text.len()));
        let text =
            text.ok_or_else(|| Error::header(NAME, "must have 1 to 255 visible ASCII characters"))?;
        Ok(Some(IdempotencyKey(text.to_owned())))
    }

    /// What this call is recognised by if it is sent again; `None` without an `Idempotency-Key`.
    pub fn once(&self) -> Result<Option<Once>> {
        let once = |key| Once {
            operation: self.operation,
            key,
            path: self.target.path.trim_end_matches('/').to_owned(),
            body: self.body().to_vec(),
        };
        Ok(self.idempotency_key()?.map(once))
    }

    /// The `If-Match` header.
    pub fn if_match(&self) -> Result<IfMatch> {
        IfMatch::parse(self.request.headers().get(IF_MATCH))
    }
}
