//! `PATCH /v3/users/{vendor_data}/`

use lambda_http::http::StatusCode;
use serde_json::Value as Json;
use shared::{
    App, Result,
    domain::{Event, Metadata, Status, Tag, User, field::FieldId, value::is_text},
    http::{Call, Response},
    users::{
        Change, ChangeKind, Contacts, FieldChanges, apply_fields, change_with_history, may_change,
    },
};

use crate::{
    get_user::HISTORY,
    read::{self, Body},
    view,
};

/// What sessions establish and no update changes.
const READ_ONLY: [&str; 13] = [
    "portrait_image",
    "portrait_image_url",
    "session_count",
    "approved_count",
    "declined_count",
    "in_review_count",
    "features",
    "features_list",
    "first_session_at",
    "last_session_at",
    "last_activity_at",
    "effective_name",
    "vendor_data",
];

/// The colour of a tag that has none.
const DEFAULT_COLOR: &str = "#6B7280";

/// What is to change: `None` stays as it is.
struct Update {
    display_name: Option<Option<String>>,
    fields: FieldChanges,
    status: Option<Status>,
    metadata: Option<Metadata>,
    contacts: Contacts,
    issuing_states: Option<Vec<String>>,
    tags: Option<Vec<(String, Option<String>)>>,
    ignored: Vec<&'static str>,
}

/// Changes a user's profile. What may not be changed is left alone, and the event says that it was tried.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let update = update(&call)?;
    let id = read::user_id(app, &call).await?;
    let apply =
        |user: &mut User, event: &mut Event, keys: &Change<'_>| update.apply(user, event, keys);
    let (changed, events) =
        change_with_history(app, &call, id, ChangeKind::SEALED, HISTORY, apply).await?;
    view::detail(StatusCode::OK, &changed.user, changed.data_key.as_ref(), &events)
}

fn update(call: &Call) -> Result<Update> {
    let mut body = Body::of(call)?;
    let display_name = body.nullable_text("display_name", User::MAX_DISPLAY_NAME_CHARS);
    let mut fields = FieldChanges::new();
    if let Some(name) = body.nullable_text("full_name", 512) {
        let name = name.and_then(|name| FieldId::FULL_NAME.value(&name).ok());
        fields.insert(FieldId::FULL_NAME, name);
    }
    if let Some(date) = body.date_of_birth() {
        fields.insert(FieldId::DATE_OF_BIRTH, date);
    }
    let update = Update {
        display_name,
        fields,
        status: body.status(read::no_choice),
        metadata: body.metadata(),
        contacts: Contacts { emails: body.approved_emails(), phones: body.approved_phones() },
        issuing_states: body.issuing_states(),
        tags: body.list("tags", tag),
        ignored: READ_ONLY.into_iter().filter(|name| body.take(name).is_some()).collect(),
    };
    body.faults.check()?;
    Ok(update)
}

/// A tag: its name, `{"name": …, "color": …}`, or the link to one as an answer has it.
fn tag(element: &Json) -> Result<(String, Option<String>), String> {
    let element = element.get("tag").unwrap_or(element);
    let (name, color) = if let Json::Object(members) = element {
        (members.get("name"), members.get("color"))
    } else {
        (Some(element), None)
    };
    let name = name.and_then(Json::as_str).filter(|name| is_text(name, 64));
    let name = name.ok_or("Enter a tag name of 1 to 64 characters.")?;
    let color = match color {
        None | Some(Json::Null) => None,
        Some(color) => {
            let color = color.as_str().filter(|color| is_color(color));
            Some(color.ok_or("Enter a color as # and six hex digits.")?.to_owned())
        }
    };
    Ok((name.to_owned(), color))
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl Update {
    fn apply(&self, user: &mut User, event: &mut Event, keys: &Change<'_>) -> Result<()> {
        event.ignored.extend(self.ignored.iter().map(|name| (*name).to_owned()));
        self.apply_fields(user, event, keys)?;
        if let Some(name) = &self.display_name
            && *name != user.display_name
        {
            event.record_change("display_name", user.display_name.clone(), name.clone());
            user.display_name.clone_from(name);
        }
        if let Some(metadata) = &self.metadata
            && *metadata != user.metadata
        {
            let (previous, current) = (user.metadata.as_object(), metadata.as_object());
            event.record_change("metadata", previous.clone(), current.clone());
            user.metadata = metadata.clone();
        }
        if let Some(states) = &self.issuing_states
            && may_change(user, event, &FieldId::ISSUING_STATES)
            && *states != user.issuing_states
        {
            event.record_change("issuing_states", user.issuing_states.clone(), states.clone());
            user.issuing_states.clone_from(states);
        }
        if let Some(status) = self.status
            && status != user.status
        {
            event.statuses = Some((user.status, status));
            event.name_field("status");
            user.status = status;
        }
        if let Some(tags) = &self.tags {
            apply_tags(user, event, tags);
        }
        Ok(())
    }

    /// Fields and lists that a verification established stay as they are.
    fn apply_fields(&self, user: &mut User, event: &mut Event, keys: &Change<'_>) -> Result<()> {
        apply_fields(user, event, &self.fields, keys.data_key()?, keys.index, "")?;
        self.contacts.apply(user, event, keys.data_key()?, keys.index)
    }
}

/// Tags that stay keep the time since when they are there, and their colour where none is given.
fn apply_tags(user: &mut User, event: &mut Event, wanted: &[(String, Option<String>)]) {
    let mut tags: Vec<Tag> = Vec::new();
    for (name, color) in wanted {
        if tags.iter().any(|tag| tag.name == *name) {
            continue;
        }
        let kept = user.tags.iter().find(|tag| tag.name == *name);
        let color = color.clone().or_else(|| kept.map(|tag| tag.color.clone()));
        let added_at = kept.map_or(event.at, |tag| tag.added_at);
        let color = color.unwrap_or_else(|| DEFAULT_COLOR.to_owned());
        tags.push(Tag { name: name.clone(), color, added_at });
    }
    if tags != user.tags {
        let names = |tags: &[Tag]| tags.iter().map(|tag| tag.name.clone()).collect::<Vec<_>>();
        event.record_change("tags", names(&user.tags), names(&tags));
        user.tags = tags;
    }
}
