//! The activity log of a user: its events, told as Didit tells them.

use serde::Serialize;
use serde_json::Value;
use shared::domain::{Event, EventKind};
use uuid::Uuid;

use crate::view::status;

/// One entry.
#[derive(Serialize)]
pub(crate) struct CommentView {
    uuid: String,
    comment_type: &'static str,
    comment: Option<String>,
    actor_email: Option<String>,
    actor_name: Option<String>,
    previous_status: Option<&'static str>,
    new_status: Option<&'static str>,
    previous_value: Option<Value>,
    new_value: Option<Value>,
    changed_fields: Vec<String>,
    metadata: Option<Value>,
    mentioned_emails: Vec<String>,
    created_at: String,
}

/// The entries of `events`, in their order. Making, deleting and revealing a user are not activity; a verification is one
/// as far as it changed the profile.
pub(crate) fn comments(events: &[Event]) -> Vec<CommentView> {
    events.iter().flat_map(of_event).collect()
}

fn of_event(event: &Event) -> Vec<CommentView> {
    match event.kind {
        EventKind::StatusChanged => vec![CommentView {
            comment: event.reason.clone(),
            previous_status: event.statuses.map(|(previous, _)| status(previous)),
            new_status: event.statuses.map(|(_, new)| status(new)),
            ..CommentView::new(event, 0, "STATUS_CHANGED")
        }],
        EventKind::Updated | EventKind::Verified => of_update(event),
        EventKind::Created | EventKind::Deleted | EventKind::Revealed => Vec::new(),
    }
}

/// Metadata, tags and the profile have entries of their own. A status that came along in a profile update has none.
fn of_update(event: &Event) -> Vec<CommentView> {
    let change = |field: &str, side: &str| {
        event.changes.get(field).and_then(|change| change.get(side)).cloned()
    };
    let mut entries = Vec::new();
    let mut add = |kind, fill: &dyn Fn(CommentView) -> CommentView| {
        entries.push(fill(CommentView::new(event, entries.len(), kind)));
    };
    if event.changes.contains_key("metadata") {
        add("METADATA_UPDATED", &|entry| CommentView {
            previous_value: change("metadata", "previous"),
            new_value: change("metadata", "current"),
            changed_fields: vec!["metadata".to_owned()],
            ..entry
        });
    }
    let names = |side| match change("tags", side) {
        Some(Value::Array(names)) => names,
        Some(_) | None => Vec::new(),
    };
    let (before, after) = (names("previous"), names("current"));
    for name in after.iter().filter(|name| !before.contains(name)) {
        add("TAG_ADDED", &|entry| CommentView { new_value: Some(name.clone()), ..entry });
    }
    for name in before.iter().filter(|name| !after.contains(name)) {
        add("TAG_REMOVED", &|entry| CommentView { previous_value: Some(name.clone()), ..entry });
    }
    let profile = |field: &&String| {
        !matches!(field.as_str(), "metadata" | "tags" | "status" | "verification")
    };
    let changed_fields: Vec<_> =
        event.fields.iter().filter(profile).map(|field| name_of(field)).collect();
    if !changed_fields.is_empty() {
        add("PROFILE_UPDATED", &|entry| CommentView {
            changed_fields: changed_fields.clone(),
            ..entry
        });
    }
    entries
}

/// What Didit calls a field.
fn name_of(field: &str) -> String {
    match field {
        "external_id" => "vendor_data".to_owned(),
        "approved.emails" => "approved_emails".to_owned(),
        "approved.phones" => "approved_phones".to_owned(),
        other => other.strip_prefix("identity.").unwrap_or(other).to_owned(),
    }
}

impl CommentView {
    fn new(event: &Event, number: usize, comment_type: &'static str) -> Self {
        Self {
            uuid: entry_id(event.id, number).to_string(),
            comment_type,
            comment: None,
            actor_email: None,
            actor_name: None,
            previous_status: None,
            new_status: None,
            previous_value: None,
            new_value: None,
            changed_fields: Vec::new(),
            metadata: None,
            mentioned_emails: Vec::new(),
            created_at: event.at.to_seconds_string(),
        }
    }
}

/// One event can be several entries; the first has its id.
fn entry_id(event: Uuid, number: usize) -> Uuid {
    if number == 0 { event } else { Uuid::new_v5(&event, number.to_string().as_bytes()) }
}
