//! The calls that a function makes, and those that Lambda makes with its role, are exactly those that the role grants.

mod keys;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};

use coffer::template::{Effect, Function, Resource, Statement, Template, Term, Trigger};
use harness::{
    client::Client,
    cold::Cold,
    recorder::Call,
    world::{TenantKeys, World, template_path},
};
use serde_json::{Value, json};
use shared::{
    auth::Role,
    domain::{ExternalId, Mode, UserId},
};

mod truv;
mod wealthyhood;

/// Pairs of an action and a resource.
type Rights = BTreeSet<(String, String)>;

fn granted(policy: &[Statement]) -> Rights {
    let mut rights = Rights::new();
    for statement in policy {
        assert_eq!(statement.effect, Effect::Allow);
        for action in &statement.actions {
            assert!(!action.contains('*'), "{action}");
            rights.extend(statement.resources.iter().map(|it| (action.clone(), name(it))));
        }
    }
    rights
}

/// As [`Call::iam`] spells it. The tables of a local stack bear their logical ids.
fn name(resource: &Resource) -> String {
    match resource {
        Resource::Table(table) => table.clone(),
        Resource::Index { table, index } => format!("{table}/index/{index}"),
        Resource::KmsKey(_) => "the key".to_owned(),
        Resource::Queue(queue) => queue.clone(),
        Resource::Stream(table) => format!("{table}/stream"),
        Resource::Other(Term::Attribute { resource, attribute }) if attribute == "Arn" => {
            resource.clone()
        }
        Resource::Other(Term::Literal(all)) if all == "*" => all.clone(),
        Resource::Other(term) => panic!("a resource that is not known: {term:?}"),
    }
}

/// What Lambda itself does with the role of a function: it writes its log and its traces, and reads what calls it.
fn by_lambda(function: &Function) -> Rights {
    let right = |action: &str, resource: &str| (action.to_owned(), resource.to_owned());
    let mut rights = Rights::from([
        right("logs:CreateLogStream", "FunctionLogs"),
        right("logs:PutLogEvents", "FunctionLogs"),
        right("xray:PutTelemetryRecords", "*"),
        right("xray:PutTraceSegments", "*"),
    ]);
    for trigger in &function.triggers {
        match trigger {
            Trigger::Stream { .. } => {
                for action in ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"] {
                    rights.insert(right(&format!("dynamodb:{action}"), "UsersTable/stream"));
                }
                // The destination of batches that it gives up.
                rights.insert(right("sqs:SendMessage", "StreamFailureQueue"));
            }
            // A schedule calls by the function's own policy, not by its role.
            Trigger::Schedule(_) => {}
            Trigger::Queue { .. } => {
                for action in ["DeleteMessage", "GetQueueAttributes", "ReceiveMessage"] {
                    rights.insert(right(&format!("sqs:{action}"), "WebhookQueue"));
                }
            }
        }
    }
    rights
}

fn observed(calls: &[Call], key: &str) -> Rights {
    let spell = |(action, resource): (String, String)| {
        let resource = if resource == key { "the key".to_owned() } else { resource };
        (action, resource)
    };
    calls.iter().flat_map(Call::iam).map(spell).collect()
}

/// Requests that together take every path through every function, in an order in which they can be made.
struct Walk<'a> {
    world: &'a World,
    client: Client,
    key: String,
    seen: BTreeMap<String, Vec<Call>>,
}

