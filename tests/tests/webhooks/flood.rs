//! Many deliveries that fail, and one good destination, in virtual time: the workers and the table are the real ones, the queue
//! and the clock are the test's.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use coffer::local::{Endpoints, Options, Stack, workers};
use events::{Message, Worker, Workshop};
use harness::world::template_path;
use serde_json::{Value, json};
use shared::{
    clock::Clock,
    config::Config,
    domain::{
        Delivery, DestinationId, Mode, Scope, TenantId, Timestamp, UserId, WebhookType,
        WebhookVersion,
    },
    tenants::provision,
    webhooks::{NewDestination, Reach, WebhookUrl, create_destination},
};
use tokio::{net::TcpListener, task::JoinSet};
use uuid::Uuid;

/// The tenant of the good destination, and its name.
const GOOD: &str = "good";
/// How many batches are delivered at once: the template's default.
const SANDBOXES: usize = 5;
const BATCH: usize = 10;
/// What an attempt at a destination that hangs takes, and a batch without one. Milliseconds of virtual time.
const HANGS: i64 = 5_000;
const QUICK: i64 = 50;
const TICK: i64 = 100;
const SWEEP: i64 = 60_000;

struct Size {
    tenants: usize,
    destinations: usize,
    events: usize,
    /// For how long these events come in.
    seconds: i64,
}

/// A message: its group, when it was sent, and its text.
type Received = (String, i64, String);

/// A fair queue: of each group in turn, the one with the fewest in flight first.
#[derive(Default)]
struct Queue {
    visible: BTreeMap<String, VecDeque<(i64, String)>>,
    in_flight: BTreeMap<String, usize>,
    most_in_flight: usize,
    most_visible: usize,
}

impl Queue {
    fn send(&mut self, group: &str, at: i64, body: String) {
        self.visible.entry(group.to_owned()).or_default().push_back((at, body));
        self.most_visible = self.most_visible.max(self.len());
    }

    fn len(&self) -> usize {
        self.visible.values().map(VecDeque::len).sum()
    }

    fn flying(&self) -> usize {
        self.in_flight.values().sum()
    }

    fn receive(&mut self) -> Vec<Received> {
        let mut batch = vec![];
        while batch.len() < BATCH {
            let flying = |group: &String| self.in_flight.get(group).copied().unwrap_or(0);
            let groups = self.visible.iter().filter(|(_, waiting)| !waiting.is_empty());
            let Some(group) = groups.map(|(group, _)| group).min_by_key(|it| flying(it)).cloned()
            else {
                break;
            };
            let (at, body) = self.visible.get_mut(&group).unwrap().pop_front().unwrap();
            *self.in_flight.entry(group.clone()).or_default() += 1;
            batch.push((group, at, body));
        }
        self.most_in_flight = self.most_in_flight.max(self.flying());
        batch
    }

    fn done(&mut self, group: &str) {
        *self.in_flight.get_mut(group).unwrap() -= 1;
    }
}

struct Shared {
    queue: Mutex<Queue>,
    now: AtomicI64,
    /// Whether the bad receivers have come back.
    recovered: AtomicBool,
    /// Destination and event of what arrived.
    arrived: Mutex<BTreeSet<(String, String)>>,
    attempts: AtomicI64,
}

/// The two calls of SQS that the sweep makes.
async fn sqs(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> Json<Value> {
    let request: Value = serde_json::from_str(&body).unwrap();
    let mut queue = shared.queue.lock().unwrap();
    match headers["x-amz-target"].to_str().unwrap() {
        "AmazonSQS.GetQueueAttributes" => Json(json!({"Attributes": {
            "ApproximateNumberOfMessages": queue.len().to_string(),
            "ApproximateNumberOfMessagesNotVisible": queue.flying().to_string(),
            "ApproximateNumberOfMessagesDelayed": "0",
        }})),
        "AmazonSQS.SendMessageBatch" => {
            let now = shared.now.load(Ordering::Relaxed);
            let entries = request["Entries"].as_array().unwrap();
            let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
            let sent = entries.iter().map(|entry| {
                queue.send(&text(entry, "MessageGroupId"), now, text(entry, "MessageBody"));
                json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "0"})
            });
            Json(json!({"Successful": sent.collect::<Vec<_>>(), "Failed": []}))
        }
        other => panic!("{other}"),
    }
}

