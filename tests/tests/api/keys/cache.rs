//! What other instances know of a key, and for how long. Time is what a test's clock says it is.

use std::{sync::Arc, time::Duration};

use harness::{
    clock::HandClock,
    world::{Tenant, World},
};
use serde_json::json;
use shared::{
    App,
    auth::{ApiKey, Authenticator},
    domain::Timestamp,
};

use super::{id, make, make_of, now, revoke, rotate, secret};

/// A function's instance of its own, over the same tables.
pub(super) struct Instance<'a> {
    tenant: &'a Tenant,
    app: Arc<App>,
    clock: HandClock,
}

impl<'a> Instance<'a> {
    pub(super) fn new(tenant: &'a Tenant) -> Self {
        let (config, clock) = (tenant.keys.app().config.clone(), HandClock::new());
        let app = App::with_clock(config, tenant.world.stack().sdk_config(), clock.clock());
        Self { tenant, app: Arc::new(app), clock }
    }

    /// Whether it takes a key at some time, in milliseconds since the epoch.
    pub(super) async fn takes(&self, secret: &str, at: i64) -> bool {
        let (app, key) = (Arc::clone(&self.app), ApiKey::parse(secret).unwrap());
        self.clock.set(at);
        let taken =
            async move { app.authenticator.authenticate(&key.into()).await.unwrap().is_ok() };
        self.tenant.world.run(taken).await
    }
}

#[tokio::test]
async fn a_revocation_is_in_force_everywhere_within_a_minute() {
    assert_eq!(Authenticator::MAX_AGE, Duration::from_mins(1));
    let tenant = World::shared().tenant().await;
    for rotated in [false, true] {
        let key = make_of(&tenant.owner, "READER").await;
        let (knows, does_not) = (Instance::new(&tenant), Instance::new(&tenant));
        let seen = now();
        assert!(knows.takes(secret(&key), seen).await);
        if rotated {
            rotate(&tenant.owner, &key, json!({"overlap_seconds": 0})).await.expect(201);
        } else {
            revoke(&tenant.owner, &key).await.expect(204);
        }
        assert!(!does_not.takes(secret(&key), now()).await, "{rotated}");
        // That it is still taken shows that the instance had it in memory.
        assert!(knows.takes(secret(&key), seen + 59_999).await, "{rotated}");
        assert!(!knows.takes(secret(&key), seen + 60_000).await, "{rotated}");
        assert!(!knows.takes(secret(&key), seen + 60_001).await, "{rotated}");
    }
}

#[tokio::test]
async fn a_key_that_is_known_ends_at_its_very_time() {
    let tenant = World::shared().tenant().await;
    let end = now() + 30_000;
    let expires_at = Timestamp::from_unix_millis(end).to_millis_string();
    let body = json!({"role": "READER", "name": "x", "expires_at": expires_at});
    let key = make(&tenant.owner, body).await;
    let instance = Instance::new(&tenant);
    let mark = tenant.world.dynamodb.mark();
    for (at, taken) in [(end - 29_000, true), (end - 1, true), (end, false), (end + 1, false)] {
        assert_eq!(instance.takes(secret(&key), at).await, taken, "{}", at - end);
    }
    let wanted = format!("APIKEY#{}", id(&key));
    let mut calls = tenant.world.dynamodb.since(mark);
    calls.retain(|call| call.request["Key"]["pk"]["S"] == wanted.as_str());
    assert_eq!(calls.len(), 1, "it was looked up once: {calls:?}");
}