impl Walk<'_> {
    async fn step(
        &mut self,
        operation: &str,
        status: u16,
        request: harness::client::Request,
    ) -> Value {
        let mark = self.world.dynamodb.mark();
        let answer = request.header("authorization", &self.key).send().await;
        answer.expect(status);
        let calls = [self.world.dynamodb.since(mark), self.world.kms.since(mark)].concat();
        self.seen.entry(operation.to_owned()).or_default().extend(calls);
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    async fn create(&mut self) -> String {
        let body = json!({
            "display_name": "Ada Lovelace",
            "vault": {"identity.email": "ada@example.com", "identity.first_name": "Ada"},
        });
        let create = || self.client.post("/v1/user").header("idempotency-key", "walk");
        let (first, again) = (create().json(body.clone()), create().json(body.clone()));
        let other = create().json(json!({}));
        let user = self.step("palm_create_user", 201, first).await;
        let replayed = self.step("palm_create_user", 201, again).await;
        assert_eq!(user["id"], replayed["id"]);
        self.step("palm_create_user", 422, other).await;
        let wrong = self.client.post("/v1/user").json(json!({"vault": 1}));
        self.step("palm_create_user", 400, wrong).await;
        user["id"].as_str().unwrap().to_owned()
    }

    async fn get(&mut self, id: &str) {
        let found = self.client.get(&format!("/v1/user/{id}"));
        let nobody = self.client.get(&format!("/v1/user/{NOBODY}"));
        self.step("palm_get_user", 200, found).await;
        self.step("palm_get_user", 404, nobody).await;
        let fields = self.client.get("/v1/vault/fields");
        self.step("palm_list_vault_fields", 200, fields).await;
    }

    async fn update(&mut self, id: &str) {
        let at = |id: &str, body: Value| self.client.patch(&format!("/v1/user/{id}")).json(body);
        let steps = [
            (200, at(id, json!({"display_name": "Grace Hopper", "metadata": {"a": 1}}))),
            (200, at(id, json!({"display_name": null}))),
            (200, at(id, json!({}))),
            (412, at(id, json!({})).header("if-match", "\"99\"")),
            (404, at(NOBODY, json!({}))),
        ];
        for (status, request) in steps {
            self.step("palm_update_user", status, request).await;
        }
    }

    async fn update_vault(&mut self, id: &str) {
        let at =
            |id: &str, body: Value| self.client.patch(&format!("/v1/user/{id}/vault")).json(body);
        let steps = [
            (200, at(id, json!({"identity.ssn": "222233333", "identity.first_name": "Grace"}))),
            (200, at(id, json!({"identity.email": null, "identity.first_name": null}))),
            (200, at(id, json!({}))),
            (404, at(NOBODY, json!({}))),
        ];
        for (status, request) in steps {
            self.step("palm_update_vault", status, request).await;
        }
    }

    async fn reveal(&mut self, id: &str) {
        let at = |id: &str, reason: &str| {
            let request = self.client.post(&format!("/v1/user/{id}/vault/reveal"));
            request.json(json!({"fields": ["identity.ssn"], "reason": reason}))
        };
        let steps = [
            (200, at(id, "first").header("idempotency-key", "walk")),
            (200, at(id, "first").header("idempotency-key", "walk")),
            (422, at(id, "other").header("idempotency-key", "walk")),
            (200, at(id, "without a key")),
            (404, at(NOBODY, "nobody")),
        ];
        for (status, request) in steps {
            self.step("palm_reveal_vault", status, request).await;
        }
    }

    async fn verify(&mut self, id: &str) {
        let at = |id: &str, session: &str, outcome: &str| {
            let request = self.client.post(&format!("/v1/user/{id}/verification"));
            request.json(json!({
                "session_id": session, "workflow": {"name": "KYC", "version": 1},
                "risk_level": "low", "outcome": outcome, "executed_at": "2024-01-15T10:30:00Z",
                "vault": {"identity.first_name": "Ann", "identity.email": "ann@example.com"},
                "issuing_state": "GBR",
            }))
        };
        let steps = [
            (200, at(id, "one", "approved").header("idempotency-key", "walk")),
            (200, at(id, "one", "approved").header("idempotency-key", "walk")),
            (422, at(id, "two", "approved").header("idempotency-key", "walk")),
            (200, at(id, "one", "approved")),
            (200, at(id, "one", "declined")),
            (404, at(NOBODY, "one", "approved")),
        ];
        for (status, request) in steps {
            self.step("palm_record_verification", status, request).await;
        }
    }

    async fn events(&mut self, id: &str) {
        let first = self.client.get(&format!("/v1/user/{id}/events?limit=1"));
        let page = self.step("palm_list_events", 200, first).await;
        let cursor = page["next_cursor"].as_str().unwrap();
        let next = self.client.get(&format!("/v1/user/{id}/events?cursor={cursor}"));
        self.step("palm_list_events", 200, next).await;
        let nobody = self.client.get(&format!("/v1/user/{NOBODY}/events"));
        self.step("palm_list_events", 404, nobody).await;
    }

    async fn search(&mut self, tenant: &TenantKeys, id: &str) {
        claim_external_id(self.world, tenant, id, "customer-1").await;
        for body in [
            json!({}),
            json!({"limit": 1, "status": "active"}),
            json!({"ssn": "222233333"}),
            json!({"ssn": "222233334"}),
            json!({"email": "ada@example.com", "sort": "name"}),
            json!({"display_name": "grace"}),
            json!({"external_id": "customer-1"}),
            json!({"external_id": "customer-2"}),
            json!({"sort": "name"}),
            json!({"sort": "risk_level"}),
            json!({"sort": "last_verified", "order": "asc"}),
        ] {
            let request = self.client.post("/v1/user/search").json(body);
            self.step("palm_search_users", 200, request).await;
        }
    }
}