async fn receiver(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    Json(body): Json<Value>,
) -> StatusCode {
    if name != "good" {
        shared.attempts.fetch_add(1, Ordering::Relaxed);
        if !shared.recovered.load(Ordering::Relaxed) {
            return StatusCode::INTERNAL_SERVER_ERROR;
        }
    }
    let event = body["event_id"].as_str().unwrap().to_owned();
    shared.arrived.lock().unwrap().insert((name, event));
    StatusCode::OK
}

struct Flood {
    stack: Stack,
    shared: Arc<Shared>,
    workers: HashMap<&'static str, (&'static Worker, Workshop)>,
    base: String,
    /// By its id, the name of a destination in its URL, and whether it hangs.
    names: HashMap<DestinationId, (String, bool)>,
    client: aws_sdk_dynamodb::Client,
    _server: JoinSet<()>,
}

impl Flood {
    async fn start() -> Self {
        let mut options = Options::ephemeral(template_path());
        options.run_workers = false;
        options.allow_local_webhooks = true;
        let stack = Stack::start(options).await.unwrap();
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            now: AtomicI64::new(Timestamp::now().unix_millis()),
            recovered: AtomicBool::new(false),
            arrived: Mutex::default(),
            attempts: AtomicI64::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(sqs)).route("/to/{name}", post(receiver));
        let router = router.with_state(Arc::clone(&shared));
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let environment = stack.environment("events_deliver").unwrap();
        let endpoints = Endpoints {
            dynamodb: environment["AWS_ENDPOINT_URL_DYNAMODB"].clone(),
            kms: environment["AWS_ENDPOINT_URL_KMS"].clone(),
            sqs: base.clone(),
        };
        let sdk = stack.sdk_config().to_builder().service_config(endpoints).build();
        let workers = workers().map(|worker| {
            let environment = stack.environment(worker.operation).unwrap();
            let config = Config::from_lookup(|name| environment.get(name).cloned()).unwrap();
            let clock = Arc::clone(&shared);
            let clock =
                Clock::new(move || Timestamp::from_unix_millis(clock.now.load(Ordering::Relaxed)));
            (worker.operation, (worker, Workshop::with_clock(config, &sdk, clock)))
        });
        let workers = workers.collect();
        let client = aws_sdk_dynamodb::Client::new(&sdk);
        let names = HashMap::new();
        Self { stack, shared, workers, base, names, client, _server: server }
    }

    async fn tenant(&self, name: &str) -> Scope {
        let scope = Scope { tenant: TenantId::parse(name).unwrap(), mode: Mode::Test };
        provision(self.stack.app("palm_create_user").unwrap(), &scope).await.unwrap();
        scope
    }

    async fn destination(&mut self, scope: &Scope, name: &str, hangs: bool) -> DestinationId {
        let app = self.stack.app("palm_create_user").unwrap();
        let url = format!("{}/to/{name}", self.base);
        let new = NewDestination {
            label: name.to_owned(),
            url: (url.clone(), WebhookUrl::parse(&url, Reach::Anywhere).unwrap()),
            enabled: true,
            version: WebhookVersion::V3,
            subscribed: vec![WebhookType::UserDataUpdated],
        };
        let id = create_destination(app, scope, new).await.unwrap().destination.id;
        self.names.insert(id, (name.to_owned(), hangs));
        id
    }

    /// Writes events of one user into the table.
    async fn events(&self, scope: &Scope, user: UserId, count: usize) -> Vec<Uuid> {
        let table = self.stack.environment("events_deliver").unwrap()["USERS_TABLE"].clone();
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let events: Vec<_> = (0..count).map(|_| Delivery::test_event()).collect();
        for some in events.chunks(25) {
            let put = |event: &Uuid| {
                let put = PutRequest::builder()
                    .item("pk", text(&format!("T#{scope}#U#{}", user.to_hex())))
                    .item("sk", text(&format!("E#{event}")))
                    .item("event_id", text(&event.to_string()))
                    .item("kind", text("user.created"))
                    .item("at", AttributeValue::N("0".to_owned()))
                    .item("actor", text("a"))
                    .item("operation", text("b"))
                    .item("request_id", text("c"))
                    .item("fields", AttributeValue::L(vec![]))
                    .item("changes", text("{}"));
                WriteRequest::builder().put_request(put.build().unwrap()).build()
            };
            let write = self.client.batch_write_item();
            let write = write.request_items(&table, some.iter().map(put).collect());
            write.send().await.unwrap();
        }
        events
    }

    async fn call(&self, operation: &str, event: Value) -> Value {
        let (worker, shop) = &self.workers[operation];
        worker.answer(shop, event).await.unwrap()
    }

    /// How long a batch takes: whether it meets a destination that hangs and whose breaker is closed.
    async fn duration(&self, batch: &[Received]) -> i64 {
        let recovered = self.shared.recovered.load(Ordering::Relaxed);
        let now = Timestamp::from_unix_millis(self.shared.now.load(Ordering::Relaxed));
        for (_, _, body) in batch {
            let delivery = Message::parse(body).unwrap().delivery;
            if recovered || !self.names[&delivery.destination].1 {
                continue;
            }
            let store = &self.workers["events_deliver"].1.app.store;
            let health = store.health(&delivery.scope, delivery.destination).await.unwrap();
            if health.unwrap().turn(now) != shared::domain::Turn::Wait {
                return HANGS;
            }
        }
        QUICK
    }

    async fn deliver(&self, batch: &[Received]) {
        let records = batch.iter().enumerate().map(|(place, (_, _, body))| {
            json!({"messageId": place.to_string(), "receiptHandle": "r", "body": body})
        });
        let records: Vec<_> = records.collect();
        let answer = self.call("events_deliver", json!({ "Records": records })).await;
        assert_eq!(answer["batchItemFailures"], json!([]));
    }
}

