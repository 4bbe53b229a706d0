//! Reading what Truv's requests have in common.

use serde_json::{Map, Value as Json};
use shared::{
    Error, Result,
    domain::{ExternalId, UserId, field::FieldId},
    error::Faults,
    http::Call,
    users::FieldChanges,
};

/// A documented member of a body.
struct Member {
    name: &'static str,
    /// What messages call it.
    label: &'static str,
    required: bool,
}

static EXTERNAL_USER_ID: Member = required("external_user_id", "External user id");

/// The members that are fields of the vault.
static FIELDS: [(Member, FieldId); 5] = [
    (required("first_name", "First name"), FieldId::FIRST_NAME),
    (required("last_name", "Last name"), FieldId::LAST_NAME),
    (optional("email", "Email"), FieldId::EMAIL),
    (optional("phone", "Phone"), FieldId::PHONE_NUMBER),
    (optional("ssn", "Ssn"), FieldId::SSN),
];

const fn required(name: &'static str, label: &'static str) -> Member {
    Member { name, label, required: true }
}

const fn optional(name: &'static str, label: &'static str) -> Member {
    Member { name, label, required: false }
}

/// What a body says of a user.
pub(crate) struct Profile {
    /// The caller's own id of them, where it is given.
    pub(crate) external_id: Option<ExternalId>,
    /// Fields to set, and to erase.
    pub(crate) fields: FieldChanges,
}

/// Whether a body must have all that is required.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// A whole user.
    Whole,
    /// What is to change.
    Partial,
}

/// The user of the path. What is no user id is nobody's.
pub(crate) fn user_id(call: &Call) -> Result<UserId> {
    UserId::parse_simple(&call.path_parameter("user_id")).map_err(|_| Error::NotFound)
}

/// A caller's own id of a user; `None` where it can be none.
pub(crate) fn external_id(text: &str) -> Option<ExternalId> {
    ExternalId::parse(text).ok().filter(|_| !text.trim().is_empty())
}

/// Reads the body. Members that are not documented are ignored, as Truv does.
pub(crate) fn profile(call: &Call, body: Body) -> Result<Profile> {
    let Json::Object(mut members) = call.json()? else {
        return Err(Error::body("", "Invalid data. Expected a dictionary."));
    };
    let mut faults = Faults::default();
    let mut external_id = None;
    if let Given::Text(text) = EXTERNAL_USER_ID.take(&mut members, body, &mut faults) {
        external_id = self::external_id(&text);
        if external_id.is_none() {
            let detail = format!(
                "must have 1 to {} characters, not all blank, and no control characters",
                ExternalId::MAX_CHARS
            );
            EXTERNAL_USER_ID.fault(&detail, &mut faults);
        }
    }
    let mut fields = FieldChanges::new();
    for (member, field) in &FIELDS {
        match member.take(&mut members, body, &mut faults) {
            Given::Text(text) => match field.value(&text) {
                Ok(value) => drop(fields.insert(field.clone(), Some(value))),
                Err(invalid) => member.fault(&invalid.to_string(), &mut faults),
            },
            Given::Null => drop(fields.insert(field.clone(), None)),
            Given::Nothing => {}
        }
    }
    faults.check()?;
    Ok(Profile { external_id, fields })
}

/// What a body has in the place of a member.
enum Given {
    /// A text.
    Text(String),
    /// Null, where that erases.
    Null,
    /// Nothing that counts.
    Nothing,
}

impl Member {
    fn take(&self, members: &mut Map<String, Json>, body: Body, faults: &mut Faults) -> Given {
        match (members.remove(self.name), body) {
            (Some(Json::String(text)), _) => return Given::Text(text),
            (None, Body::Partial) => {}
            (None | Some(Json::Null), _) if self.required => self.fault("is required", faults),
            (Some(Json::Null), Body::Partial) => return Given::Null,
            (None | Some(Json::Null), Body::Whole) => {}
            (Some(Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)), _) => {
                self.fault("must be a string", faults);
            }
        }
        Given::Nothing
    }

    fn fault(&self, detail: &str, faults: &mut Faults) {
        faults.body(format!("/{}", self.name), format!("{} {detail}", self.label));
    }
}