/// What deleting takes where nothing is kept.
async fn deletion_without_retention() -> Vec<Call> {
    let world = World::with_parameters(&[("RetentionDays", "0")]);
    let tenant = world.own_tenant().await;
    let key = world.key(&tenant, Mode::Test, Role::Owner).await;
    let client = world.anonymous().header("x-api-key", key.expose_secret());
    client.post("/v3/users/create/").json(json!({"vendor_data": "a"})).send().await.expect(201);
    let mark = world.dynamodb.mark();
    let delete = client.post("/v3/users/delete/").json(json!({"vendor_data_list": ["a"]}));
    delete.send().await.expect(200);
    world.dynamodb.since(mark)
}

/// Didit's operations, by a key of its own header.
impl Walk<'_> {
    async fn didit(&mut self, tenant: &TenantKeys) {
        let key = self.world.key(tenant, Mode::Test, Role::Owner).await;
        let client = self.client.header("x-api-key", key.expose_secret());
        let create = |vendor_data: &str| {
            client.post("/v3/users/create/").json(json!({
                "vendor_data": vendor_data, "full_name": "Ada Lovelace", "date_of_birth": "1990-01-15",
                "approved_emails": ["ada@example.com"], "issuing_states": ["GBR"],
            }))
        };
        self.step("didit_create_user", 201, create("walk-1")).await;
        self.step("didit_create_user", 201, create("walk-2")).await;
        self.step("didit_create_user", 400, create("walk-1")).await;
        self.step("didit_get_user", 200, client.get("/v3/users/walk-1/")).await;
        self.step("didit_get_user", 404, client.get("/v3/users/walk-9/")).await;
        let queries = [
            "",
            "?limit=1",
            "?offset=1",
            "?status=ACTIVE",
            "?search=ada",
            "?search=walk",
            "?country_code=GBR",
            "?created_after=2020-01-01",
            "?last_activity_after=2020-01-01",
        ];
        for query in queries {
            self.step("didit_list_users", 200, client.get(&format!("/v3/users/{query}"))).await;
        }
        let updates = [
            (
                200,
                "walk-1",
                json!({"full_name": "Grace Hopper", "approved_emails": [], "tags": ["x"]}),
            ),
            (200, "walk-1", json!({})),
            (404, "walk-9", json!({})),
        ];
        for (status, user, body) in updates {
            let request = client.patch(&format!("/v3/users/{user}/")).json(body);
            self.step("didit_update_user", status, request).await;
        }
        for (status, user) in [(200, "walk-1"), (200, "walk-1"), (404, "walk-9")] {
            let request = client.patch(&format!("/v3/users/{user}/update-status/"));
            let request = request.json(json!({"status": "BLOCKED"}));
            self.step("didit_update_user_status", status, request).await;
        }
        for body in [
            json!({"vendor_data_list": ["walk-1", "walk-9"]}),
            json!({"didit_internal_id_list": [NOBODY]}),
            json!({"delete_all": true}),
        ] {
            let request = client.post("/v3/users/delete/").json(body);
            self.step("didit_delete_users", 200, request).await;
        }
    }
}

const NOBODY: &str = "00000000-0000-8000-8000-000000000000";

