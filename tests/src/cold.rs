//! Functions that have just started: nothing is warm, and nothing is shared between operations, as in Lambda.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use aws_config::Region;
use coffer::local::{
    endpoints,
    gateway::{Answer, Gateway, Invocation, Invoke},
};
use shared::{App, clock::Clock, config::Config, http::Endpoint};
use tokio::net::TcpListener;

use crate::{client::Client, world::World};

/// When Lambda ends a function that was not called to end at another time.
const UNSAID: Duration = Duration::ZERO;

/// How much later than it says this Lambda ends a function, for a machine that is busy with other tests.
const INDULGENCE: Duration = Duration::from_secs(4);

/// One sandbox per operation over the backends of a world, behind a gateway of their own.
#[derive(Debug)]
pub struct Cold {
    base_url: String,
    _gateway: Gateway,
}

/// Started when they are first called.
type Sandbox = (&'static Endpoint, Arc<LazyLock<App, Init>>);
type Sandboxes = HashMap<String, Sandbox>;
type Init = Box<dyn FnOnce() -> App + Send>;

impl Cold {
    /// By the machine's own clock.
    pub async fn start(world: &World) -> Self {
        Self::by(world, &Clock::system()).await
    }

    /// By another clock.
    pub async fn by(world: &World, clock: &Clock) -> Self {
        Self::build(world, clock, false, UNSAID).await
    }

    /// One sandbox for all operations: what one of them has at hand, all have.
    pub async fn one(world: &World) -> Self {
        Self::build(world, &Clock::system(), true, UNSAID).await
    }

    /// Functions that Lambda ends so long after they were called.
    pub async fn ending_after(world: &World, timeout: Duration) -> Self {
        Self::build(world, &Clock::system(), false, timeout).await
    }

    async fn build(world: &World, clock: &Clock, one_for_all: bool, timeout: Duration) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        // The SDK keeps one budget of retries per region and process: these functions are to have their own.
        let region = Region::new(format!("test-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        let mut sdk = world.stack().sdk_config().to_builder().region(region);
        if !one_for_all {
            // The local stack is patient; these functions give up as they do in Lambda.
            sdk.set_timeout_config(None);
        }
        let sdk = sdk.build();
        let sandbox = |endpoint: &'static Endpoint| {
            let environment = world.stack().environment(endpoint.operation).unwrap();
            let config = Config::from_lookup(|name| environment.get(name).cloned()).unwrap();
            let (sdk, clock) = (sdk.clone(), clock.clone());
            let init: Init = Box::new(move || App::with_clock(config, &sdk, clock));
            (endpoint, Arc::new(LazyLock::new(init)))
        };
        let mut made: Vec<Sandbox> = endpoints().map(sandbox).collect();
        if one_for_all && let Some((_, one)) = made.first() {
            let one = Arc::clone(one);
            for (_, app) in &mut made {
                *app = Arc::clone(&one);
            }
        }
        let sandboxes = made.into_iter().map(|it| (it.0.operation.to_owned(), it));
        let sandboxes: Arc<Sandboxes> = Arc::new(sandboxes.collect());
        let invoke: Invoke = Arc::new(move |invocation| {
            let sandboxes = Arc::clone(&sandboxes);
            Box::pin(async move { answer(&sandboxes, invocation, timeout).await })
        });
        let mut template = world.stack().template().clone();
        // When they are ended is said here, and not by the gateway.
        template.functions.iter_mut().for_each(|function| function.timeout_seconds = 60);
        let start = async move {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let base_url = format!("http://{}", listener.local_addr().unwrap());
            Self { base_url, _gateway: Gateway::start(listener, &template, invoke) }
        };
        world.run(start).await
    }

    /// A client of them with a key.
    pub fn client(&self, key: &str) -> Client {
        self.anonymous().bearer(key)
    }

    /// A client of them without a credential.
    pub fn anonymous(&self) -> Client {
        Client::new(self.base_url.clone())
    }

    /// Where they listen.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}

async fn answer(sandboxes: &Sandboxes, invocation: Invocation, timeout: Duration) -> Answer {
    let (endpoint, app) = &sandboxes[&invocation.operation];
    let mut context = lambda_http::Context::default();
    context.request_id = invocation.request_id;
    if timeout != UNSAID {
        let ends_at = UNIX_EPOCH.elapsed().unwrap() + timeout;
        context.deadline = ends_at.as_millis().try_into().unwrap();
    }
    let answer = endpoint.answer(app.as_ref(), &invocation.event, context);
    if timeout == UNSAID {
        return Some(answer.await);
    }
    // Otherwise ended, as Lambda would.
    tokio::time::timeout(timeout + INDULGENCE, answer).await.ok()
}
