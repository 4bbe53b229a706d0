//! Access tokens, made here: who vouches for whom, and who does not.

mod attacks;
mod fetched;
mod frozen;
mod scopes;
mod signer;

use harness::{
    client::{Answer, Client},
    world::{Tenant, World},
};
use serde_json::{Value, json};
use shared::{
    auth::{Role, add_issuer, new_issuer},
    domain::{Mode, Timestamp},
    store::KeySource,
};

use signer::Signer;

const AUDIENCE: &str = "https://api.example.com";
const NOBODY: &str = "/users/64f0c51e7fb3fc001234a001";

/// An issuer of a tenant's own.
struct Issuer {
    tenant: Tenant,
    name: String,
}

impl Issuer {
    /// Registers one.
    async fn new(keys: KeySource) -> Self {
        Self::of(World::shared(), keys).await
    }

    /// The same, where sandboxes live on.
    async fn warm(keys: KeySource) -> Self {
        Self::of(World::shared_warm(), keys).await
    }

    async fn of(world: &'static World, keys: KeySource) -> Self {
        let tenant = world.tenant().await;
        let name =
            format!("https://{}.example.com/", tenant.keys.scope(Mode::Test).tenant.as_str());
        register(&tenant, Mode::Test, &name, keys).await;
        Self { tenant, name }
    }

    /// Good claims, with all scopes.
    fn claims(&self) -> Value {
        let now = Timestamp::now().unix_seconds();
        json!({
            "iss": self.name, "aud": AUDIENCE, "sub": "client@clients", "azp": "client",
            "iat": now, "exp": now + 600, "scope": "create:users read:users",
        })
    }

    /// Good claims, with some of them replaced, or (null) left out.
    #[allow(clippy::needless_pass_by_value, reason = "tests write `.with(json!({…}))`")]
    fn with(&self, changes: Value) -> Value {
        let mut claims = self.claims();
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        claims
    }

    /// A client with a token.
    fn client(&self, token: &str) -> Client {
        self.tenant.world.anonymous().bearer(token)
    }

    /// What a token is answered: 404 says that it may read, and that nobody is there.
    async fn try_out(&self, token: &str) -> Answer {
        self.client(token).get(NOBODY).send().await
    }
}

async fn register(tenant: &Tenant, mode: Mode, name: &str, keys: KeySource) {
    let issuer = new_issuer(name, tenant.keys.scope(mode), AUDIENCE, keys).unwrap();
    let app = tenant.keys.app().clone();
    assert!(tenant.world.run(async move { add_issuer(&app.store, &issuer).await.unwrap() }).await);
}

/// The keys of signers as a key set.
fn key_set(signers: &[&Signer]) -> Value {
    json!({"keys": signers.iter().map(|signer| signer.public()).collect::<Vec<_>>()})
}

fn inline(signers: &[&Signer]) -> KeySource {
    KeySource::Inline(key_set(signers).to_string())
}

#[track_caller]
fn refused(case: &str, answer: &Answer) {
    assert_eq!(answer.status, 401, "{case}: {answer}");
    let problem = answer.problem(401, "unauthenticated");
    assert_eq!(problem["title"], "Unauthenticated");
    assert_eq!(answer.header("x-amzn-remapped-www-authenticate"), Some("Bearer"), "{case}");
}

#[tokio::test]
async fn a_token_creates_and_reads_and_a_key_does_too() {
    for signer in [Signer::es256("a"), Signer::rs256("a")] {
        let issuer = Issuer::new(inline(&[&signer])).await;
        let token = signer.sign(&issuer.claims());
        let client = issuer.client(&token);
        let made = client.post("/users").json(crate::wealthyhood::john("john@example.com"));
        let user = made.send().await.expect(201).json();
        let path = format!("/users/{}", user["id"].as_str().unwrap());
        assert_eq!(client.get(&path).send().await.expect(200).json(), user);
        let key = issuer.tenant.client(Role::Reader).await;
        assert_eq!(key.get(&path).send().await.expect(200).json(), user);
        let uuid = shared::domain::UserId::parse_hex(user["id"].as_str().unwrap()).unwrap();
        let events = issuer.tenant.events(&uuid.to_uuid().to_string()).await;
        assert_eq!(events[0]["actor"], "jwt:client");
        let (_, header) = ("scheme", format!("bearer   {token}  "));
        let spelled = issuer.tenant.world.anonymous().header("authorization", &header);
        spelled.get(&path).send().await.expect(200);
    }
}

#[tokio::test]
async fn a_tax_number_stays_masked_for_a_token() {
    let signer = Signer::es256("a");
    let issuer = Issuer::new(inline(&[&signer])).await;
    let client = issuer.client(&signer.sign(&issuer.claims()));
    let mut body = crate::wealthyhood::john("john@example.com");
    body["taxResidency"] = json!({"countryCode": "GB", "proofType": "NINO", "value": "QQ123456C"});
    let user = client.post("/users").json(body).send().await.expect(201).json();
    let path = format!("/users/{}", user["id"].as_str().unwrap());
    let read = client.get(&path).send().await.expect(200).json();
    assert_eq!(read["taxResidency"]["value"], "*****456C");
}

#[tokio::test]
async fn the_local_stack_has_tokens_of_both_modes() {
    let world = World::shared();
    let credentials = world.stack().credentials();
    let [test, live] =
        [&credentials.jwt, &credentials.jwt_live].map(|it| world.anonymous().bearer(it));
    let email = format!("{}@example.com", Timestamp::now().unix_millis());
    let mut ids = vec![];
    for client in [&test, &live] {
        let body = crate::wealthyhood::john(&email);
        let user = client.post("/users").json(body).send().await.expect(201).json();
        ids.push(user["id"].as_str().unwrap().to_owned());
    }
    test.get(&format!("/users/{}", ids[0])).send().await.expect(200);
    test.get(&format!("/users/{}", ids[1])).send().await.problem(404, "not_found");
    live.get(&format!("/users/{}", ids[1])).send().await.expect(200);
}

#[tokio::test]
async fn a_token_is_no_credential_of_the_other_apis() {
    let signer = Signer::es256("a");
    let issuer = Issuer::new(inline(&[&signer])).await;
    let token = signer.sign(&issuer.claims());
    let nobody = issuer.tenant.world.anonymous();
    refused("palm", &nobody.bearer(&token).get("/v1/vault/fields").send().await);
    nobody.header("x-api-key", &token).get("/v3/users/").send().await.expect(403);
    let truv = nobody.header("x-access-client-id", "client").header("x-access-secret", &token);
    truv.get("/v1/users/").send().await.expect(401);
}
