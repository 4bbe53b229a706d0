//! A sandbox that was frozen: its connections are dead, and nothing in it knows.

use std::time::Duration;

use coffer::local::endpoints;
use futures_util::future::join_all;
use harness::{recorder::Recorder, world::World};
use lambda_http::{RequestExt as _, http::Request};
use shared::{
    App,
    auth::Role,
    clock::Clock,
    config::Config,
    domain::{Mode, Timestamp},
};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

const OPERATION: &str = "palm_search_users";

/// One function of its own, on the test's own thread: while the test does not wait for anything, it stands still.
struct Sandbox {
    world: World,
    app: App,
    key: String,
    /// By how much the wall clock is ahead, in milliseconds.
    frozen_for: Arc<AtomicI64>,
}

impl Sandbox {
    async fn start() -> Self {
        let world = World::start();
        let tenant = world.own_tenant().await;
        let key = world.key(&tenant, Mode::Test, Role::Owner).await.expose_secret().to_owned();
        let environment = world.stack().environment(OPERATION).unwrap();
        let config = Config::from_lookup(|name| environment.get(name).cloned()).unwrap();
        let mut sdk = world.stack().sdk_config().to_builder();
        sdk.set_timeout_config(None);
        let frozen_for = Arc::<AtomicI64>::default();
        let ahead = Arc::clone(&frozen_for);
        let clock = Clock::new(move || {
            Timestamp::now().plus(time::Duration::milliseconds(ahead.load(Ordering::SeqCst)))
        });
        let app = App::with_clock(config, &sdk.build(), clock);
        Self { world, app, key, frozen_for }
    }

    async fn search(&self) -> u16 {
        let endpoint = endpoints().find(|endpoint| endpoint.operation == OPERATION).unwrap();
        let request = Request::post("https://api.example.com/v1/user/search")
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json");
        let request = request.body(r#"{"status": "active"}"#.into()).unwrap();
        let context = lambda_http::Context::default();
        endpoint.answer(&self.app, request.with_lambda_context(context)).await.status().as_u16()
    }

    /// Fills the pools: side by side, each request has a connection of its own.
    async fn warm_up(&self) {
        assert_eq!(self.search().await, 200);
        assert_eq!(join_all((0..12).map(|_| self.search())).await, [200; 12]);
    }

    /// Nothing runs here while `time` goes by and `what` happens to the connections.
    fn freeze(&self, time: Duration, what: impl Fn(&Recorder) -> usize) {
        let millis = i64::try_from(time.as_millis()).unwrap();
        self.frozen_for.fetch_add(millis, Ordering::SeqCst);
        let connections = [&self.world.dynamodb, &self.world.kms].map(what);
        assert!(connections[0] > 8, "{connections:?}");
    }
}

/// The least that a short pause may cost is nothing: a closed connection is found to be closed, and another one made.
#[tokio::test]
async fn connections_that_were_closed_cost_no_answer() {
    let sandbox = Sandbox::start().await;
    for pause in [Duration::from_secs(20), Duration::from_mins(10)] {
        sandbox.warm_up().await;
        sandbox.freeze(pause, Recorder::close_connections);
        let mark = sandbox.world.dynamodb.mark();
        assert_eq!(sandbox.search().await, 200);
        assert!(!sandbox.world.dynamodb.since(mark).is_empty());
    }
}

/// After a long one, nobody answers on any of them, and nobody says so. To wait for each in turn would take all that Lambda
/// allows.
#[tokio::test]
async fn connections_that_fell_silent_cost_no_answer() {
    let sandbox = Sandbox::start().await;
    sandbox.warm_up().await;
    sandbox.freeze(Duration::from_mins(10), Recorder::silence_connections);
    assert_eq!(sandbox.search().await, 200);
}
