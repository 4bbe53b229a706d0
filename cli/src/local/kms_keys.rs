//! The KMS keys that the template declares: made once, found again by an alias.

use aws_sdk_kms::{Client, operation::describe_key::DescribeKeyError, types::KeyMetadata};

use super::{StartError, aws::Aws};
use crate::template::{Resolver, Template};

/// Makes sure that every key of the template exists, and tells the resolver their names.
pub(super) async fn provide(
    template: &Template,
    aws: &Aws,
    resolver: &mut Resolver,
) -> Result<(), StartError> {
    let client = Client::new(aws.sdk_config());
    for logical_id in &template.kms_keys {
        let alias = format!("alias/coffer-local/{logical_id}");
        let key = match find(&client, aws, &alias).await? {
            Some(key) => key,
            None => make(&client, aws, &alias).await?,
        };
        resolver.define(logical_id, key.key_id());
        resolver.define_attribute(logical_id, "KeyId", key.key_id());
        resolver.define_attribute(logical_id, "Arn", key.arn().unwrap_or_else(|| key.key_id()));
    }
    Ok(())
}

async fn find(client: &Client, aws: &Aws, alias: &str) -> Result<Option<KeyMetadata>, StartError> {
    match client.describe_key().key_id(alias).send().await {
        Ok(answer) => Ok(answer.key_metadata),
        Err(error)
            if error.as_service_error().is_some_and(DescribeKeyError::is_not_found_exception) =>
        {
            Ok(None)
        }
        Err(error) => Err(aws.kms_failed(format!("look up {alias}"), &error)),
    }
}

async fn make(client: &Client, aws: &Aws, alias: &str) -> Result<KeyMetadata, StartError> {
    let failed = |error: &dyn std::error::Error| aws.kms_failed(format!("make {alias}"), error);
    let request = client.create_key().description("Coffer, on this machine");
    let answer = request.send().await.map_err(|error| failed(&error))?;
    let key = answer
        .key_metadata
        .ok_or_else(|| failed(&std::io::Error::other("no key in the answer")))?;
    // Interrupted here, a key stays behind that nothing uses; the next start makes another.
    let request = client.create_alias().alias_name(alias).target_key_id(key.key_id());
    request.send().await.map_err(|error| failed(&error))?;
    Ok(key)
}
