//! The policies of the operations on API keys, down to the keys of items that they name.

use std::collections::{BTreeMap, BTreeSet};

use coffer::template::{Resource, Statement, Template};
use harness::{
    client::Client,
    recorder::Call,
    world::{World, template_path},
};
use serde_json::{Value, json};
use shared::{auth::Role, domain::Mode};

use super::Walk;
use crate::cold::Cold;

/// The operations on API keys.
impl Walk<'_> {
    pub(super) async fn keys(&mut self) {
        let create = |name: &str| {
            let request = self.client.post("/v1/api-keys").header("idempotency-key", "walk");
            request.json(json!({"role": "OWNER", "name": name}))
        };
        let (first, again, other) = (create("a"), create("a"), create("b"));
        let key = self.step("keys_create_api_key", 201, first).await;
        self.step("keys_create_api_key", 201, again).await;
        self.step("keys_create_api_key", 422, other).await;
        let list = self.client.get("/v1/api-keys?limit=1");
        let listed = self.step("keys_list_api_keys", 200, list).await;
        let cursor = listed["next_cursor"].as_str().unwrap();
        let next = self.client.get(&format!("/v1/api-keys?cursor={cursor}"));
        self.step("keys_list_api_keys", 200, next).await;

        let id = key["id"].as_str().unwrap().to_owned();
        let rotate = |client: &Client, once: &str, body: Value| {
            let request = client.post(&format!("/v1/api-keys/{id}/rotate")).json(body);
            request.header("idempotency-key", once)
        };
        let to_expiring = rotate(&self.client, "walk", json!({"expires_at": "2999-01-01"}));
        let repeated = rotate(&self.client, "walk", json!({"expires_at": "2999-01-01"}));
        let too_late = rotate(&self.client, "late", json!({}));
        let new = self.step("keys_rotate_api_key", 201, to_expiring).await;
        self.step("keys_rotate_api_key", 201, repeated).await;
        self.step("keys_rotate_api_key", 409, too_late).await;
        let again = format!("/v1/api-keys/{}/rotate", new["id"].as_str().unwrap());
        let again = self.client.post(&again).json(json!({"expires_at": null}));
        let lasting = self.step("keys_rotate_api_key", 201, again).await;

        let lasting = lasting["id"].as_str().unwrap();
        for (status, id) in [(204, &*id), (204, &id), (204, lasting), (404, "0123456789abcdef")] {
            let revoke = self.client.delete(&format!("/v1/api-keys/{id}"));
            self.step("keys_revoke_api_key", status, revoke).await;
        }
    }
}

/// A policy that names the keys of items names all that its function touches, and no others.
#[tokio::test]
async fn the_keys_that_a_policy_names_are_those_that_its_function_touches() {
    let world = World::start();
    let tenant = world.own_tenant().await;
    let key = world.key(&tenant, Mode::Test, Role::Owner).await;
    let cold = Cold::start(&world).await;
    let key = format!("Bearer {}", key.expose_secret());
    let client = cold.client("-");
    let mut walk = Walk { world: &world, client, key, seen: BTreeMap::new() };
    walk.keys().await;
    let template = Template::read(&template_path()).unwrap();
    for (operation, calls) in walk.seen {
        let function = template.functions.iter().find(|it| it.operation == operation).unwrap();
        let mut unused: BTreeSet<_> = function.policy.iter().flat_map(patterns).collect();
        for (action, table, pk) in calls.iter().flat_map(touched) {
            let grants = |statement: &&Statement| {
                let table = statement.resources.contains(&Resource::Table(table.clone()));
                table && statement.actions.contains(&action)
            };
            let granted = function.policy.iter().filter(grants).flat_map(patterns);
            let fitting: Vec<_> = granted.filter(|pattern| fits(pattern, &pk)).collect();
            assert!(!fitting.is_empty(), "{operation} may not {action} {pk}");
            unused.retain(|pattern| !fitting.contains(pattern));
        }
        assert!(unused.is_empty(), "{operation} never touches {unused:?}");
    }
}

fn patterns(statement: &Statement) -> Vec<String> {
    let keys = &statement.condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    let keys = keys.as_array().into_iter().flatten();
    keys.map(|pattern| pattern.as_str().unwrap().to_owned()).collect()
}

/// As IAM's `StringLike`: a star is any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    (0..=text.len()).any(|skip| text.is_char_boundary(skip) && fits(rest, &text[skip..]))
}

/// The action, the table and the partition of every item in a call to DynamoDB.
fn touched(call: &Call) -> Vec<(String, String, String)> {
    let pk = |part: &Value| {
        let named = [&part["Key"]["pk"]["S"], &part["Item"]["pk"]["S"], &part["pk"]["S"]];
        let queried = &part["ExpressionAttributeValues"][":pk"]["S"];
        let found = named.into_iter().chain([queried]).find_map(Value::as_str);
        found.unwrap_or_else(|| panic!("no partition in {part}")).to_owned()
    };
    let table = |part: &Value| part["TableName"].as_str().unwrap().to_owned();
    let request = &call.request;
    let action = |name: &str| format!("dynamodb:{name}");
    match call.operation.as_str() {
        "TransactWriteItems" => {
            let parts = request["TransactItems"].as_array().unwrap().iter();
            let parts = parts.flat_map(|part| part.as_object().unwrap());
            parts
                .map(|(kind, part)| (action(&format!("{kind}Item")), table(part), pk(part)))
                .collect()
        }
        "BatchGetItem" => {
            let tables = request["RequestItems"].as_object().unwrap().iter();
            let item =
                |table: &str, key: &Value| (action("BatchGetItem"), table.to_owned(), pk(key));
            let of = |(table, keys): (&String, &Value)| {
                keys["Keys"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|key| item(table, key))
                    .collect::<Vec<_>>()
            };
            tables.flat_map(of).collect()
        }
        "Decrypt" => vec![],
        name => vec![(action(name), table(request), pk(request))],
    }
}