/// No API of this version can give a user an external id, so the claim is made as another one will.
async fn claim_external_id(world: &World, tenant: &TenantKeys, user: &str, external_id: &str) {
    let (app, scope) = (world.app("palm_create_user"), tenant.scope(Mode::Test));
    let (user, id) = (UserId::parse_uuid(user).unwrap(), ExternalId::parse(external_id).unwrap());
    let claim = async move {
        let name = app.keyring.index(&scope).await.unwrap().external_id(&id);
        let mut transaction = app.store.transaction(&scope);
        transaction.claim_external_id(&name, user).unwrap();
        transaction.commit().await.unwrap();
    };
    world.run(claim).await;
}

#[tokio::test]
async fn a_policy_grants_what_its_function_does_and_nothing_else() {
    let world = World::start();
    let tenant = world.own_tenant().await;
    let key = world.key(&tenant, Mode::Test, Role::Owner).await;
    let cold = Cold::start(&world).await;
    let key = format!("Bearer {}", key.expose_secret());
    let client = cold.client("-");
    let mut walk = Walk { world: &world, client, key, seen: BTreeMap::new() };
    let id = walk.create().await;
    walk.get(&id).await;
    walk.update(&id).await;
    walk.update_vault(&id).await;
    walk.reveal(&id).await;
    walk.verify(&id).await;
    walk.events(&id).await;
    walk.search(&tenant, &id).await;
    walk.keys().await;
    walk.key = "Bearer wrong".to_owned();
    for endpoint in palm::ENDPOINTS.into_iter().chain(::keys::ENDPOINTS) {
        let path = endpoint.path.replace("{user_id}", &id).replace("{key_id}", &id);
        let request = walk.client.request(endpoint.method.clone(), &path);
        walk.step(endpoint.operation, 401, request).await;
    }
    walk.didit(&tenant).await;
    walk.truv(&tenant).await;
    walk.wealthyhood(&tenant).await;
    walk.webhooks(&tenant).await;
    let erasing = walk.seen.entry("didit_delete_users".to_owned()).or_default();
    erasing.extend(deletion_without_retention().await);
    let erasing = walk.seen.entry("truv_delete_user".to_owned()).or_default();
    erasing.extend(truv::deletion_without_retention().await);

    let template = Template::read(&template_path()).unwrap();
    let key = world.stack().environment("palm_create_user").unwrap()["KMS_KEY_ID"].clone();
    let mut faults = Vec::new();
    for function in &template.functions {
        let operation = &function.operation;
        let (granted, mut observed) =
            (granted(&function.policy), observed(&walk.seen[operation], &key));
        assert!(!observed.is_empty(), "{operation} was not walked through");
        observed.extend(by_lambda(function));
        let missing: Vec<_> = observed.difference(&granted).collect();
        let superfluous: Vec<_> = granted.difference(&observed).collect();
        faults.extend(keys::faults_of_leading_keys(function, &walk.seen[operation]));
        assert!(
            missing.is_empty() && superfluous.is_empty(),
            "{operation}: the template does not grant {missing:?}, and needlessly grants {superfluous:?}"
        );
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// A policy that opens keys demands the whole encryption context, and every call sends it.
#[tokio::test]
async fn keys_are_opened_under_the_encryption_context_that_the_policy_demands() {
    let template = Template::read(&template_path()).unwrap();
    let world = World::start();
    let tenant = world.own_tenant().await;
    let client = world.client(&tenant, Role::Owner).await;
    let mark = world.kms.mark();
    client.post("/v1/user").json(json!({})).send().await.expect(201);
    let contexts: Vec<BTreeSet<String>> = world
        .kms
        .since(mark)
        .iter()
        .map(|call| {
            call.request["EncryptionContext"].as_object().unwrap().keys().cloned().collect()
        })
        .collect();
    assert_eq!(contexts.len(), 2);
    let opening = |statement: &&Statement| statement.actions.contains(&"kms:Decrypt".to_owned());
    let statements = template.functions.iter().flat_map(|function| &function.policy);
    for statement in statements.filter(opening) {
        assert_eq!(statement.actions, ["kms:Decrypt"]);
        let demanded = statement.condition["Null"].as_object().unwrap();
        assert!(demanded.values().all(|value| value == "false"));
        let names: BTreeSet<String> = demanded
            .keys()
            .map(|key| key.strip_prefix("kms:EncryptionContext:").unwrap().to_owned())
            .collect();
        assert!(contexts.iter().all(|context| *context == names), "{contexts:?}");
    }
}
