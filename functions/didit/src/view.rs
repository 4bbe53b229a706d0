//! How Didit shows a user: 22 members in a list, 25 by itself.

use std::collections::BTreeMap;

use lambda_http::http::{StatusCode, header::ETAG};
use secrecy::ExposeSecret;
use serde::Serialize;
use shared::{
    Result,
    domain::{Event, ExternalId, Status, Tag, Timestamp, User, field::FieldId},
    http::{self, Response},
    users::open_contacts,
    vault::DataKey,
};
use uuid::Uuid;

use crate::comments::{CommentView, comments};

/// A row of a list. It has no `Debug`: it holds opened fields.
#[derive(Serialize)]
pub(crate) struct RowView<'a, T> {
    didit_internal_id: String,
    vendor_data: Option<&'a str>,
    display_name: Option<&'a str>,
    full_name: Option<String>,
    date_of_birth: Option<String>,
    effective_name: Option<String>,
    status: &'static str,
    portrait_image_url: Option<&'a str>,
    session_count: u32,
    approved_count: u32,
    declined_count: u32,
    in_review_count: u32,
    issuing_states: &'a [String],
    approved_emails: Vec<String>,
    approved_phones: Vec<String>,
    features: BTreeMap<&'static str, &'static str>,
    features_list: Vec<FeatureView>,
    last_session_at: Option<String>,
    last_activity_at: String,
    first_session_at: Option<String>,
    tags: Vec<T>,
    created_at: String,
}

/// One user by itself.
#[derive(Serialize)]
struct DetailView<'a> {
    #[serde(flatten)]
    row: RowView<'a, TagLinkView<'a>>,
    metadata: &'a serde_json::Map<String, serde_json::Value>,
    comments: Vec<CommentView>,
    updated_at: String,
}

#[derive(Serialize)]
struct FeatureView {
    feature: &'static str,
    status: &'static str,
}

/// A tag in a list.
#[derive(Serialize)]
pub(crate) struct TagView<'a> {
    uuid: String,
    name: &'a str,
    color: &'a str,
}

/// A tag of a user by itself: the link, and the tag behind it.
#[derive(Serialize)]
struct TagLinkView<'a> {
    uuid: String,
    tag: LinkedTagView<'a>,
    added_by_email: Option<&'a str>,
    added_by_name: Option<&'a str>,
    created_at: String,
}

#[derive(Serialize)]
struct LinkedTagView<'a> {
    #[serde(flatten)]
    tag: TagView<'a>,
    description: Option<&'a str>,
    source: &'static str,
    created_at: String,
    updated_at: String,
}

/// What Didit calls a status. A deleted user is shown by no operation of Didit's.
pub(crate) const fn status(status: Status) -> &'static str {
    match status {
        Status::Active => "ACTIVE",
        Status::Flagged => "FLAGGED",
        Status::Blocked | Status::Deleted => "BLOCKED",
    }
}

impl<'a, T> RowView<'a, T> {
    fn new(user: &'a User, data_key: Option<&DataKey>, tag: impl Fn(&'a Tag) -> T) -> Result<Self> {
        let sessions = &user.sessions;
        let full_name = user.full_name();
        let features = sessions.features.iter();
        let features: BTreeMap<_, _> =
            features.map(|(feature, result)| (feature.as_str(), result.status.as_str())).collect();
        Ok(Self {
            didit_internal_id: user.id.to_uuid().to_string(),
            vendor_data: user.external_id.as_ref().map(ExternalId::as_str),
            display_name: user.display_name.as_deref(),
            effective_name: user.display_name.clone().or_else(|| full_name.clone()),
            full_name,
            date_of_birth: date_of_birth(user, data_key)?,
            status: status(user.status),
            portrait_image_url: None,
            session_count: sessions.count,
            approved_count: sessions.approved,
            declined_count: sessions.declined,
            in_review_count: sessions.in_review,
            issuing_states: &user.issuing_states,
            approved_emails: open_contacts(user, data_key, &FieldId::APPROVED_EMAILS)?,
            approved_phones: open_contacts(user, data_key, &FieldId::APPROVED_PHONES)?,
            features_list: features
                .iter()
                .map(|(feature, status)| FeatureView { feature, status })
                .collect(),
            features,
            last_session_at: sessions.last_at.map(Timestamp::to_seconds_string),
            last_activity_at: user.last_activity_at().to_seconds_string(),
            first_session_at: sessions.first_at.map(Timestamp::to_seconds_string),
            tags: user.tags.iter().map(tag).collect(),
            created_at: user.created_at.to_seconds_string(),
        })
    }
}

/// A user as a row of a list.
pub(crate) fn row<'a>(
    user: &'a User,
    data_key: Option<&DataKey>,
) -> Result<RowView<'a, TagView<'a>>> {
    RowView::new(user, data_key, TagView::of)
}

/// A user by itself, with what happened to them, as an answer.
pub(crate) fn detail(
    status: StatusCode,
    user: &User,
    data_key: Option<&DataKey>,
    events: &[Event],
) -> Result<Response> {
    let view = DetailView {
        row: RowView::new(user, data_key, |tag| TagLinkView::of(user, tag))?,
        metadata: user.metadata.as_object(),
        comments: comments(events),
        updated_at: user.updated_at.to_seconds_string(),
    };
    let mut response = http::json(status, &view);
    response.headers_mut().extend(http::etag(user.version).map(|tag| (ETAG, tag)));
    Ok(response)
}

/// Didit shows the date of birth to whoever may see the user.
fn date_of_birth(user: &User, data_key: Option<&DataKey>) -> Result<Option<String>> {
    let Some((sealed, data_key)) = user.sealed.get(&FieldId::DATE_OF_BIRTH).zip(data_key) else {
        return Ok(None);
    };
    // EXPOSE: it is a member of the documented shape.
    Ok(Some(data_key.open_field(&FieldId::DATE_OF_BIRTH, sealed)?.expose_secret().to_owned()))
}

impl<'a> TagView<'a> {
    fn of(tag: &'a Tag) -> Self {
        Self { uuid: tag_id(&tag.name).to_string(), name: &tag.name, color: &tag.color }
    }
}

impl<'a> TagLinkView<'a> {
    fn of(user: &User, tag: &'a Tag) -> Self {
        let added_at = tag.added_at.to_seconds_string();
        Self {
            uuid: Uuid::new_v5(&user.id.to_uuid(), tag.name.as_bytes()).to_string(),
            tag: LinkedTagView {
                tag: TagView::of(tag),
                description: None,
                source: "custom",
                created_at: added_at.clone(),
                updated_at: added_at.clone(),
            },
            added_by_email: None,
            added_by_name: None,
            created_at: added_at,
        }
    }
}

/// A tag is its name: the same one has the same id wherever it is (UUID version 5,
/// [RFC 9562 §5.5](https://www.rfc-editor.org/rfc/rfc9562#section-5.5)).
fn tag_id(name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
}
