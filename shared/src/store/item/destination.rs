//! A webhook destination as an item, and back.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::{
    aws::AwsError,
    domain::{Destination, DestinationId, Scope, Timestamp, WebhookType, WebhookVersion},
    store::keys,
    vault::{Fingerprint, SealedWebhookSecret},
};

/// The signing secrets of a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationSecrets {
    /// The one that holds.
    pub current: SealedWebhookSecret,
    /// The one that it replaced, and until when that one holds too.
    pub previous: Option<(SealedWebhookSecret, Timestamp)>,
}

/// A destination with what only the store knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDestination {
    /// The destination.
    pub destination: Destination,
    /// What its URL is called in a key.
    pub url_name: Fingerprint,
    /// Its secrets.
    pub secrets: DestinationSecrets,
}

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct DestinationItem {
    pk: String,
    sk: String,
    label: String,
    url: String,
    url_name: String,
    enabled: bool,
    version: String,
    subscribed: Vec<String>,
    created_at: i64,
    updated_at: i64,
    secret: ByteBuf,
    secret_branch: u32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    previous_secret: Option<ByteBuf>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    previous_branch: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    previous_until: Option<i64>,
}

impl DestinationItem {
    pub(in crate::store) fn of(scope: &Scope, stored: &StoredDestination) -> Self {
        let StoredDestination { destination, url_name, secrets } = stored;
        let keys::Key { pk, sk } = keys::destination(scope, destination.id);
        let (previous, until) = secrets.previous.clone().unzip();
        Self {
            pk,
            sk,
            label: destination.label.clone(),
            url: destination.url.clone(),
            url_name: url_name.as_str().to_owned(),
            enabled: destination.enabled,
            version: destination.version.as_str().to_owned(),
            subscribed: names(&destination.subscribed),
            created_at: destination.created_at.unix_millis(),
            updated_at: destination.updated_at.unix_millis(),
            secret: secrets.current.envelope.clone().into(),
            secret_branch: secrets.current.branch_version,
            previous_branch: previous.as_ref().map(|secret| secret.branch_version),
            previous_secret: previous.map(|secret| secret.envelope.into()),
            previous_until: until.map(Timestamp::unix_millis),
        }
    }

    pub(in crate::store) fn into_stored(self) -> Result<StoredDestination, AwsError> {
        let unreadable = || AwsError::unexpected("dynamodb:Query", "an unreadable destination");
        self.parse().ok_or_else(unreadable)
    }

    fn parse(self) -> Option<StoredDestination> {
        let id = self.sk.strip_prefix(keys::DESTINATION_PREFIX)?;
        let subscribed = self.subscribed.iter().map(|name| WebhookType::parse(name));
        let previous = match (self.previous_secret, self.previous_branch, self.previous_until) {
            (Some(envelope), Some(branch_version), Some(until)) => {
                let sealed = SealedWebhookSecret { branch_version, envelope: envelope.into_vec() };
                Some((sealed, Timestamp::from_unix_millis(until)))
            }
            (None, None, None) => None,
            _ => return None,
        };
        let destination = Destination {
            id: DestinationId::parse(id).ok()?,
            label: self.label,
            url: self.url,
            enabled: self.enabled,
            version: WebhookVersion::parse(&self.version)?,
            subscribed: subscribed.collect::<Option<_>>()?,
            created_at: Timestamp::from_unix_millis(self.created_at),
            updated_at: Timestamp::from_unix_millis(self.updated_at),
        };
        let current = SealedWebhookSecret {
            branch_version: self.secret_branch,
            envelope: self.secret.into_vec(),
        };
        Some(StoredDestination {
            destination,
            url_name: Fingerprint::from_stored(self.url_name),
            secrets: DestinationSecrets { current, previous },
        })
    }
}

pub(in crate::store) fn names(subscribed: &[WebhookType]) -> Vec<String> {
    subscribed.iter().map(|kind| kind.as_str().to_owned()).collect()
}
