//! The stack, started in-process.

use std::{path::Path, sync::Arc, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_kms::primitives::Blob;
use coffer::{
    local::{
        Options, Stack, StartError,
        gateway::{Gateway, Invoke},
    },
    template::Template,
};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc},
};

fn options() -> Options {
    Options::ephemeral(Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml"))
}

#[tokio::test]
async fn the_tables_of_the_template_exist_as_declared() {
    let stack = Stack::start(options()).await.unwrap();
    let client = aws_sdk_dynamodb::Client::new(stack.sdk_config());
    let users =
        client.describe_table().table_name("UsersTable").send().await.unwrap().table.unwrap();
    assert_eq!(users.global_secondary_indexes().len(), 7);
    assert!(users.latest_stream_arn().is_some());
    let ttl = client.describe_time_to_live().table_name("UsersTable").send().await.unwrap();
    assert_eq!(ttl.time_to_live_description.unwrap().attribute_name(), Some("ttl"));
    let keys = client.describe_table().table_name("KeysTable").send().await.unwrap().table.unwrap();
    assert!(keys.latest_stream_arn().is_none());
    stack.shutdown().await;
}

#[tokio::test]
async fn a_function_gets_the_environment_of_the_template_and_the_servers_of_the_stack() {
    let stack = Stack::start(options()).await.unwrap();
    let environment = stack.environment("palm_create_user").unwrap();
    assert_eq!(environment["USERS_TABLE"], "UsersTable");
    assert_eq!(environment["KEYS_TABLE"], "KeysTable");
    assert_eq!(environment["PROBLEM_BASE_URL"], "https://docs.coffer.example/problems");
    assert!(environment["KMS_KEY_ID"].starts_with("arn:aws:kms:us-east-1:"));
    assert_eq!(environment["AWS_ENDPOINT_URL_DYNAMODB"], stack.endpoints().dynamodb);
    assert_eq!(environment["AWS_ENDPOINT_URL_KMS"], stack.endpoints().kms);
    assert_eq!(environment["AWS_ENDPOINT_URL_SQS"], stack.endpoints().sqs);
    assert!(!environment.contains_key("WEBHOOK_QUEUE_URL"));
    let worker = stack.environment("events_deliver").unwrap();
    assert!(worker["WEBHOOK_QUEUE_URL"].ends_with("/WebhookQueue"));
    assert!(!worker.contains_key("ALLOW_LOCAL_WEBHOOKS"));
    for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        assert!(environment.contains_key(name), "{name}");
    }
    assert!(stack.environment("palm_create_yser").is_none());
    let (one, other) =
        (stack.app("palm_create_user").unwrap(), stack.app("palm_get_user").unwrap());
    assert!(!Arc::ptr_eq(one, other), "two functions never share what they know");
    stack.shutdown().await;
}

#[tokio::test]
async fn items_and_keys_survive_a_restart() {
    let root = tempfile::tempdir().unwrap();
    let options = Options { data_dir: Some(root.path().join("data")), ..options() };

    let stack = Stack::start(options.clone()).await.unwrap();
    let key = stack.environment("palm_create_user").unwrap()["KMS_KEY_ID"].clone();
    let kms = aws_sdk_kms::Client::new(stack.sdk_config());
    let request = kms.encrypt().key_id(&key).plaintext(Blob::new("secret"));
    let sealed = request
        .encryption_context("tenant", "local")
        .send()
        .await
        .unwrap()
        .ciphertext_blob
        .unwrap();
    let dynamodb = aws_sdk_dynamodb::Client::new(stack.sdk_config());
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let request = dynamodb.put_item().table_name("KeysTable");
    request.item("pk", text("a")).item("sk", text("b")).send().await.unwrap();
    stack.shutdown().await;

    let stack = Stack::start(options).await.unwrap();
    assert_eq!(stack.environment("palm_create_user").unwrap()["KMS_KEY_ID"], key);
    let kms = aws_sdk_kms::Client::new(stack.sdk_config());
    let request =
        kms.decrypt().ciphertext_blob(sealed.clone()).encryption_context("tenant", "local");
    assert_eq!(request.send().await.unwrap().plaintext.unwrap(), Blob::new("secret"));
    let request = kms.decrypt().ciphertext_blob(sealed).encryption_context("tenant", "other");
    assert!(
        request.send().await.unwrap_err().into_service_error().is_invalid_ciphertext_exception()
    );
    let dynamodb = aws_sdk_dynamodb::Client::new(stack.sdk_config());
    let request = dynamodb.get_item().table_name("KeysTable");
    let found = request.key("pk", text("a")).key("sk", text("b")).send().await.unwrap();
    assert!(found.item.is_some());
    stack.shutdown().await;
}

#[tokio::test]
async fn servers_that_the_caller_names_are_used() {
    let first = Stack::start(options()).await.unwrap();
    let named = Options {
        dynamodb_endpoint: Some(first.endpoints().dynamodb.clone()),
        kms_endpoint: Some(first.endpoints().kms.clone()),
        sqs_endpoint: Some(first.endpoints().sqs.clone()),
        ..options()
    };
    let second = Stack::start(named).await.unwrap();
    assert_eq!(second.endpoints(), first.endpoints());
    let variable =
        |stack: &Stack| stack.environment("palm_get_user").unwrap()["KMS_KEY_ID"].clone();
    assert_eq!(variable(&first), variable(&second));
    second.shutdown().await;
    first.shutdown().await;

    // Nobody listens on port 1.
    let nowhere = Options { kms_endpoint: Some("http://127.0.0.1:1".to_owned()), ..options() };
    assert!(matches!(Stack::start(nowhere).await, Err(StartError::Call { .. })));
}

#[tokio::test]
async fn what_a_client_began_ends_even_if_the_client_hangs_up() {
    let template = "
Resources:
  Work:
    Type: AWS::Serverless::Function
    Metadata: { BuildProperties: { Binary: work } }
    Properties: { Events: { Call: { Type: Api, Properties: { Method: POST, Path: /work } } } }
";
    let (begun, go_on, ended) =
        (Arc::new(Notify::new()), Arc::new(Notify::new()), mpsc::unbounded_channel());
    let (sender, mut receiver) = ended;
    let invoke: Invoke = {
        let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
        Arc::new(move |invocation| {
            let (begun, go_on, sender) = (Arc::clone(&begun), Arc::clone(&go_on), sender.clone());
            Box::pin(async move {
                begun.notify_one();
                go_on.notified().await;
                sender.send(invocation.operation).unwrap();
                None
            })
        })
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let gateway = Gateway::start(listener, &Template::parse(template).unwrap(), invoke);

    let mut client = TcpStream::connect(address).await.unwrap();
    client
        .write_all(b"POST /work HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n")
        .await
        .unwrap();
    begun.notified().await;
    drop(client);
    #[expect(clippy::disallowed_methods, reason = "a test, not a sandbox")]
    let shutdown = tokio::spawn(gateway.shutdown());
    go_on.notify_one();
    let ended = tokio::time::timeout(Duration::from_secs(5), receiver.recv()).await;
    assert_eq!(ended.unwrap().as_deref(), Some("work"));
    shutdown.await.unwrap();
}
