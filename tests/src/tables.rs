//! What lies in the tables, for tests that look behind the API.

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    types::AttributeValue,
};
use serde_json::{Map, Value};
use shared::domain::{Mode, UserId};

use crate::world::Tenant;

impl Tenant {
    /// Every item of this tenant's users, of both modes and in both tables, in an order of its own; API keys and the rate
    /// limiter's windows are not among them. Two equal answers mean that nothing was written in between.
    pub async fn items(&self) -> Vec<Value> {
        let prefix = format!("T#{}#", self.keys.scope(Mode::Test).tenant.as_str());
        let config = &self.keys.app().config;
        let mut items = vec![];
        for table in [config.users_table.clone(), config.keys_table.clone()] {
            let (client, prefix) = (client(self), prefix.clone());
            items.extend(self.world.run(async move { scan(&client, table, prefix).await }).await);
        }
        let registers = ["#APIKEYS", "#OWNERS"];
        let of_api_keys = |item: &Value| {
            registers.iter().any(|end| item["pk"].as_str().is_some_and(|pk| pk.ends_with(end)))
        };
        items.retain(|item| item["sk"] != "R" && !of_api_keys(item));
        items.sort_by_key(Value::to_string);
        items
    }

    /// All that lies in both tables of the world, as text.
    pub async fn everything(&self) -> String {
        let config = &self.keys.app().config;
        let mut items = vec![];
        for table in [config.users_table.clone(), config.keys_table.clone()] {
            for prefix in ["T#", "APIKEY#"] {
                let (client, table) = (client(self), table.clone());
                let scan = async move { scan(&client, table, prefix.to_owned()).await };
                items.extend(self.world.run(scan).await);
            }
        }
        Value::Array(items).to_string()
    }

    /// The item of a user in test mode, by the UUID spelling of their id.
    pub async fn user_item(&self, id: &str) -> Value {
        self.of_user(id, "U").await.pop().unwrap_or_else(|| panic!("no item of {id}"))
    }

    /// The events of a user in test mode, oldest first.
    pub async fn events(&self, id: &str) -> Vec<Value> {
        self.of_user(id, "E#").await
    }

    async fn of_user(&self, id: &str, sk: &str) -> Vec<Value> {
        let hex = UserId::parse_uuid(id).expect("a user id").to_hex();
        let pk = format!("T#{}#U#{hex}", self.keys.scope(Mode::Test));
        let table = self.keys.app().config.users_table.clone();
        let (client, sk) = (client(self), sk.to_owned());
        self.world.run(async move { query(&client, table, pk, sk).await }).await
    }
}

fn client(tenant: &Tenant) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::from_keys("test", "test", None))
        .endpoint_url(tenant.world.dynamodb.endpoint())
        .build();
    Client::from_conf(config)
}

async fn scan(client: &Client, table: String, prefix: String) -> Vec<Value> {
    let scan = client.scan().table_name(table).filter_expression("begins_with(pk, :prefix)");
    let scan = scan.expression_attribute_values(":prefix", AttributeValue::S(prefix));
    let mut pages = scan.consistent_read(true).into_paginator().items().send();
    let mut items = vec![];
    while let Some(item) = pages.next().await {
        items.push(plain(AttributeValue::M(item.expect("a page of the table"))));
    }
    items
}

async fn query(client: &Client, table: String, pk: String, sk: String) -> Vec<Value> {
    let query = client.query().table_name(table).consistent_read(true);
    let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :sk)");
    let query = query.expression_attribute_values(":pk", AttributeValue::S(pk));
    let query = query.expression_attribute_values(":sk", AttributeValue::S(sk));
    let mut pages = query.into_paginator().items().send();
    let mut items = vec![];
    while let Some(item) = pages.next().await {
        items.push(plain(AttributeValue::M(item.expect("a page of the partition"))));
    }
    items
}

/// Without DynamoDB's type tags. Bytes become Base64.
fn plain(value: AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => text.into(),
        AttributeValue::N(digits) => {
            serde_json::from_str(&digits).unwrap_or_else(|_| panic!("{digits} is no number"))
        }
        AttributeValue::B(bytes) => data_encoding::BASE64.encode(bytes.as_ref()).into(),
        AttributeValue::Bool(value) => value.into(),
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::L(values) => values.into_iter().map(plain).collect(),
        AttributeValue::M(members) => {
            let members = members.into_iter().map(|(name, value)| (name, plain(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        AttributeValue::Bs(_) | AttributeValue::Ns(_) | AttributeValue::Ss(_) | _ => {
            panic!("no item of ours holds a set")
        }
    }
}
