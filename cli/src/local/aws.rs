//! The AWS SDK, pointed at the servers of this stack.
//!
//! In Lambda the standard variables say where the services are. Here the process's own environment cannot be changed
//! (and belongs to the caller), so the same settings are injected where the SDK would have read them.

use std::{env, error::Error, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig, timeout::TimeoutConfig};
use aws_credential_types::Credentials;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use super::{StartError, error::chain};

const REGION: &str = "us-east-1";
/// Embedded servers check the shape of a signature, not the signature. Letters alone: `DynamoDB` Local refuses a hyphen.
const ACCESS_KEY_ID: &str = "cofferlocal";
const SECRET_ACCESS_KEY: &str = "not-a-secret";

/// Where the services are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The URL of DynamoDB.
    pub dynamodb: String,
    /// The URL of KMS.
    pub kms: String,
    /// The URL of SQS.
    pub sqs: String,
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        match (key.env(), key.service_id()) {
            // DynamoDB Local and the embedded one serve streams at the same place; so do AWS's clients with this variable.
            ("AWS_ENDPOINT_URL", "DynamoDB" | "DynamoDB Streams") => Some(self.dynamodb.clone()),
            ("AWS_ENDPOINT_URL", "SQS") => Some(self.sqs.clone()),
            ("AWS_ENDPOINT_URL", "KMS") => Some(self.kms.clone()),
            _ => None,
        }
    }
}

/// Whose credentials sign the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signer {
    /// Nobody's: fixed ones that are worth nothing.
    Nobody,
    /// Those that the caller's environment names. Only for servers that the caller named as well.
    Caller,
}

/// How this stack reaches its servers.
#[derive(Debug)]
pub(super) struct Aws {
    endpoints: Endpoints,
    signer: Signer,
    region: String,
    sdk: SdkConfig,
}

impl Aws {
    #[expect(
        clippy::disallowed_methods,
        reason = "only whether the caller has credentials, never which"
    )]
    pub(super) async fn new(endpoints: Endpoints, caller_named_a_server: bool) -> Self {
        let named = |names: [&str; 2]| names.into_iter().find_map(env::var_os);
        let has_credentials = named(["AWS_ACCESS_KEY_ID", "AWS_PROFILE"]).is_some();
        let signer =
            if caller_named_a_server && has_credentials { Signer::Caller } else { Signer::Nobody };
        let region = match signer {
            Signer::Nobody => None,
            Signer::Caller => named(["AWS_REGION", "AWS_DEFAULT_REGION"]),
        };
        let region = region
            .and_then(|region| region.into_string().ok())
            .unwrap_or_else(|| REGION.to_owned());

        let loader =
            aws_config::defaults(BehaviorVersion::latest()).region(Region::new(region.clone()));
        let loader = match signer {
            Signer::Caller => loader,
            Signer::Nobody => loader.credentials_provider(Credentials::from_keys(
                ACCESS_KEY_ID,
                SECRET_ACCESS_KEY,
                None,
            )),
        };
        // A busy machine is no outage: embedded servers share the processors with everything else.
        let patience = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_secs(20))
            .operation_timeout(Duration::from_mins(1));
        let loader = loader.timeout_config(patience.build());
        let sdk = loader.load().await.into_builder().service_config(endpoints.clone()).build();
        Self { endpoints, signer, region, sdk }
    }

    /// A configuration whose clients call the endpoints.
    pub(super) const fn sdk_config(&self) -> &SdkConfig {
        &self.sdk
    }

    /// The same, as the variables that a Lambda binary reads at its start.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        let mut variables = vec![
            ("AWS_ENDPOINT_URL_DYNAMODB", self.endpoints.dynamodb.as_str()),
            ("AWS_ENDPOINT_URL_KMS", &self.endpoints.kms),
            ("AWS_ENDPOINT_URL_SQS", &self.endpoints.sqs),
            ("AWS_REGION", &self.region),
        ];
        if self.signer == Signer::Nobody {
            variables.push(("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID));
            variables.push(("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY));
        }
        variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// A call to DynamoDB that failed, as a reason not to start.
    pub(super) fn dynamodb_failed(
        &self,
        action: impl Into<String>,
        error: &dyn Error,
    ) -> StartError {
        failed(&self.endpoints.dynamodb, action.into(), error)
    }

    /// A call to SQS that failed, as a reason not to start.
    pub(super) fn sqs_failed(&self, action: impl Into<String>, error: &dyn Error) -> StartError {
        failed(&self.endpoints.sqs, action.into(), error)
    }

    /// A call to KMS that failed, as a reason not to start.
    pub(super) fn kms_failed(&self, action: impl Into<String>, error: &dyn Error) -> StartError {
        failed(&self.endpoints.kms, action.into(), error)
    }
}

fn failed(endpoint: &str, action: String, error: &dyn Error) -> StartError {
    StartError::Call { endpoint: endpoint.to_owned(), action, reason: chain(error) }
}
