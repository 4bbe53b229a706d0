//! Connections to AWS that do not outlive a pause.

use std::sync::{Mutex, PoisonError};

use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
    runtime_components::RuntimeComponents,
};

use crate::{clock::Clock, domain::Timestamp};

/// After how long a pause, in milliseconds, connections are made anew. Servers close idle ones after a minute or more.
const PAUSE_MS: i64 = 50_000;

/// The SDK's own HTTP client, begun anew after a pause.
///
/// While a sandbox is frozen, servers and routers between drop its connections, and nobody tells it: the pool's own limit of
/// age is measured by a clock that stood still with it. Each attempt that meets one of them would wait until it times out, and
/// a pool may hold more of them than a call has attempts.
#[derive(Debug)]
pub(crate) struct FreshConnections {
    clock: Clock,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    client: SharedHttpClient,
    used_at: Timestamp,
}

impl FreshConnections {
    /// Knows nothing of anybody, and calls nobody.
    pub(crate) fn new(clock: Clock) -> Self {
        let current = Current { client: client(), used_at: clock.now() };
        Self { current: Mutex::new(current), clock }
    }

    fn current(&self) -> SharedHttpClient {
        let now = self.clock.now();
        // Whoever panicked here left a client all the same.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = now.unix_millis().saturating_sub(current.used_at.unix_millis());
        if !(0..PAUSE_MS).contains(&pause) {
            current.client = client();
        }
        current.used_at = now;
        current.client.clone()
    }
}

impl HttpClient for FreshConnections {
    /// Asked for each attempt.
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.current().http_connector(settings, components)
    }
}

/// The root certificates are read once in a process, whatever is built here.
fn client() -> SharedHttpClient {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
    Builder::new().tls_provider(provider).build_https()
}
