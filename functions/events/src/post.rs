//! Posting to a receiver.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use lambda_http::{
    Body,
    http::{Request, header},
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use shared::webhooks::{Reach, WebhookUrl};

use crate::resolver::Resolver;

/// How long a receiver may take, from the look-up of its name to the head of its answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who is calling.
const USER_AGENT: &str = concat!("Coffer-Webhooks/", env!("CARGO_PKG_VERSION"));

/// What came of a post.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    /// The status of the answer, if there was one.
    pub(crate) status: Option<u16>,
    /// How long it took.
    pub(crate) took: Duration,
    /// Why there was none.
    failure: &'static str,
}

impl Answer {
    /// Nothing was sent.
    pub(crate) const fn refused(why: &'static str) -> Self {
        Self { status: None, took: Duration::ZERO, failure: why }
    }

    pub(crate) fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether it was that nobody is there any more.
    pub(crate) fn is_gone(&self) -> bool {
        self.status == Some(410)
    }

    /// Whether a later attempt may be answered otherwise: no answer, 5xx, a redirect (none is followed), and the three of
    /// 4xx that pass.
    pub(crate) fn is_temporary(&self) -> bool {
        self.status.is_none_or(|status| {
            matches!(status, 404 | 408 | 429)
                || !((200..300).contains(&status) || (400..500).contains(&status))
        })
    }

    /// One word or two for the log.
    pub(crate) fn result(&self) -> &'static str {
        match self.status {
            None => self.failure,
            Some(200..300) => "delivered",
            Some(410) => "gone",
            Some(_) if self.is_temporary() => "to be repeated",
            Some(_) => "refused",
        }
    }
}

/// The HTTP client for receivers. Follows no redirect, knows no proxy, keeps no connection: each attempt looks the name up
/// anew and connects to an address that was looked at.
#[derive(Debug)]
pub(crate) struct Poster {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Body>,
}

impl Poster {
    pub(crate) fn new(reach: Reach) -> Self {
        let mut http = HttpConnector::new_with_resolver(Resolver::new(reach));
        http.enforce_http(false);
        http.set_nodelay(true);
        let https = HttpsConnectorBuilder::new().with_tls_config(tls());
        let https = match reach {
            Reach::PublicHttps => https.https_only(),
            Reach::Anywhere => https.https_or_http(),
        };
        let connector = https.enable_http1().wrap_connector(http);
        let client =
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Self { client }
    }

    pub(crate) async fn post(
        &self,
        url: &WebhookUrl,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Answer {
        let mut request = Request::post(url.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, USER_AGENT);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let Ok(request) = request.body(Body::Text(body)) else {
            return Answer::refused("the URL cannot be requested");
        };
        let started = Instant::now();
        let (status, failure) =
            match tokio::time::timeout(PATIENCE, self.client.request(request)).await {
                Ok(Ok(answer)) => (Some(answer.status().as_u16()), ""),
                Ok(Err(error)) if error.is_connect() => (None, "no connection"),
                Ok(Err(_)) => (None, "no answer"),
                Err(_) => (None, "time-out"),
            };
        Answer { status, took: started.elapsed(), failure }
    }
}

/// The roots that the system trusts. Where it trusts none, no receiver is reached over TLS, and the log says so.
fn tls() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        tracing::warn!("the system has no root certificates: no webhook can be delivered over TLS");
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = ClientConfig::builder_with_provider(provider);
    // Both versions are the provider's own: this cannot fail.
    match verifier.with_safe_default_protocol_versions() {
        Ok(versions) => versions.with_root_certificates(roots).with_no_client_auth(),
        Err(_) => ClientConfig::builder().with_root_certificates(roots).with_no_client_auth(),
    }
}
