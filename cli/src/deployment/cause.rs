//! Why a command failed, in words that say what to do about it.

use std::{error::Error as StdError, fmt};

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials as _, error::CredentialsError};
use aws_sdk_dynamodb::{
    Client, error::ProvideErrorMetadata as _, operation::describe_table::DescribeTableError,
};
use aws_types::service_config::ServiceConfigKey;
use coffer::local::chain;
use shared::{Error, aws::AwsError};

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// As this sentence says.
    Said(String),
    /// AWS did not do what was asked.
    Aws(AwsError),
}

impl From<String> for Failure {
    fn from(sentence: String) -> Self {
        Self::Said(sentence)
    }
}

impl From<&str> for Failure {
    fn from(sentence: &str) -> Self {
        Self::Said(sentence.to_owned())
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self::of(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(sentence) => formatter.write_str(sentence),
            Self::Aws(error) => error.fmt(formatter),
        }
    }
}

impl Failure {
    /// Finds the call to AWS that is behind an error, if one is.
    pub(crate) fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut causes = std::iter::successors(Some(error), |&error| error.source());
        let call = causes.find_map(|error| match error.downcast_ref::<Error>() {
            Some(Error::Aws(call)) => Some(call.clone()),
            Some(_) | None => error.downcast_ref::<AwsError>().cloned(),
        });
        call.map_or_else(|| Self::Said(chain(error)), Self::Aws)
    }
}

/// Where a service is reached.
pub(super) fn url(sdk: &SdkConfig, service: &str) -> String {
    let key = ServiceConfigKey::builder().service_id(service);
    let key = key.env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok();
    let own = sdk.service_config().zip(key).and_then(|(config, key)| config.load_config(key));
    let named = own.or_else(|| sdk.endpoint_url().map(str::to_owned));
    let region = sdk.region().map_or("us-east-1", AsRef::as_ref);
    named.unwrap_or_else(|| format!("https://{}.{region}.amazonaws.com", service.to_lowercase()))
}

/// Which Region is meant, as part of a sentence.
pub(super) fn place(sdk: &SdkConfig) -> String {
    sdk.region().map(|region| format!("in {region}")).unwrap_or_default()
}

/// Refuses to begin without a Region or credentials: what fails then says neither.
pub(super) async fn check(sdk: &SdkConfig) -> Result<(), String> {
    if sdk.region().is_none() {
        return Err("no Region is set: set AWS_REGION, or `region` in the profile".to_owned());
    }
    let provider = sdk.credentials_provider().ok_or("no AWS credentials are set")?;
    let Err(error) = provider.provide_credentials().await else { return Ok(()) };
    Err(match (&error, super::variable("AWS_PROFILE")) {
        (_, Some(profile)) if error_is_about_profile(&error) => format!(
            "there are no credentials in the profile {profile}, which AWS_PROFILE names: is it in ~/.aws/config?"
        ),
        (CredentialsError::CredentialsNotLoaded(_), _) => {
            "there are no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; `aws sts get-caller-identity` says whose they are"
                .to_owned()
        }
        (_, _) => format!("the AWS credentials cannot be had: {}", chain(&error)),
    })
}

fn error_is_about_profile(error: &CredentialsError) -> bool {
    matches!(error, CredentialsError::CredentialsNotLoaded(_))
        || chain(error).contains("was not defined")
}

/// A failed call in words: who does not answer, what is not there, what is not permitted.
pub(super) async fn explain(sdk: &SdkConfig, tables: [&str; 2], error: &AwsError) -> String {
    let service = match error.call().split_once(':') {
        Some(("kms", _)) => "KMS",
        Some(("sqs", _)) => "SQS",
        Some(_) | None => "DynamoDB",
    };
    let call = error.call();
    match error.code() {
        "no connection" => {
            let url = url(sdk, service);
            format!(
                "nobody answers at {url}: the Region, AWS_ENDPOINT_URL or the network may be wrong"
            )
        }
        "time-out" => format!("{} does not answer in time", url(sdk, service)),
        "ResourceNotFoundException" if service == "DynamoDB" => missing(sdk, tables).await,
        "NotFoundException" => format!("{call} failed: there is no such key {}", place(sdk)),
        "AccessDeniedException" => {
            let what = if service == "DynamoDB" { tables.join(" and ") } else { "it".to_owned() };
            format!("these credentials may not {call} on {what}: give them that right, or others")
        }
        "UnrecognizedClientException" | "InvalidSignatureException" | "InvalidClientTokenId" => {
            format!("AWS does not take these credentials ({})", error.code())
        }
        "ExpiredTokenException" => "these credentials have expired: log in again".to_owned(),
        _other => error.to_string(),
    }
}

/// Which of the tables is not there.
async fn missing(sdk: &SdkConfig, tables: [&str; 2]) -> String {
    let client = Client::new(sdk);
    let mut missing = Vec::new();
    for table in tables {
        let described = client.describe_table().table_name(table).send().await;
        let is_missing = described.is_err_and(|error| {
            error.code() == Some("ResourceNotFoundException")
                || error
                    .as_service_error()
                    .is_some_and(DescribeTableError::is_resource_not_found_exception)
        });
        if is_missing {
            missing.push(table);
        }
    }
    let (place, url) = (place(sdk), url(sdk, "DynamoDB"));
    match missing.as_slice() {
        [] => format!("a table or an index is not there, {place} at {url}"),
        [one] => format!("there is no table {one} {place} at {url}"),
        some => format!("there are no tables {} {place} at {url}", some.join(" and ")),
    }
}
