//! Reading what Didit's requests have in common, with the messages that its clients know.

use std::fmt::Write as _;

use secrecy::ExposeSecret;
use serde_json::{Map, Value as Json};
use shared::{
    App, Error, Result,
    domain::{
        ExternalId, Metadata, Status, UserId,
        field::FieldId,
        value::{Value, alpha3, is_text},
    },
    error::Faults,
    http::{Call, pointer},
};

/// The greatest length of a metadata object as JSON text, in bytes: with all else it stays below DynamoDB's 400 KB.
const MAX_METADATA_BYTES: usize = 64 * 1024;
/// How deep a metadata object may be nested, itself included. Events and answers nest it further, and what reads them
/// stops at 128.
const MAX_METADATA_DEPTH: usize = 64;
/// The greatest number of members of each list.
const MAX_LIST: usize = 20;
/// How much of a wrong value a message repeats, in characters.
const MAX_QUOTED_CHARS: usize = 64;

const STATUSES: [(&str, Status); 3] =
    [("ACTIVE", Status::Active), ("FLAGGED", Status::Flagged), ("BLOCKED", Status::Blocked)];

/// What says that a status is none.
pub(crate) const INVALID_STATUS: &str =
    "Invalid status. Valid options are: ACTIVE, FLAGGED, BLOCKED";

/// A body's members, read one by one. Members that nobody asks for are ignored.
pub(crate) struct Body {
    members: Map<String, Json>,
    pub(crate) faults: Faults,
}

impl Body {
    /// The members of a call's body.
    pub(crate) fn of(call: &Call) -> Result<Self> {
        match call.json()? {
            Json::Object(members) => Ok(Self { members, faults: Faults::default() }),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                let detail = "Invalid data. Expected a dictionary.";
                Err(Error::body("/non_field_errors", detail))
            }
        }
    }

    /// Takes a member, whatever it is.
    pub(crate) fn take(&mut self, name: &str) -> Option<Json> {
        self.members.remove(name)
    }

    /// Whether there is such a member, be it null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Notes what is wrong with a member.
    pub(crate) fn fault(&mut self, name: &str, detail: impl Into<String>) {
        self.faults.body(pointer("", name), detail);
    }

    /// Takes a text of at most `max_chars` that may be null.
    pub(crate) fn nullable_text(&mut self, name: &str, max_chars: usize) -> Option<Option<String>> {
        match self.take(name)? {
            Json::Null => Some(None),
            Json::String(text) => self.checked_text(name, text, max_chars).map(Some),
            Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
                self.fault(name, "Not a valid string.");
                None
            }
        }
    }

    fn checked_text(&mut self, name: &str, text: String, max_chars: usize) -> Option<String> {
        if text.trim().is_empty() {
            self.fault(name, "This field may not be blank.");
        } else if text.chars().count() > max_chars {
            let detail = format!("Ensure this field has no more than {max_chars} characters.");
            self.fault(name, detail);
        } else if !is_text(&text, max_chars) {
            self.fault(name, "Control characters are not allowed.");
        } else {
            return Some(text);
        }
        None
    }

    /// Takes a text that must be there.
    pub(crate) fn required_text(&mut self, name: &str, max_chars: usize) -> Option<String> {
        match self.members.get(name) {
            None => self.fault(name, "This field is required."),
            Some(Json::Null) => self.fault(name, "This field may not be null."),
            Some(_) => return self.nullable_text(name, max_chars).flatten(),
        }
        None
    }

    /// Takes the date of birth: one that exists and is over, or null.
    pub(crate) fn date_of_birth(&mut self) -> Option<Option<Value>> {
        const NAME: &str = "date_of_birth";
        const FORMAT: &str = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.";
        match self.take(NAME)? {
            Json::Null => Some(None),
            Json::String(text) => match FieldId::DATE_OF_BIRTH.value(&text) {
                Ok(value) => Some(Some(value)),
                Err(_) if shared::domain::value::parse_date(&text).is_some() => {
                    self.fault(NAME, "Date must be in the past, from 1900-01-01 on.");
                    None
                }
                Err(_) => {
                    self.fault(NAME, FORMAT);
                    None
                }
            },
            Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
                self.fault(NAME, FORMAT);
                None
            }
        }
    }

    /// Takes the status; `message` makes of the wrong value what is said about it.
    pub(crate) fn status(&mut self, message: impl Fn(&str) -> String) -> Option<Status> {
        let value = self.take("status")?;
        let word = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let known = STATUSES.iter().find(|(name, _)| value.as_str() == Some(*name));
        if known.is_none() {
            self.fault("status", message(&word));
        }
        known.map(|(_, status)| *status)
    }

    /// Takes the metadata: an object, or null for an empty one.
    pub(crate) fn metadata(&mut self) -> Option<Metadata> {
        match self.take("metadata")? {
            Json::Null => Some(Metadata::default()),
            Json::Object(members) if depth(&members) > MAX_METADATA_DEPTH => {
                let detail =
                    format!("Metadata must be nested at most {MAX_METADATA_DEPTH} levels deep.");
                self.fault("metadata", detail);
                None
            }
            Json::Object(members) if size(&members) <= MAX_METADATA_BYTES => {
                Some(Metadata::new(members))
            }
            Json::Object(_) => {
                let detail =
                    format!("Metadata must have at most {MAX_METADATA_BYTES} bytes as JSON.");
                self.fault("metadata", detail);
                None
            }
            Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                self.fault("metadata", "Metadata must be a JSON object.");
                None
            }
        }
    }

    /// Takes a list, each of its members read by `parse`, which says what is wrong. Null is an empty list.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&Json) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let elements = match self.take(name)? {
            Json::Null => Vec::new(),
            Json::Array(elements) => elements,
            other @ (Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_)) => {
                let detail = format!("Expected a list of items but got type \"{}\".", kind(&other));
                self.fault(name, detail);
                return None;
            }
        };
        if elements.len() > MAX_LIST {
            let detail = format!("Ensure this field has no more than {MAX_LIST} elements.");
            self.fault(name, detail);
            return None;
        }
        let mut list = Vec::new();
        for (place, element) in elements.iter().enumerate() {
            match parse(element) {
                Ok(value) => list.push(value),
                Err(detail) => self.faults.body(format!("/{name}/{place}"), detail),
            }
        }
        Some(list)
    }

    /// Takes the approved e-mail addresses.
    pub(crate) fn approved_emails(&mut self) -> Option<Vec<Value>> {
        let parse =
            |element: &Json| contact(element, "identity.email", "Enter a valid email address.");
        self.list("approved_emails", parse).map(distinct)
    }

    /// Takes the approved phone numbers.
    pub(crate) fn approved_phones(&mut self) -> Option<Vec<Value>> {
        const MESSAGE: &str =
            "Enter a valid phone number with its country code, such as +14155552671.";
        let parse = |element: &Json| contact(element, "identity.phone_number", MESSAGE);
        self.list("approved_phones", parse).map(distinct)
    }

    /// Takes the issuing states: ISO 3166-1 alpha-3, upper case, each once.
    pub(crate) fn issuing_states(&mut self) -> Option<Vec<String>> {
        let parse = |element: &Json| {
            let state = element.as_str().and_then(alpha3);
            state.ok_or_else(|| "Enter a valid ISO 3166-1 alpha-3 country code.".to_owned())
        };
        let mut states = self.list("issuing_states", parse)?;
        let mut seen = Vec::new();
        states.retain(|state| {
            !seen.contains(state) && {
                seen.push(state.clone());
                true
            }
        });
        Some(states)
    }
}

