//! The policies of the operations on API keys, down to the keys of items that they name.

use std::collections::BTreeSet;

use coffer::template::{Function, Resource, Statement};
use harness::{
    client::Client,
    recorder::{Call, Service},
};
use serde_json::{Value, json};

use super::Walk;

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

/// A policy that names the keys of items names all that its function touches, and no others. Answers what is wrong.
pub(super) fn faults_of_leading_keys(function: &Function, calls: &[Call]) -> Vec<String> {
    let (operation, mut faults) = (&function.operation, Vec::new());
    let mut unused: BTreeSet<_> = function.policy.iter().flat_map(patterns).collect();
    for (action, table, pk) in calls.iter().flat_map(touched) {
        let grants = |statement: &&Statement| {
            let table = statement.resources.contains(&Resource::Table(table.clone()));
            table && statement.actions.contains(&action)
        };
        let granting: Vec<_> = function.policy.iter().filter(grants).collect();
        let every_key = granting.iter().any(|it| patterns(it).is_empty());
        let fitting: Vec<_> =
            granting.iter().flat_map(|it| patterns(it)).filter(|it| fits(it, &pk)).collect();
        if !every_key && fitting.is_empty() {
            faults.push(format!("{operation} may not {action} {pk}"));
        }
        unused.retain(|pattern| !fitting.contains(pattern));
    }
    faults.extend(unused.iter().map(|pattern| format!("{operation} never touches {pattern}")));
    faults
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
        let values = &part["ExpressionAttributeValues"];
        let queried = [&values[":pk"]["S"], &values[":hash"]["S"]];
        let found = named.into_iter().chain(queried).find_map(Value::as_str);
        found.unwrap_or_else(|| panic!("no partition in {part}")).to_owned()
    };
    let table = |part: &Value| part["TableName"].as_str().unwrap().to_owned();
    // An index is granted as a whole.
    if call.service != Service::DynamoDb || !call.request["IndexName"].is_null() {
        return vec![];
    }
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
        "BatchWriteItem" => {
            let tables = request["RequestItems"].as_object().unwrap().iter();
            let of = |(table, writes): (&String, &Value)| {
                let writes = writes.as_array().unwrap().iter();
                let writes = writes.flat_map(|write| write.as_object().unwrap().values());
                writes
                    .map(|write| (action("BatchWriteItem"), table.clone(), pk(write)))
                    .collect::<Vec<_>>()
            };
            tables.flat_map(of).collect()
        }
        name => vec![(action(name), table(request), pk(request))],
    }
}
