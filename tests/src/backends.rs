//! The servers behind a world: embedded ones of its own, or an account of its own on servers that run already.
//!
//! Where one of the SDK's own variables is set (`AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_KMS`,
//! `AWS_ENDPOINT_URL_SQS`), every world uses that server: DynamoDB Local, moto. `tests/external/run` starts them.

use std::path::Path;

use coffer::local::{EmbeddedDynamoDb, EmbeddedKms, EmbeddedSqs};

use crate::recorder::{Account, Recorder};

/// The servers of one world. What is embedded ends when this is dropped.
pub(crate) struct Backends {
    dynamodb: Backend<EmbeddedDynamoDb>,
    kms: Backend<EmbeddedKms>,
    sqs: Backend<EmbeddedSqs>,
    account: Account,
}

enum Backend<Server> {
    Embedded(Server),
    External(String),
}

impl Backends {
    /// Starts what no variable names. The files of a data directory are read by the embedded servers, whatever is named.
    pub(crate) async fn start(data_dir: Option<&Path>) -> Self {
        let external = |name: &str| std::env::var(name).ok().filter(|_| data_dir.is_none());
        let file = |name: &str| data_dir.map(|directory| directory.join(name));
        let dynamodb = match external("AWS_ENDPOINT_URL_DYNAMODB") {
            Some(url) => Backend::External(url),
            None => Backend::Embedded(
                EmbeddedDynamoDb::start(file("coffer.db").as_deref())
                    .await
                    .expect("an embedded DynamoDB"),
            ),
        };
        let kms = match external("AWS_ENDPOINT_URL_KMS") {
            Some(url) => Backend::External(url),
            None => Backend::Embedded(
                EmbeddedKms::start(file("kms.json").as_deref()).await.expect("an embedded KMS"),
            ),
        };
        let sqs = match external("AWS_ENDPOINT_URL_SQS") {
            Some(url) => Backend::External(url),
            None => Backend::Embedded(EmbeddedSqs::start(None).await.expect("an embedded SQS")),
        };
        Self { dynamodb, kms, sqs, account: Account::unused() }
    }

    /// Between a stack and its DynamoDB.
    pub(crate) fn record_dynamodb(&self) -> Recorder {
        self.record(&self.dynamodb, EmbeddedDynamoDb::endpoint)
    }

    /// Between a stack and its KMS.
    pub(crate) fn record_kms(&self) -> Recorder {
        self.record(&self.kms, EmbeddedKms::endpoint)
    }

    /// Between a stack and its SQS.
    pub(crate) fn record_sqs(&self) -> Recorder {
        self.record(&self.sqs, EmbeddedSqs::endpoint)
    }

    fn record<Server>(&self, backend: &Backend<Server>, endpoint: fn(&Server) -> &str) -> Recorder {
        match backend {
            Backend::Embedded(server) => Recorder::start(endpoint(server).to_owned()),
            Backend::External(url) => Recorder::start_in(url.clone(), self.account.clone()),
        }
    }
}
