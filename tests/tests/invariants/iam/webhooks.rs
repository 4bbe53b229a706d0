//! The walk through webhook destinations and the workers.

use coffer::local::workers;
use events::Workshop;
use harness::{client::Client, world::TenantKeys};
use serde_json::{Value, json};
use shared::{
    auth::Role,
    config::Config,
    domain::{Delivery, DestinationId, Health, Mode, Timestamp, UserId},
    store::{Tally, Until, Verdict, Waiting},
};
use time::Duration;

use super::{NOBODY, Walk};

const DESTINATIONS: &str = "/v3/webhook/destinations/";

/// Webhook destinations, and the workers behind them.
impl Walk<'_> {
    pub(super) async fn webhooks(&mut self, tenant: &TenantKeys) {
        let key = self.world.key(tenant, Mode::Test, Role::Owner).await;
        let client = self.client.header("x-api-key", key.expose_secret());
        let events = json!(["user.status.updated"]);
        let create = |url: &str| {
            let body = json!({"label": "a", "url": url, "subscribed_events": events});
            client.post(DESTINATIONS).json(body)
        };
        let operation = "didit_create_webhook_destination";
        // A name that leads to this machine: nothing is sent there.
        let made = self.step(operation, 201, create("https://localhost:1/")).await;
        self.step(operation, 400, create("https://localhost:1/")).await;
        let at = |id: &str| format!("{DESTINATIONS}{id}/");
        let id = made["uuid"].as_str().unwrap().to_owned();
        self.step("didit_list_webhook_destinations", 200, client.get(DESTINATIONS)).await;
        for (status, id) in [(200, id.as_str()), (404, NOBODY)] {
            let get = client.get(&at(id));
            self.step("didit_get_webhook_destination", status, get).await;
        }
        for (status, id, body) in [
            (200, id.as_str(), json!({"label": "b"})),
            (200, id.as_str(), json!({"url": "https://localhost:2/"})),
            (404, NOBODY, json!({"label": "b"})),
        ] {
            let update = client.patch(&at(id)).json(body);
            self.step("didit_update_webhook_destination", status, update).await;
        }
        for (status, id) in [(200, id.as_str()), (404, NOBODY)] {
            let rotate = client.post(&format!("{}rotate-secret/", at(id)));
            self.step("didit_rotate_webhook_secret", status, rotate).await;
        }
        let message = self.workers(tenant, &client, &id).await;
        self.sweep(tenant, &id).await;
        self.deliveries(&client, &id, &message).await;
        for status in [204, 404] {
            let delete = client.delete(&at(&id));
            self.step("didit_delete_webhook_destination", status, delete).await;
        }
        // It waits still, and there is nobody to tell any more.
        self.work("events_deliver", message).await;
    }

    /// What became of deliveries, and sending them again.
    async fn deliveries(&mut self, client: &Client, destination: &str, message: &Value) {
        let message: Value = serde_json::from_str(message["body"].as_str().unwrap()).unwrap();
        // The first event went with its user.
        let event = message["event"].as_str().unwrap();
        let create = client.post("/v3/users/create/").json(json!({"vendor_data": "again"}));
        create.send().await.expect(201);
        let user = client.patch("/v3/users/again/update-status/");
        let user = user.json(json!({"status": "BLOCKED"})).send().await.expect(200).json();
        let text = |text: &Value| text.as_str().unwrap().to_owned();
        let other = (text(&user["comments"][0]["uuid"]), text(&user["didit_internal_id"]));
        for (status, id) in [(200, destination), (404, NOBODY)] {
            let at = |end: &str| format!("{DESTINATIONS}{id}/{end}/");
            let list = client.get(&at("attempts"));
            self.step("didit_list_webhook_attempts", status, list).await;
            let list = client.get(&at("dead-letters"));
            self.step("didit_list_webhook_dead_letters", status, list).await;
            let status = if status == 200 { 202 } else { status };
            let replay = client.post(&at("dead-letters/replay"));
            self.step("didit_replay_webhook_dead_letters", status, replay).await;
            let gone = client.post(&at(&format!("events/{event}/send")));
            let refused = if status == 202 { 400 } else { status };
            self.step("didit_send_webhook_event", refused, gone).await;
            let send = client.post(&at(&format!("events/{}/send", other.0)));
            let send = send.json(json!({"vendor_user_id": other.1}));
            self.step("didit_send_webhook_event", status, send).await;
            self.step("didit_test_webhook_destination", status, client.post(&at("test"))).await;
        }
    }

    /// A destination that has not answered for a day and a half, with one delivery that is over and one that is due.
    async fn sweep(&mut self, tenant: &TenantKeys, destination: &str) {
        let (app, scope) = (tenant.app().clone(), tenant.scope(Mode::Test));
        let destination = DestinationId::parse(destination).unwrap();
        let fail = async move {
            let (now, store) = (Timestamp::now(), &app.store);
            let then = now.plus(Duration::hours(-36));
            let waiting = Waiting { attempts: 1, since: then };
            for until in [Until::Alive, Until::Due(now)] {
                let event = Delivery::test_event();
                let delivery = Delivery { scope: scope.clone(), destination, event, user: None };
                store.wait(&delivery, waiting, until).await.unwrap();
            }
            let verdict = Some(Verdict::Failing(Health::THRESHOLD));
            let tally = Tally { verdict, parked: true, ..Tally::default() };
            store.record(&scope, destination, &Health::default(), &tally, then).await.unwrap();
        };
        self.world.run(fail).await;
        self.work("events_sweep", Value::Null).await;
    }

    /// One change, from the stream to a receiver that cannot be reached; then its user goes.
    async fn workers(&mut self, tenant: &TenantKeys, client: &Client, destination: &str) -> Value {
        let create = client.post("/v3/users/create/").json(json!({"vendor_data": "hooked"}));
        create.send().await.expect(201);
        let status = client.patch("/v3/users/hooked/update-status/");
        let user = status.json(json!({"status": "BLOCKED"})).send().await.expect(200).json();
        // An entry of the activity log has the id of its event.
        let event = user["comments"][0]["uuid"].as_str().unwrap();
        let id = UserId::parse_uuid(user["didit_internal_id"].as_str().unwrap()).unwrap();
        let pk = format!("T#{}#U#{}", tenant.scope(Mode::Test), id.to_hex());
        let text = |text: &str| json!({ "S": text });
        let image = json!({
            "pk": text(&pk), "sk": text(&format!("E#{event}")), "event_id": text(event),
            "kind": text("user.status_changed"), "at": {"N": "0"}, "actor": text("a"),
            "operation": text("b"), "request_id": text("c"), "fields": {"L": []},
            "changes": text("{}"),
        });
        let record = |name: &str, sk: &str, image: &Value| {
            let keys = json!({"pk": text(&pk), "sk": text(sk)});
            let change = json!({
                "Keys": keys, "NewImage": image, "SequenceNumber": "1", "SizeBytes": 1,
            });
            json!({
                "eventName": name, "eventID": "1", "awsRegion": "us-east-1", "dynamodb": change,
            })
        };
        let change = record("INSERT", &format!("E#{event}"), &image);
        self.work("events_fan_out", change).await;
        self.work("events_fan_out", record("INSERT", "E#", &json!({}))).await;
        let message = json!({
            "tenant": tenant.scope(Mode::Test).tenant.as_str(), "mode": "test",
            "user": id.to_hex(), "event": event, "destination": destination,
        });
        let message = json!({
            "messageId": "1", "receiptHandle": "none", "body": message.to_string(),
            "attributes": {"ApproximateReceiveCount": "1"},
        });
        self.work("events_deliver", message.clone()).await;
        self.work("events_purge", record("REMOVE", "U", &Value::Null)).await;
        message
    }

    /// A worker that has just started, with one record.
    async fn work(&mut self, operation: &str, record: Value) {
        let world = self.world;
        let environment = world.stack().environment(operation).unwrap();
        let config = Config::from_lookup(|name| environment.get(name).cloned()).unwrap();
        let shop = Workshop::new(config, world.stack().sdk_config());
        let worker = workers().find(|worker| worker.operation == operation).unwrap();
        let mark = world.dynamodb.mark();
        let work = async move { worker.answer(&shop, json!({"Records": [record]})).await };
        world.run(work).await.unwrap();
        let calls = [world.dynamodb.since(mark), world.kms.since(mark), world.sqs.since(mark)];
        self.seen.entry(operation.to_owned()).or_default().extend(calls.concat());
    }
}
