//! A sandbox that was frozen: the wall clock has moved on, and no timer has run. Nothing is kept longer than the documents
//! promise, and after a clock was set back nothing is kept at all.

use harness::{
    client::Client,
    clock::HandClock,
    cold::Cold,
    world::{TenantKeys, World},
};
use serde_json::json;
use shared::{
    auth::{IssuedApiKey, Role},
    domain::Mode,
};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

/// Functions by a clock of ours, and a key of a tenant.
struct Scene {
    world: World,
    tenant: TenantKeys,
    key: IssuedApiKey,
    clock: HandClock,
    functions: Cold,
}

impl Scene {
    async fn new() -> Self {
        let world = World::start();
        let tenant = world.own_tenant().await;
        let key = world.key(&tenant, Mode::Test, Role::Owner).await;
        let clock = HandClock::new();
        let functions = Cold::by(&world, &clock.clock()).await;
        Self { world, tenant, key, clock, functions }
    }

    fn client(&self) -> Client {
        self.functions.client(self.key.expose_secret())
    }

    /// Looks for a user by a fingerprint, for which the index key is needed; answers how often the key's record was read,
    /// and how often KMS was asked.
    async fn search(&self) -> (usize, usize) {
        let (dynamodb, kms) = (self.world.dynamodb.mark(), self.world.kms.mark());
        let search = self.client().post("/v1/user/search").json(json!({"email": "a@example.com"}));
        search.send().await.expect(200);
        let calls = self.world.dynamodb.since(dynamodb);
        let record = format!("APIKEY#{}", self.key.id);
        let looks = calls.iter().filter(|call| call.request["Key"]["pk"]["S"] == record.as_str());
        (looks.count(), self.world.kms.since(kms).len())
    }
}

#[tokio::test]
async fn an_api_key_is_known_for_a_minute_and_the_key_of_a_tenant_for_five() {
    let scene = Scene::new().await;
    for (pass, expected, case) in [
        (0, (1, 1), "the first request"),
        (MINUTE - 1, (0, 0), "just within the minute"),
        (1, (1, 0), "the minute is over"),
        (4 * MINUTE - 1, (1, 0), "just within five minutes of the first"),
        (1, (0, 1), "the five minutes are over"),
        (30 * MINUTE, (1, 1), "frozen for half an hour"),
        (-1, (1, 1), "set back by as little as can be"),
        (-60 * MINUTE, (1, 1), "set back by an hour"),
        (0, (0, 0), "and used from there on"),
    ] {
        scene.clock.pass(pass);
        assert_eq!(scene.search().await, expected, "{case}");
    }
}

#[tokio::test]
async fn a_key_that_was_revoked_opens_nothing_after_a_freeze_or_a_step_back() {
    for pass in [MINUTE, 30 * MINUTE, -MINUTE] {
        let scene = Scene::new().await;
        let reader = scene.world.key(&scene.tenant, Mode::Test, Role::Reader).await;
        let client = scene.functions.client(reader.expose_secret());
        client.get("/v1/vault/fields").send().await.expect(200);
        let path = format!("/v1/api-keys/{}", reader.id);
        scene.client().delete(&path).send().await.expect(204);
        client.get("/v1/vault/fields").send().await.expect(200);
        scene.clock.pass(pass);
        client.get("/v1/vault/fields").send().await.expect(401);
    }
}

/// The branch key seals: it is fetched for a new user when it has grown too old, and its own age is promised too.
#[tokio::test]
async fn a_branch_key_is_kept_for_five_minutes() {
    let scene = Scene::new().await;
    for (pass, unwrapped) in [(0, 2), (5 * MINUTE - 1, 0), (1, 2), (30 * MINUTE, 2), (-1, 2)] {
        scene.clock.pass(pass);
        let mark = scene.world.kms.mark();
        scene.client().post("/v1/user").json(json!({})).send().await.expect(201);
        assert_eq!(scene.world.kms.since(mark).len(), unwrapped, "after {pass} ms");
    }
}
