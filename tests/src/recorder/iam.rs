//! Which IAM actions a call needs.

use serde_json::Value;

use super::{Call, Service};

impl Call {
    /// The actions, each with the resource it is needed on: a table's name, `<table>/index/<index>`, a KMS key as the
    /// caller named it, a queue's name, or `*` where the call names nothing.
    ///
    /// A transaction has no action of its own: IAM asks for the action of each of its items.
    pub fn iam(&self) -> Vec<(String, String)> {
        let mut needed = match self.service {
            Service::DynamoDb => dynamodb(&self.operation, &self.request),
            Service::DynamoDbStreams => {
                vec![needs("dynamodb", &self.operation, text(&self.request, "StreamArn"))]
            }
            Service::Kms => kms(&self.operation, &self.request, &self.response),
            Service::Sqs => vec![sqs(&self.operation, &self.request)],
            Service::Other(ref prefix) => vec![needs(prefix, &self.operation, None)],
        };
        needed.sort();
        needed.dedup();
        needed
    }
}

fn dynamodb(operation: &str, request: &Value) -> Vec<(String, String)> {
    match operation {
        "TransactWriteItems" => transaction(request, "TransactItems", |kind| match kind {
            "Put" => "PutItem",
            "Update" => "UpdateItem",
            "Delete" => "DeleteItem",
            "ConditionCheck" => "ConditionCheckItem",
            unknown => panic!("an unknown kind of transaction item: {unknown}"),
        }),
        "TransactGetItems" => transaction(request, "TransactItems", |_| "GetItem"),
        "BatchGetItem" | "BatchWriteItem" => {
            let tables =
                request["RequestItems"].as_object().into_iter().flat_map(serde_json::Map::keys);
            tables.map(|table| needs("dynamodb", operation, Some(table.clone()))).collect()
        }
        _ => vec![needs("dynamodb", operation, table_or_index(request))],
    }
}

fn transaction(
    request: &Value,
    member: &str,
    action: impl Fn(&str) -> &'static str,
) -> Vec<(String, String)> {
    let items =
        request[member].as_array().into_iter().flatten().filter_map(Value::as_object).flatten();
    items.map(|(kind, item)| needs("dynamodb", action(kind), text(item, "TableName"))).collect()
}

fn table_or_index(request: &Value) -> Option<String> {
    let table = text(request, "TableName")?;
    Some(match text(request, "IndexName") {
        Some(index) => format!("{table}/index/{index}"),
        None => table,
    })
}

fn kms(operation: &str, request: &Value, response: &Value) -> Vec<(String, String)> {
    if operation == "ReEncrypt" {
        let source = text(request, "SourceKeyId").or_else(|| text(response, "SourceKeyId"));
        let destination = text(request, "DestinationKeyId");
        return vec![
            needs("kms", "ReEncryptFrom", source),
            needs("kms", "ReEncryptTo", destination),
        ];
    }
    // Decrypt may leave the key to the ciphertext; then only the answer says which it was.
    vec![needs("kms", operation, text(request, "KeyId").or_else(|| text(response, "KeyId")))]
}

/// SQS has no actions for batches: `SendMessageBatch` needs `sqs:SendMessage`.
fn sqs(operation: &str, request: &Value) -> (String, String) {
    let queue = text(request, "QueueName").or_else(|| {
        let url = text(request, "QueueUrl")?;
        url.rsplit('/').next().map(str::to_owned)
    });
    needs("sqs", operation.strip_suffix("Batch").unwrap_or(operation), queue)
}

fn needs(service: &str, action: &str, resource: Option<String>) -> (String, String) {
    (format!("{service}:{action}"), resource.unwrap_or_else(|| "*".to_owned()))
}

fn text(value: &Value, member: &str) -> Option<String> {
    value[member].as_str().map(str::to_owned)
}
