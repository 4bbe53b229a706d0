//! Several processes of one binary over one store, as Lambda runs them: limits, pages and deletions stay exact.
#![allow(
    clippy::allow_attributes,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests: a panic that names what went wrong is how they report"
)]

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use harness::{
    lambda::{LambdaProcess, Outcome, gateway_event},
    world::{Tenant, World},
};
use lambda_http::http::Method;
use serde_json::{Value, json};
use shared::{auth::Role, domain::Mode};

/// One caller, and several processes of each binary that serve them.
struct Fleet {
    tenant: Tenant,
    key: String,
}

/// An instance of a function.
type Instance = LambdaProcess;

impl Fleet {
    async fn new(parameters: &[(&str, &str)]) -> Self {
        let world: &'static World = Box::leak(Box::new(World::with_parameters(parameters)));
        let tenant = world.tenant().await;
        let key = world.key(&tenant.keys, Mode::Test, Role::Owner).await;
        Self { tenant, key: key.expose_secret().to_owned() }
    }

    fn instances(&self, operation: &str, binary: &str, count: usize) -> Vec<Instance> {
        let environment: Vec<_> =
            self.tenant.world.stack().environment(operation).unwrap().into_iter().collect();
        (0..count).map(|_| LambdaProcess::start(Path::new(binary), &environment)).collect()
    }

    fn create(&self, count: usize) -> Vec<Instance> {
        self.instances("didit_create_user", env!("CARGO_BIN_EXE_didit_create_user"), count)
    }

    async fn send(&self, to: &Instance, method: Method, path: &str, body: Value) -> (u64, Value) {
        let headers = [("x-api-key", self.key.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let event = gateway_event(self.tenant.world.stack(), method, path, &headers, &body);
        match to.invoke(&event.to_string()).await {
            Outcome::Response(answer) => {
                let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
                (answer["statusCode"].as_u64().unwrap(), body)
            }
            other @ (Outcome::Error(_) | Outcome::Exited(_)) => {
                panic!("{other:?}: {:#?}", to.logs())
            }
        }
    }

    async fn make(&self, to: &Instance, vendor_data: &str) -> u64 {
        let body = json!({"vendor_data": vendor_data});
        self.send(to, Method::POST, "/v3/users/create/", body).await.0
    }

    /// Makes users `0`, `1`, … on several instances at once.
    async fn make_many(&self, users: usize) {
        let instances = self.create(3);
        join_all(instances.iter().enumerate().map(async |(first, instance)| {
            for user in (first..users).step_by(instances.len()) {
                assert_eq!(self.make(instance, &user.to_string()).await, 201);
            }
        }))
        .await;
    }
}

const UNLIMITED: [(&str, &str); 2] =
    [("RateLimitReadsPerMinute", "1000000"), ("RateLimitWritesPerMinute", "1000000")];

/// Each instance goes on until it is refused. In no window of 60 seconds are more served than allowed, and within the
/// first one not fewer either.
#[tokio::test]
async fn a_rate_limit_is_one_limit_for_all_instances() {
    const LIMIT: usize = 70;
    const WINDOW: Duration = Duration::from_mins(1);
    let fleet = Fleet::new(&[("RateLimitWritesPerMinute", "70")]).await;
    let instances = fleet.create(4);
    let began = Instant::now();
    let served = join_all(instances.iter().enumerate().map(async |(number, instance)| {
        let mut served = Vec::new();
        loop {
            let at = Instant::now();
            match fleet.make(instance, &format!("{number}-{}", served.len())).await {
                201 => served.push((at, Instant::now())),
                429 => return served,
                other => panic!("{other}"),
            }
        }
    }))
    .await;
    let served: Vec<_> = served.into_iter().flatten().collect();
    for (start, _) in &served {
        let within = |(sent, answered): &&(Instant, Instant)| {
            sent >= start && answered.duration_since(*start) < WINDOW
        };
        assert!(served.iter().filter(within).count() <= LIMIT);
    }
    if began.elapsed() < WINDOW {
        assert!(served.len() * 100 >= LIMIT * 95, "{} of {LIMIT}", served.len());
    }
}

#[tokio::test]
async fn one_name_is_given_once_whichever_instance_is_asked() {
    let fleet = Fleet::new(&UNLIMITED).await;
    let instances = fleet.create(4);
    for round in 0..4 {
        let name = format!("round {round}");
        let mut statuses = join_all(instances.iter().map(|it| fleet.make(it, &name))).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 400, 400, 400]);
    }
}

/// Each page is asked of another instance than the one that made the link.
#[tokio::test]
async fn a_walk_from_instance_to_instance_meets_everybody_once() {
    const USERS: usize = 45;
    let fleet = Fleet::new(&UNLIMITED).await;
    fleet.make_many(USERS).await;
    let binary = env!("CARGO_BIN_EXE_didit_list_users");
    let instances = fleet.instances("didit_list_users", binary, 3);
    for filter in ["", "status=ACTIVE&", "created_after=2020-01-01&"] {
        let mut path = format!("/v3/users/?{filter}limit=7");
        let mut seen = Vec::new();
        for instance in instances.iter().cycle() {
            let (status, page) = fleet.send(instance, Method::GET, &path, Value::Null).await;
            assert_eq!((status, &page["count"]), (200, &json!(USERS)));
            let rows = page["results"].as_array().unwrap();
            seen.extend(rows.iter().map(|row| row["vendor_data"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(next) => {
                    path = format!("/v3/users{}", next.split_once("/v3/users").unwrap().1);
                }
                None => break,
            }
        }
        assert_eq!(seen.len(), USERS, "{filter}");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>().len(), USERS, "{filter}");
    }
}

/// Lists that overlap, `delete_all` among them, on several instances at once: each user is deleted by one of them.
#[tokio::test]
async fn every_user_is_deleted_by_one_instance() {
    const USERS: usize = 60;
    let fleet = Fleet::new(&UNLIMITED).await;
    fleet.make_many(USERS).await;
    let binary = env!("CARGO_BIN_EXE_didit_delete_users");
    let instances = fleet.instances("didit_delete_users", binary, 4);
    let names = |from: usize, to: usize| (from..to).map(|n| n.to_string()).collect::<Vec<_>>();
    let selections = [
        json!({"vendor_data_list": names(0, 40)}),
        json!({"vendor_data_list": names(20, 60)}),
        json!({"vendor_data_list": names(10, 50)}),
        json!({"delete_all": true}),
    ];
    let delete = async |(instance, selection)| {
        let answer = fleet.send(instance, Method::POST, "/v3/users/delete/", selection).await;
        assert_eq!(answer.0, 200, "{}", answer.1);
        answer.1["deleted"].as_u64().unwrap()
    };
    let deleted = join_all(instances.iter().zip(selections).map(delete)).await;
    assert_eq!(deleted.iter().sum::<u64>(), u64::try_from(USERS).unwrap(), "{deleted:?}");
    let items = fleet.tenant.items().await;
    let deletions = items.iter().filter(|item| item["kind"] == "user.deleted");
    assert_eq!(deletions.count(), USERS);
    assert_eq!(delete((&instances[0], json!({"delete_all": true}))).await, 0);
    let creators = fleet.create(1);
    assert_eq!(fleet.make(&creators[0], "7").await, 201, "the name is free again");
}
