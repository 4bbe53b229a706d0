//! What a receiver is told of an event: flat, as Didit's newer pages have it.

use serde_json::{Map, Value, json};
use shared::domain::{
    Delivery, Destination, Event, EventKind, ExternalId, Scope, Status, Timestamp, UserId,
    WebhookType,
};

use crate::canonical::canonical;

/// What a receiver is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Told<'a> {
    /// Of an event.
    Event(&'a Event, WebhookType),
    /// That this is a test.
    Test,
}

impl<'a> Told<'a> {
    /// What a delivery tells, if there is something to tell.
    pub(crate) fn of(delivery: &Delivery, event: Option<&'a Event>) -> Option<Self> {
        match (delivery.user, event) {
            (None, _) => Some(Self::Test),
            (Some(_), Some(event)) => Some(Self::Event(event, webhook_type(event)?)),
            (Some(_), None) => None,
        }
    }

    /// Whether a destination is to be told. A test is asked for, whatever is subscribed to.
    pub(crate) fn is_wanted(&self, destination: &Destination) -> bool {
        match self {
            Self::Event(_, kind) => destination.wants(*kind),
            Self::Test => true,
        }
    }

    /// Its type. A test has that of what the destination is sent otherwise.
    pub(crate) fn kind(&self, destination: &Destination) -> WebhookType {
        let sent = [WebhookType::UserDataUpdated, WebhookType::UserStatusUpdated];
        match self {
            Self::Event(_, kind) => *kind,
            Self::Test => {
                let subscribed = destination.subscribed.iter().find(|it| sent.contains(it));
                subscribed.copied().unwrap_or(WebhookType::UserDataUpdated)
            }
        }
    }

    /// The status that its body names; empty where it names none.
    pub(crate) fn status(&self) -> &'static str {
        match self {
            Self::Event(event, _) => status_of(event),
            Self::Test => "",
        }
    }

    /// Its body for an attempt at `at`, in its normal spelling.
    pub(crate) fn body(&self, kind: WebhookType, delivery: &Delivery, at: Timestamp) -> String {
        canonical(&match (self, delivery.user) {
            (Self::Event(event, _), Some(user)) => body(event, kind, &delivery.scope, user, at),
            (Self::Test | Self::Event(..), _) => test(kind, delivery, at),
        })
    }
}

/// The body of a test: of the shape of the others, about nobody, and it says that it is one.
fn test(kind: WebhookType, delivery: &Delivery, at: Timestamp) -> Value {
    json!({
        "event_id": delivery.event.to_string(),
        "webhook_type": kind.as_str(),
        "timestamp": at.unix_seconds(),
        "created_at": at.unix_seconds(),
        "environment": delivery.scope.mode.as_str(),
        "vendor_data": null,
        "vendor_user_id": null,
        "changed_fields": [],
        "changes": {},
        "test": true,
    })
}

/// What is sent of an event, if anything is: a reveal is not, nor a change that changed nothing.
pub(crate) fn webhook_type(event: &Event) -> Option<WebhookType> {
    match event.kind {
        EventKind::StatusChanged => Some(WebhookType::UserStatusUpdated),
        EventKind::Created | EventKind::Deleted => Some(WebhookType::UserDataUpdated),
        EventKind::Updated | EventKind::Verified => {
            (!event.fields.is_empty()).then_some(WebhookType::UserDataUpdated)
        }
        EventKind::Revealed => None,
    }
}

/// The status that a body names; empty where it names none.
fn status_of(event: &Event) -> &'static str {
    match (event.kind, event.statuses) {
        (EventKind::StatusChanged, Some((_, new))) => status(new),
        _ => "",
    }
}

/// The body of an event for an attempt at `at`. Holds no value of an encrypted field: only its name.
fn body(event: &Event, kind: WebhookType, scope: &Scope, user: UserId, at: Timestamp) -> Value {
    let mut body = Map::new();
    let mut add = |name: &str, value: Value| body.insert(name.to_owned(), value);
    add("event_id", event.id.to_string().into());
    add("webhook_type", kind.as_str().into());
    add("timestamp", at.unix_seconds().into());
    add("created_at", event.at.unix_seconds().into());
    add("environment", scope.mode.as_str().into());
    add("vendor_data", event.external_id.as_ref().map(ExternalId::as_str).into());
    add("vendor_user_id", user.to_uuid().to_string().into());
    match event.kind {
        EventKind::StatusChanged => {
            let (previous, new) = event.statuses.unzip();
            add("status", new.map(status).into());
            add("previous_status", previous.map(status).into());
        }
        EventKind::Created
        | EventKind::Updated
        | EventKind::Verified
        | EventKind::Deleted
        | EventKind::Revealed => {
            let names: Vec<String> = told(event).map(|field| Event::vendor_name(field)).collect();
            add("changed_fields", names.into());
            add("changes", changes(event).into());
        }
    }
    if event.kind == EventKind::Deleted {
        add("deleted_at", event.at.to_seconds_string().into());
    }
    body.into()
}

/// What was and what is, by Didit's name of each changed field. Of an encrypted field there is neither.
fn changes(event: &Event) -> Map<String, Value> {
    let change = |field: &String| {
        let known = event.changes.get(field).cloned();
        let change = match (field.as_str(), event.statuses) {
            ("status", Some((previous, new))) => {
                json!({"previous": status(previous), "current": status(new)})
            }
            _ => known
                .unwrap_or_else(|| json!({"previous": null, "current": null, "redacted": true})),
        };
        (Event::vendor_name(field), change)
    };
    told(event).map(change).collect()
}

/// The fields that are told of: a session is told of by what it changed.
fn told(event: &Event) -> impl Iterator<Item = &String> {
    event.fields.iter().filter(|field| *field != "verification")
}

/// What Didit calls a status.
const fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "ACTIVE",
        Status::Flagged => "FLAGGED",
        Status::Blocked => "BLOCKED",
        Status::Deleted => "DELETED",
    }
}
