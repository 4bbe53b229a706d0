//! What happened to a user: audit record, activity entry and webhook outbox at once.

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{RequestId, Status, Timestamp};

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A user was made.
    Created,
    /// Something of a user changed.
    Updated,
    /// A user was put into another status, for its own sake.
    StatusChanged,
    /// A user was deleted.
    Deleted,
    /// Sealed fields were shown in clear.
    Revealed,
    /// A verification session was recorded.
    Verified,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Created,
        Self::Updated,
        Self::StatusChanged,
        Self::Deleted,
        Self::Revealed,
        Self::Verified,
    ];

    /// The name in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "user.created",
            Self::Updated => "user.updated",
            Self::StatusChanged => "user.status_changed",
            Self::Deleted => "user.deleted",
            Self::Revealed => "user.revealed",
            Self::Verified => "user.verified",
        }
    }
}

/// Who did it, and in the course of what.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The credential, as in `key:abc…`.
    pub actor: String,
    /// The operation, as in `palm_create_user`.
    pub operation: Cow<'static, str>,
    /// The request.
    pub request_id: RequestId,
}

/// One event. It names encrypted fields and never holds a value of one.
#[derive(Debug, Clone)]
pub struct Event {
    /// Time-ordered and unique: UUID version 7.
    pub id: Uuid,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// Who and why technically.
    pub origin: Origin,
    /// The user's version after it, where it was a change.
    pub version: Option<u64>,
    /// What changed, or what was shown: `display_name`, `metadata`, full vault field ids.
    pub fields: Vec<String>,
    /// What the caller wanted to change and may not: fields that a verification established.
    pub ignored: Vec<String>,
    /// The status before and after it, where it changed.
    pub statuses: Option<(Status, Status)>,
    /// When every trace goes, for an event of a deleted user.
    pub purge_at: Option<Timestamp>,
    /// For what is stored in clear: `{field: {previous, current}}`.
    pub changes: Map<String, Value>,
    /// What the caller gave as the reason.
    pub reason: Option<String>,
}

impl Event {
    /// An event at `at`, with nothing in it yet.
    #[expect(clippy::disallowed_methods, reason = "this is where event ids are made")]
    pub fn new(kind: EventKind, at: Timestamp, origin: Origin) -> Self {
        let id = Uuid::now_v7();
        Self {
            id,
            kind,
            at,
            origin,
            version: None,
            fields: Vec::new(),
            ignored: Vec::new(),
            statuses: None,
            purge_at: None,
            changes: Map::new(),
            reason: None,
        }
    }

    /// Whether nothing was changed and nothing refused.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.ignored.is_empty()
    }

    /// Notes that an encrypted field changed, by name only.
    pub fn name_field(&mut self, field: impl Into<String>) {
        self.fields.push(field.into());
    }

    /// Notes a change of something that is stored in clear.
    pub fn record_change(
        &mut self,
        field: &str,
        previous: impl Into<Value>,
        current: impl Into<Value>,
    ) {
        self.fields.push(field.to_owned());
        let change = json!({"previous": previous.into(), "current": current.into()});
        self.changes.insert(field.to_owned(), change);
    }
}
