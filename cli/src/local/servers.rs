//! The servers behind the AWS SDK: embedded, or the caller's own.

use shared::clock::Clock;

use super::{DataDir, EmbeddedDynamoDb, EmbeddedKms, EmbeddedSqs, Endpoints, Options, StartError};

/// The servers of one stack.
#[derive(Debug)]
pub(super) struct Servers {
    endpoints: Endpoints,
    kms: Option<EmbeddedKms>,
    dynamodb: Option<EmbeddedDynamoDb>,
    sqs: Option<EmbeddedSqs>,
}

impl Servers {
    /// Starts those that the options do not name.
    pub(super) async fn start(
        options: &Options,
        data_dir: Option<&DataDir>,
    ) -> Result<Self, StartError> {
        let database = data_dir.map(DataDir::database);
        let keys = data_dir.map(DataDir::kms);
        // The keys' file is written before the data's is made, so data without keys are keys that were lost.
        let (kms_endpoint, kms) = if let Some(named) = &options.kms_endpoint {
            (named.clone(), None)
        } else {
            if let (Some(keys), Some(database)) = (&keys, &database)
                && database.exists()
                && !keys.exists()
            {
                return Err(StartError::KeysMissing(keys.clone()));
            }
            let kms = EmbeddedKms::listen(options.host, keys.as_deref()).await?;
            (kms.endpoint().to_owned(), Some(kms))
        };
        let (dynamodb_endpoint, dynamodb) = if let Some(named) = &options.dynamodb_endpoint {
            (named.clone(), None)
        } else {
            let dynamodb = EmbeddedDynamoDb::listen(options.host, database.as_deref()).await?;
            (dynamodb.endpoint().to_owned(), Some(dynamodb))
        };
        let (sqs_endpoint, sqs) = if let Some(named) = &options.sqs_endpoint {
            (named.clone(), None)
        } else {
            let file = data_dir.map(DataDir::queues);
            let sqs = EmbeddedSqs::listen(options.host, file.as_deref(), Clock::system()).await?;
            (sqs.endpoint().to_owned(), Some(sqs))
        };
        let endpoints =
            Endpoints { dynamodb: dynamodb_endpoint, kms: kms_endpoint, sqs: sqs_endpoint };
        Ok(Self { endpoints, kms, dynamodb, sqs })
    }

    pub(super) const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    pub(super) async fn shutdown(self) {
        if let Some(sqs) = self.sqs {
            sqs.shutdown().await;
        }
        if let Some(kms) = self.kms {
            kms.shutdown().await;
        }
        if let Some(dynamodb) = self.dynamodb {
            dynamodb.shutdown().await;
        }
    }
}
