//! Whoever can write to the tables cannot make a function show what is not there, or to whom it does not belong.

use aws_sdk_dynamodb::{Client as DynamoDb, primitives::Blob, types::AttributeValue};
use harness::{
    client::{Answer, Client},
    cold::Cold,
    logs::Logs,
    world::{Tenant, World},
};
use serde_json::{Value, json};
use shared::domain::{Mode, Scope};
use tracing::Level;

use crate::tables::{Item, KEYS, USERS, key, partition};

const SSN: &str = "identity.ssn";
const PASSPORT: &str = "identity.passport_number";

/// Two users of one tenant, and somebody at the tables.
struct Scene {
    tenant: Tenant,
    scope: Scope,
    victim: String,
    other: String,
}

fn values(number: usize) -> Value {
    json!({SSN: format!("87654321{number}"), PASSPORT: format!("PASSPORT{number}")})
}

impl Scene {
    async fn set() -> Self {
        let tenant = World::shared().tenant().await;
        let scope = tenant.keys.scope(Mode::Test);
        let mut ids = Vec::new();
        for number in 0..2 {
            let create = tenant.owner.post("/v1/user").json(json!({"vault": values(number)}));
            let user = create.send().await.expect(201).json();
            ids.push(user["id"].as_str().unwrap().to_owned());
        }
        let [victim, other] = ids.try_into().unwrap();
        Self { tenant, scope, victim, other }
    }

    async fn read(&self, table: &'static str, key: Item) -> Item {
        let read = self.client().get_item().table_name(table).set_key(Some(key));
        let answer = self.tenant.world.run(async move { read.send().await.unwrap() }).await;
        answer.item.expect("an item")
    }

    async fn write(&self, table: &'static str, item: Item) {
        let write = self.client().put_item().table_name(table).set_item(Some(item));
        self.tenant.world.run(async move { write.send().await.unwrap() }).await;
    }

    fn client(&self) -> DynamoDb {
        DynamoDb::new(self.tenant.world.stack().sdk_config())
    }

    async fn user(&self, id: &str) -> Item {
        self.read(USERS, key(&partition(&self.scope, id), "U")).await
    }

    async fn data_key(&self, id: &str) -> Item {
        self.read(KEYS, key(&partition(&self.scope, id), "DEK")).await
    }

    /// Puts other bytes in the place of the victim's sealed field.
    async fn replace_sealed(&self, field: &str, bytes: Vec<u8>) {
        let mut item = self.user(&self.victim).await;
        let Some(AttributeValue::M(sealed)) = item.get_mut("sealed") else { panic!("{item:?}") };
        sealed.insert(field.to_owned(), AttributeValue::B(Blob::new(bytes)));
        self.write(USERS, item).await;
    }

    async fn reveal(&self, id: &str) -> Answer {
        reveal(&self.tenant.owner, id).await
    }

    /// The victim's fields do not open, nothing is told, and everybody else is as before.
    async fn does_not_open(&self) {
        let answer = self.reveal(&self.victim).await;
        is_refused(&answer);
        let fine = self.reveal(&self.other).await;
        assert_eq!(fine.expect(200).json()["fields"], values(1));
        // What needs no key needs no integrity of one.
        let path = format!("/v1/user/{}", self.victim);
        self.tenant.owner.get(&path).send().await.expect(200);
    }
}

async fn reveal(client: &Client, id: &str) -> Answer {
    let reveal = client.post(&format!("/v1/user/{id}/vault/reveal"));
    reveal.json(json!({"fields": [SSN, PASSPORT], "reason": "a test"})).send().await
}

fn is_refused(answer: &Answer) {
    answer.problem(500, "internal_error");
    for trace in ["87654321", "PASSPORT", "ssn", "passport", "integrity", "seal", "key"] {
        assert!(!answer.text().contains(trace), "{trace}: {answer}");
    }
    let lines = Logs::install(Level::INFO).of_request(answer.header("x-request-id").unwrap());
    let told = |line: &&Value| {
        line["level"] == "ERROR" && line["cause"].as_str().unwrap().contains("integrity failure")
    };
    assert_eq!(lines.iter().filter(told).count(), 1, "{lines:#?}");
    assert!(!json!(lines).to_string().contains("87654321"), "{lines:#?}");
}

fn sealed(item: &Item, field: &str) -> Vec<u8> {
    let sealed = item["sealed"].as_m().unwrap();
    sealed[field].as_b().unwrap().as_ref().to_vec()
}

#[tokio::test]
async fn a_sealed_field_opens_in_its_own_place_only() {
    Logs::install(Level::INFO);
    let scene = Scene::set().await;
    let own = scene.user(&scene.victim).await;
    let of_other = sealed(&scene.user(&scene.other).await, SSN);

    scene.replace_sealed(SSN, of_other).await;
    scene.does_not_open().await;
    scene.replace_sealed(SSN, sealed(&own, PASSPORT)).await;
    scene.does_not_open().await;

    scene.write(USERS, own).await;
    assert_eq!(scene.reveal(&scene.victim).await.expect(200).json()["fields"], values(0));
}