fn contact(element: &Json, field: &str, message: &str) -> Result<Value, String> {
    let text = element.as_str().ok_or("Not a valid string.")?;
    let field = FieldId::parse(field).map_err(|_| message)?;
    field.value(text).map_err(|_| message.to_owned())
}

/// Each value once, in the order of their first places.
fn distinct(values: Vec<Value>) -> Vec<Value> {
    let mut seen = Vec::new();
    let mut first = |value: &Value| {
        // EXPOSE: compared with its like, and dropped.
        let compared = value.compared().expose_secret().to_owned();
        let new = !seen.contains(&compared);
        seen.push(compared);
        new
    };
    values.into_iter().filter(|value| first(value)).collect()
}

fn size(members: &Map<String, Json>) -> usize {
    serde_json::to_string(members).map_or(usize::MAX, |text| text.len())
}

/// How many levels an object has, itself included. A body has no more than 128.
fn depth(members: &Map<String, Json>) -> usize {
    fn below(value: &Json) -> usize {
        match value {
            Json::Object(members) => depth(members),
            Json::Array(elements) => {
                elements.iter().map(below).max().unwrap_or(0).saturating_add(1)
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => 0,
        }
    }
    members.values().map(below).max().unwrap_or(0).saturating_add(1)
}

/// What a value is called in Python, whose words these messages are.
const fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "NoneType",
        Json::Bool(_) => "bool",
        Json::Number(_) => "int",
        Json::String(_) => "str",
        Json::Array(_) => "list",
        Json::Object(_) => "dict",
    }
}

/// `"WORD" is not a valid choice.`, with no more of the word than a message bears.
pub(crate) fn no_choice(word: &str) -> String {
    let mut message = String::from("\"");
    message.extend(word.chars().take(MAX_QUOTED_CHARS));
    write!(message, "\" is not a valid choice.").unwrap_or_default();
    message
}

/// The user of the path. What can be nobody's external id is nobody's.
pub(crate) async fn user_id(app: &App, call: &Call) -> Result<UserId> {
    let external_id = ExternalId::parse(&call.path_parameter("vendor_data"));
    let external_id = external_id.map_err(|_| Error::NotFound)?;
    let index = app.keyring.index(call.scope()).await?;
    let owner = app.store.external_id_owner(call.scope(), &index.external_id(&external_id)).await?;
    owner.ok_or(Error::NotFound)
}
