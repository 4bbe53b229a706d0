//! A sandbox that was frozen: its connections are dead, and nothing in it knows.

use std::time::Duration;

use coffer::local::endpoints;
use futures_util::future::join_all;
use harness::{recorder::Recorder, world::World};
use lambda_http::Context;
use serde_json::{Value, json};
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
        let event = json!({
            "resource": endpoint.path, "path": endpoint.path, "httpMethod": "POST",
            "headers": {"Authorization": format!("Bearer {}", self.key), "Content-Type": "application/json"},
            "body": r#"{"status": "active"}"#,
        });
        let answer = endpoint.answer(&self.app, &event.to_string(), Context::default()).await;
        let answer: Value = serde_json::from_str(answer.get()).unwrap();
        answer["statusCode"].as_u64().unwrap().try_into().unwrap()
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
