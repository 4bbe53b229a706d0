//! What a stack in AWS says of itself: its outputs, by the names that a function's environment has for them.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_cloudformation::{Client, error::ProvideErrorMetadata as _};
use coffer::local::chain;

use super::cause;

/// An output, and the variable that a function has for it.
const OUTPUTS: [(&str, &str); 6] = [
    ("UsersTableName", "USERS_TABLE"),
    ("KeysTableName", "KEYS_TABLE"),
    ("VaultKeyArn", "KMS_KEY_ID"),
    ("WebhookQueueUrl", "WEBHOOK_QUEUE_URL"),
    ("StreamFailureQueueUrl", "STREAM_FAILURE_QUEUE_URL"),
    ("ApiUrl", super::API_URL),
];

/// Reads the outputs of a stack.
pub(super) async fn outputs(
    sdk: &SdkConfig,
    name: &str,
) -> Result<HashMap<String, String>, String> {
    let place = cause::place(sdk);
    let answer = Client::new(sdk).describe_stacks().stack_name(name).send().await;
    let answer = answer.map_err(|error| match (error.code(), error.message()) {
        (Some("ValidationError"), Some(message)) if message.contains("does not exist") => {
            format!("there is no stack {name} {place}")
        }
        (Some("AccessDenied"), _) => {
            format!("these credentials may not cloudformation:DescribeStacks on {name} {place}")
        }
        (Some(code), _) => format!("cloudformation:DescribeStacks failed: {code}"),
        (None, _) if error.as_service_error().is_none() => {
            let url = cause::url(sdk, "CloudFormation");
            format!("nobody answers at {url}: {}", chain(&error))
        }
        (None, _) => format!("cloudformation:DescribeStacks failed: {}", chain(&error)),
    })?;
    let stack = answer.stacks().first().ok_or(format!("there is no stack {name} {place}"))?;
    let outputs = stack.outputs().iter();
    let outputs = outputs.filter_map(|output| Some((output.output_key()?, output.output_value()?)));
    let outputs: HashMap<_, _> = outputs.collect();
    let found = OUTPUTS.iter().filter_map(|(output, variable)| {
        outputs.get(output).map(|value| ((*variable).to_owned(), (*value).to_owned()))
    });
    let found: HashMap<_, _> = found.collect();
    let (output, _) = OUTPUTS[0];
    if found.contains_key("USERS_TABLE") {
        Ok(found)
    } else {
        Err(format!("the stack {name} has no output {output}: it is not Coffer's, or not finished"))
    }
}