/// What a run has shown.
#[derive(Debug)]
#[expect(dead_code, reason = "shown where an assertion fails, and at the end of a long run")]
struct Outcome {
    slowest_good: i64,
    good: usize,
    most_in_flight: usize,
    most_visible: usize,
    attempts_at_bad: i64,
    bad: usize,
    arrived_after_recovery: usize,
    minutes_after_recovery: i64,
}

/// The good destination with its events, and all deliveries to the bad ones in the order in which they come in.
struct Scene {
    flood: Flood,
    good: VecDeque<Delivery>,
    bad: VecDeque<Delivery>,
}

async fn prepare(size: &Size) -> Scene {
    let mut flood = Flood::start().await;
    let user = UserId::parse_hex("67ea9d501b2ca1b2c3d4e5f6").unwrap();
    let scope = flood.tenant(GOOD).await;
    let destination = flood.destination(&scope, GOOD, false).await;
    let events = flood.events(&scope, user, usize::try_from(size.seconds).unwrap()).await;
    let to = |scope: &Scope, destination, event| Delivery {
        scope: scope.clone(),
        destination,
        event,
        user: Some(user),
    };
    let good = events.into_iter().map(|event| to(&scope, destination, event)).collect();
    let mut bad = vec![];
    for tenant in 0..size.tenants {
        let scope = flood.tenant(&format!("bad-{tenant}")).await;
        let events = flood.events(&scope, user, size.events).await;
        for place in 0..size.destinations {
            // Every second one takes the connection and says nothing.
            let name = format!("bad-{tenant}-{place}");
            let destination = flood.destination(&scope, &name, place % 2 == 0).await;
            bad.extend(events.iter().map(|event| to(&scope, destination, *event)));
        }
    }
    // The first event of each tenant for all of its destinations, then the second.
    let mut seen = HashMap::new();
    bad.sort_by_cached_key(|delivery| {
        let before = seen.entry(delivery.destination).or_insert(0_usize);
        *before += 1;
        *before
    });
    Scene { flood, good, bad: bad.into() }
}

/// A sandbox: when it is done, and with what.
struct Sandbox {
    at: i64,
    batch: Option<Vec<Received>>,
}