#[tokio::test]
async fn a_sealed_field_opens_as_it_was_sealed_only() {
    Logs::install(Level::INFO);
    let scene = Scene::set().await;
    let own = sealed(&scene.user(&scene.victim).await, SSN);
    // In the version, the nonce, the commitment, the ciphertext and the tag.
    for place in [0, 1, 13, 45, own.len() - 1] {
        let mut flipped = own.clone();
        flipped[place] ^= 1;
        scene.replace_sealed(SSN, flipped).await;
        scene.does_not_open().await;
    }
    for length in [0, 1, 12, 44, 45, 60, own.len() - 1] {
        scene.replace_sealed(SSN, own[..length].to_vec()).await;
        scene.does_not_open().await;
    }
    scene.replace_sealed(SSN, [own.as_slice(), &[0]].concat()).await;
    scene.does_not_open().await;
}

#[tokio::test]
async fn a_data_key_opens_for_its_own_user_only() {
    Logs::install(Level::INFO);
    let scene = Scene::set().await;
    let own = scene.data_key(&scene.victim).await;
    let mut moved = scene.data_key(&scene.other).await;
    moved.insert("pk".to_owned(), own["pk"].clone());
    scene.write(KEYS, moved).await;
    scene.does_not_open().await;
    // Nor is anything sealed under it, which would open with the other user's key ever after.
    let update = scene.tenant.owner.patch(&format!("/v1/user/{}/vault", scene.victim));
    is_refused(&update.json(json!({"custom.a": "b"})).send().await);

    // With its data key, another user's fields in this one's place.
    let mut user = scene.user(&scene.victim).await;
    user.insert("sealed".to_owned(), scene.user(&scene.other).await["sealed"].clone());
    scene.write(USERS, user).await;
    scene.does_not_open().await;

    let mut flipped = own.clone();
    let mut bytes = own["envelope"].as_b().unwrap().as_ref().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    flipped.insert("envelope".to_owned(), AttributeValue::B(Blob::new(bytes)));
    scene.write(KEYS, flipped).await;
    scene.does_not_open().await;
}

/// A key that is gone is a key that is gone: nothing opens, and a change makes no new one.
#[tokio::test]
async fn without_its_data_key_nothing_opens() {
    let scene = Scene::set().await;
    let delete = scene.client().delete_item().table_name(KEYS);
    let delete = delete.set_key(Some(key(&partition(&scene.scope, &scene.victim), "DEK")));
    scene.tenant.world.run(async move { delete.send().await.unwrap() }).await;
    let answer = scene.reveal(&scene.victim).await;
    answer.problem(500, "internal_error");
    assert!(!answer.text().contains("87654321"));
    let update = scene.tenant.owner.patch(&format!("/v1/user/{}/vault", scene.victim));
    update.json(json!({"custom.a": "b"})).send().await.problem(500, "internal_error");
    scene.reveal(&scene.other).await.expect(200);
}

/// KMS opens a wrapped key for its own tenant, mode and purpose only. Functions that have just started have to ask.
#[tokio::test]
async fn a_wrapped_key_opens_for_its_own_tenant_only() {
    Logs::install(Level::INFO);
    let (scene, stranger) = (Scene::set().await, Scene::set().await);
    let wrapped =
        |scope: &Scope, purpose: &str| key(&format!("T#{scope}#{purpose}"), "v0000000001");
    let own = scene.read(KEYS, wrapped(&scene.scope, "BRANCH")).await;
    let live = scene.tenant.keys.scope(Mode::Live);
    for foreign in [
        wrapped(&stranger.scope, "BRANCH"),
        wrapped(&live, "BRANCH"),
        wrapped(&scene.scope, "INDEX"),
    ] {
        let mut moved = scene.read(KEYS, foreign).await;
        moved.insert("pk".to_owned(), own["pk"].clone());
        scene.write(KEYS, moved).await;
        let cold = Cold::start(scene.tenant.world).await;
        let victims = scene.tenant.world.key(&scene.tenant.keys, Mode::Test, OWNER).await;
        let strangers = scene.tenant.world.key(&stranger.tenant.keys, Mode::Test, OWNER).await;
        let client = cold.client(victims.expose_secret());
        is_refused(&reveal(&client, &scene.victim).await);
        is_refused(&client.post("/v1/user").json(json!({})).send().await);
        let fine = reveal(&cold.client(strangers.expose_secret()), &stranger.victim).await;
        fine.expect(200);
    }
}

const OWNER: shared::auth::Role = shared::auth::Role::Owner;
