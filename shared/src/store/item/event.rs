//! An event as an item, and back.

use serde::{Deserialize, Serialize};

use crate::{
    aws::AwsError,
    domain::{Event, EventKind, ExternalId, Origin, RequestId, Scope, Status, Timestamp, UserId},
    store::keys,
};

#[derive(Serialize, Deserialize)]
pub(in crate::store) struct EventItem {
    pk: String,
    sk: String,
    event_id: String,
    kind: String,
    at: i64,
    actor: String,
    operation: String,
    request_id: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    version: Option<u64>,
    fields: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    ignored: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    previous_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    new_status: Option<String>,
    /// JSON text, as metadata is.
    changes: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ttl: Option<i64>,
}

impl EventItem {
    pub(in crate::store) fn of(scope: &Scope, user: UserId, event: &Event) -> Self {
        let keys::Key { pk, sk } = keys::event(scope, user, event.id);
        let (previous_status, new_status) = event.statuses.unzip();
        let name = |status: Status| status.as_str().to_owned();
        Self {
            pk,
            sk,
            event_id: event.id.to_string(),
            kind: event.kind.as_str().to_owned(),
            at: event.at.unix_millis(),
            actor: event.origin.actor.clone(),
            operation: event.origin.operation.to_string(),
            request_id: event.origin.request_id.as_str().to_owned(),
            external_id: event.external_id.as_ref().map(|id| id.as_str().to_owned()),
            version: event.version,
            fields: event.fields.clone(),
            ignored: event.ignored.clone(),
            previous_status: previous_status.map(name),
            new_status: new_status.map(name),
            changes: serde_json::Value::Object(event.changes.clone()).to_string(),
            reason: event.reason.clone(),
            ttl: event.purge_at.map(Timestamp::unix_seconds),
        }
    }

    /// The partition key.
    pub(in crate::store) fn partition(&self) -> &str {
        &self.pk
    }

    pub(in crate::store) fn into_event(self) -> Result<Event, AwsError> {
        let unreadable = || AwsError::unexpected("dynamodb:Query", "an unreadable event");
        self.parse().ok_or_else(unreadable)
    }

    fn parse(self) -> Option<Event> {
        let status = |name: &String| Status::ALL.into_iter().find(|status| status.as_str() == name);
        let statuses = match (&self.previous_status, &self.new_status) {
            (Some(previous), Some(new)) => Some((status(previous)?, status(new)?)),
            (None | Some(_), None) | (None, Some(_)) => None,
        };
        Some(Event {
            id: self.event_id.parse().ok()?,
            kind: EventKind::ALL.into_iter().find(|kind| kind.as_str() == self.kind)?,
            at: Timestamp::from_unix_millis(self.at),
            origin: Origin {
                actor: self.actor,
                operation: self.operation.into(),
                request_id: RequestId::new(self.request_id),
            },
            external_id: self.external_id.as_deref().map(ExternalId::parse).transpose().ok()?,
            version: self.version,
            fields: self.fields,
            ignored: self.ignored,
            statuses,
            purge_at: self.ttl.map(|ttl| Timestamp::from_unix_millis(ttl.saturating_mul(1000))),
            changes: serde_json::from_str(&self.changes).ok()?,
            reason: self.reason,
        })
    }
}