async fn run(size: Size) -> Outcome {
    let Scene { flood, mut good, mut bad } = prepare(&size).await;
    let total = bad.len();
    let expected: BTreeSet<_> = bad
        .iter()
        .map(|it| (flood.names[&it.destination].0.clone(), it.event.to_string()))
        .collect();

    let shared = Arc::clone(&flood.shared);
    let start = shared.now.load(Ordering::Relaxed);
    let end = start + size.seconds * 1_000;
    let ticks = usize::try_from(size.seconds * 1_000 / TICK).unwrap();
    let per_tick = total.div_ceil(ticks);
    let (mut next_tick, mut next_sweep) = (start, start + SWEEP);
    let mut sandboxes: Vec<_> =
        (0..SANDBOXES).map(|_| Sandbox { at: start, batch: None }).collect();
    let (mut slowest_good, mut good_seen) = (0, 0);
    let (mut recovery, mut idle_minutes) = (None, 0);
    loop {
        let (place, ready) =
            sandboxes.iter().map(|it| it.at).enumerate().min_by_key(|(_, at)| *at).unwrap();
        let now = ready.min(next_tick).min(next_sweep);
        shared.now.store(now, Ordering::Relaxed);
        if now == next_tick {
            next_tick += TICK;
            let mut queue = shared.queue.lock().unwrap();
            let due = if (now - start) % 1_000 == 0 { good.pop_front() } else { None };
            for delivery in bad.drain(..per_tick.min(bad.len())).chain(due) {
                let group = delivery.scope.to_string();
                queue.send(&group, now, Message::first(delivery).to_text());
            }
        } else if now == next_sweep {
            next_sweep += SWEEP;
            flood.call("events_sweep", json!({})).await;
            let arrived = shared.arrived.lock().unwrap().len();
            if now > end && recovery.is_none() {
                recovery = Some((now, arrived));
                shared.recovered.store(true, Ordering::Relaxed);
            } else if recovery.is_some() {
                let idle = shared.queue.lock().unwrap().len() == 0;
                idle_minutes = if idle { idle_minutes + 1 } else { 0 };
                // The longest pause between two probes is half an hour.
                if arrived == total + good_seen || idle_minutes > 45 {
                    break;
                }
            }
        } else if let Some(batch) = sandboxes[place].batch.take() {
            flood.deliver(&batch).await;
            let mut queue = shared.queue.lock().unwrap();
            for (group, _, _) in &batch {
                queue.done(group);
            }
        } else {
            let batch = shared.queue.lock().unwrap().receive();
            if batch.is_empty() {
                sandboxes[place].at = now + TICK;
                continue;
            }
            for (group, at, _) in &batch {
                if group.starts_with(GOOD) {
                    good_seen += 1;
                    slowest_good = slowest_good.max(now - at);
                }
            }
            let took = flood.duration(&batch).await;
            sandboxes[place] = Sandbox { at: now + took, batch: Some(batch) };
        }
    }
    let (recovered_at, before) = recovery.unwrap();
    let arrived = shared.arrived.lock().unwrap().clone();
    let lost: Vec<_> = expected.difference(&arrived).collect();
    assert!(lost.is_empty(), "{} of {total} never arrived, such as {:?}", lost.len(), lost[0]);
    flood.stack.shutdown().await;
    let queue = shared.queue.lock().unwrap();
    Outcome {
        slowest_good,
        good: good_seen,
        most_in_flight: queue.most_in_flight,
        most_visible: queue.most_visible,
        attempts_at_bad: shared.attempts.load(Ordering::Relaxed),
        bad: total,
        arrived_after_recovery: arrived.len() - before,
        minutes_after_recovery: (shared.now.load(Ordering::Relaxed) - recovered_at) / SWEEP,
    }
}

fn holds(outcome: &Outcome) {
    assert!(outcome.slowest_good < 5_000, "{outcome:?}");
    assert!(outcome.most_in_flight <= 1_000, "{outcome:?}");
}

#[tokio::test]
async fn a_good_destination_does_not_notice_the_bad_ones() {
    let outcome = run(Size { tenants: 2, destinations: 10, events: 40, seconds: 120 }).await;
    holds(&outcome);
    assert_eq!((outcome.bad, outcome.good), (800, 120));
    // Each bad destination was asked a few times before it answered again, and not by each delivery.
    let failed = outcome.attempts_at_bad - i64::try_from(outcome.bad).unwrap();
    assert!(failed < 20 * 25, "{outcome:?}");
}

/// Some minutes: `cargo test -p harness --test webhooks -- --ignored two_hundred_thousand --nocapture`.
#[tokio::test]
#[ignore = "takes long"]
#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
async fn two_hundred_thousand_failing_deliveries_are_not_noticed_and_none_is_lost() {
    let outcome = run(Size { tenants: 4, destinations: 50, events: 1_000, seconds: 600 }).await;
    println!("{outcome:?}");
    holds(&outcome);
    assert_eq!(outcome.bad, 200_000);
}
