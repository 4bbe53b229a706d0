//! Changing webhook destinations.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::{AttributeValue, ReturnValue, TransactWriteItem, Update},
};

use super::{
    NotWritten, Store, StoredDestination,
    destinations::{incomplete, number, stored, text},
    keys,
};
use crate::{
    aws::AwsError,
    domain::{DestinationId, Scope, Timestamp, WebhookType, WebhookVersion},
    vault::{Fingerprint, SealedWebhookSecret},
};

const UPDATE: &str = "dynamodb:UpdateItem";

type Item = HashMap<String, AttributeValue>;

/// What is to change of a destination: `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct DestinationChange {
    /// What its owner calls it.
    pub label: Option<String>,
    /// Where it is, and what that is called in a key.
    pub url: Option<(String, Fingerprint)>,
    /// Whether anything is sent there.
    pub enabled: Option<bool>,
    /// What its owner says that it reads.
    pub version: Option<WebhookVersion>,
    /// What is sent there.
    pub subscribed: Option<Vec<WebhookType>>,
}

impl Store {
    /// Changes a destination that was read, at `now`, and answers it as it is then.
    pub async fn change_destination(
        &self,
        scope: &Scope,
        known: &StoredDestination,
        change: &DestinationChange,
        now: Timestamp,
    ) -> Result<StoredDestination, NotWritten> {
        let (id, key) = (known.destination.id, keys::destination(scope, known.destination.id));
        let (expression, names, values) = expression(change, now);
        match change.url.as_ref().filter(|(_, name)| *name != known.url_name) {
            None => {
                let update = self.client.update_item().table_name(&self.users_table);
                let update = update.set_key(Some(key.attributes())).update_expression(expression);
                let update = update.set_expression_attribute_names(Some(names));
                let update = update.set_expression_attribute_values(Some(values));
                let update = update.condition_expression("attribute_exists(pk)");
                let answer = update.return_values(ReturnValue::AllNew).send().await;
                let attributes = answer.map_err(|error| not_updated(&error))?.attributes;
                let missing = || AwsError::unexpected(UPDATE, "no item in the answer");
                Ok(stored(attributes.ok_or_else(missing)?)?)
            }
            Some((_, name)) => {
                let update = Update::builder().table_name(&self.users_table);
                let update = update.set_key(Some(key.attributes())).update_expression(expression);
                let update = update.set_expression_attribute_names(Some(names));
                let update = update.set_expression_attribute_values(Some(values));
                let update = update.condition_expression("#url_name = :known");
                let update = update.expression_attribute_names("#url_name", "url_name");
                let update =
                    update.expression_attribute_values(":known", text(known.url_name.as_str()));
                let update = update.build().map_err(incomplete)?;
                let parts = [
                    TransactWriteItem::builder().update(update).build(),
                    self.claim_url(scope, name, id)?,
                    self.release_url(scope, &known.url_name)?,
                ];
                let meaning = [NotWritten::Stale, NotWritten::UrlTaken, NotWritten::Stale];
                self.transact(parts.into(), meaning.into()).await?;
                self.destination(scope, id).await?.ok_or(NotWritten::Stale)
            }
        }
    }

    /// Puts a new secret in place of the one that there is, which holds until a time to come as well.
    pub async fn rotate_webhook_secret(
        &self,
        scope: &Scope,
        id: DestinationId,
        secret: &SealedWebhookSecret,
        previous_until: Timestamp,
        now: Timestamp,
    ) -> Result<StoredDestination, NotWritten> {
        let update = self.client.update_item().table_name(&self.users_table);
        let update = update.set_key(Some(keys::destination(scope, id).attributes()));
        let update = update.update_expression(
            "SET previous_secret = secret, previous_branch = secret_branch, previous_until = :until, \
             secret = :secret, secret_branch = :branch, updated_at = :now",
        );
        let envelope = AttributeValue::B(Blob::new(secret.envelope.clone()));
        let update = update.expression_attribute_values(":secret", envelope);
        let update = update.expression_attribute_values(":branch", number(secret.branch_version));
        let update =
            update.expression_attribute_values(":until", number(previous_until.unix_millis()));
        let update = update.expression_attribute_values(":now", number(now.unix_millis()));
        let update = update.condition_expression("attribute_exists(pk)");
        let answer = update.return_values(ReturnValue::AllNew).send().await;
        let attributes = answer.map_err(|error| not_updated(&error))?.attributes;
        let missing = || AwsError::unexpected(UPDATE, "no item in the answer");
        Ok(stored(attributes.ok_or_else(missing)?)?)
    }
}

/// What an update sets, with its names and values.
fn expression(
    change: &DestinationChange,
    now: Timestamp,
) -> (String, HashMap<String, String>, Item) {
    let kinds = |kinds: &Vec<WebhookType>| {
        AttributeValue::L(kinds.iter().map(|kind| text(kind.as_str())).collect())
    };
    let url = change.url.as_ref();
    let sets = [
        ("label", change.label.as_deref().map(text)),
        ("url", url.map(|(url, _)| text(url))),
        ("url_name", url.map(|(_, name)| text(name.as_str()))),
        ("enabled", change.enabled.map(AttributeValue::Bool)),
        ("version", change.version.map(|version| text(version.as_str()))),
        ("subscribed", change.subscribed.as_ref().map(kinds)),
        ("updated_at", Some(number(now.unix_millis()))),
    ];
    let mut parts = Vec::new();
    let (mut names, mut values) = (HashMap::new(), Item::new());
    for (name, value) in sets.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        parts.push(format!("#{name} = :{name}"));
        names.insert(format!("#{name}"), name.to_owned());
        values.insert(format!(":{name}"), value);
    }
    (format!("SET {}", parts.join(", ")), names, values)
}

fn not_updated<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> NotWritten {
    if AwsError::is_failed_condition(error) {
        NotWritten::Stale
    } else {
        AwsError::of(UPDATE, error).into()
    }
}
