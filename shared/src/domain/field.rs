//! The catalogue of vault fields: the one place that says what a field holds, who may see it, and how.

use std::fmt;

use super::value::{InvalidValue, Kind, Value};

/// How harmful it is to show a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensitivity {
    /// Shown in ordinary answers.
    Public,
    /// Personal data: shown only by a reveal, or by the API whose shape has it.
    Personal,
    /// As personal, and masked to whoever may not reveal.
    Secret,
}

impl Sensitivity {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Personal => "personal",
            Self::Secret => "secret",
        }
    }
}

/// Which fingerprint a field feeds. A fingerprint is also an exact search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FingerprintKind {
    /// Over the e-mail address in lower case.
    Email,
    /// Over the phone number in E.164.
    Phone,
    /// Over the nine digits.
    Ssn,
}

impl FingerprintKind {
    /// The name inside keys and derivations. Never change one: every stored fingerprint depends on it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Ssn => "ssn",
        }
    }
}

/// How much of a value is shown to whoever may not see it whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mask {
    /// All of it.
    None,
    /// Nothing: asterisks, always eight, so that not even the length shows.
    Whole,
    /// The last four characters, the rest as asterisks; values of eight or fewer characters are masked whole.
    LastFour,
}

impl Mask {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Whole => "whole",
            Self::LastFour => "last_four",
        }
    }

    /// The value as it may be shown.
    pub fn apply(self, value: &str) -> String {
        let length = value.chars().count();
        match self {
            Self::None => value.to_owned(),
            Self::LastFour if length > 8 => {
                let hidden = length.saturating_sub(4);
                "*".repeat(hidden).chars().chain(value.chars().skip(hidden)).collect()
            }
            Self::Whole | Self::LastFour => "*".repeat(8),
        }
    }
}

/// One entry of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Definition {
    /// The full id, as in `identity.email`.
    pub id: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it is sealed at rest. Only names are not.
    pub encrypted: bool,
    /// How harmful it is to show.
    pub sensitivity: Sensitivity,
    /// The fingerprint it feeds.
    pub fingerprint: Option<FingerprintKind>,
    /// How it is masked.
    pub mask: Mask,
}

const fn name(id: &'static str, max_chars: usize) -> Definition {
    let kind = Kind::Text { max_chars };
    Definition {
        id,
        kind,
        encrypted: false,
        sensitivity: Sensitivity::Public,
        fingerprint: None,
        mask: Mask::None,
    }
}

const fn personal(
    id: &'static str,
    kind: Kind,
    fingerprint: Option<FingerprintKind>,
) -> Definition {
    let sensitivity = Sensitivity::Personal;
    Definition { id, kind, encrypted: true, sensitivity, fingerprint, mask: Mask::Whole }
}

const fn secret(id: &'static str, kind: Kind, fingerprint: Option<FingerprintKind>) -> Definition {
    let sensitivity = Sensitivity::Secret;
    Definition { id, kind, encrypted: true, sensitivity, fingerprint, mask: Mask::LastFour }
}

const LINE: Kind = Kind::Text { max_chars: 200 };

/// Every field with a fixed id.
pub static CATALOGUE: [Definition; 23] = [
    name("identity.first_name", 100),
    name("identity.middle_name", 100),
    name("identity.last_name", 100),
    name("identity.full_name", 512),
    personal("identity.email", Kind::Email, Some(FingerprintKind::Email)),
    personal("identity.phone_number", Kind::Phone, Some(FingerprintKind::Phone)),
    personal("identity.date_of_birth", Kind::PastDate, None),
    secret("identity.ssn", Kind::Ssn, Some(FingerprintKind::Ssn)),
    personal("identity.country_of_residence", Kind::Country, None),
    personal("identity.nationality", Kind::Country, None),
    personal("identity.address.line1", LINE, None),
    personal("identity.address.line2", LINE, None),
    personal("identity.address.city", LINE, None),
    personal("identity.address.region", LINE, None),
    personal("identity.address.postal_code", Kind::Text { max_chars: 20 }, None),
    personal("identity.address.country", Kind::Country, None),
    personal("identity.tax_residency.country", Kind::Country, None),
    personal("identity.tax_residency.proof_type", Kind::Text { max_chars: 64 }, None),
    secret("identity.tax_residency.value", Kind::Number, None),
    secret("identity.passport_number", Kind::Number, None),
    secret("identity.national_id_number", Kind::Number, None),
    secret("identity.driving_licence_number", Kind::Number, None),
    secret("identity.residence_permit_number", Kind::Number, None),
];

/// What every `custom.<name>` field is: a text, sealed.
static CUSTOM: Definition = personal("custom.*", Kind::Text { max_chars: 512 }, None);

/// How many `custom.*` fields one user may hold, so that a record stays well below DynamoDB's 400 KB.
pub const MAX_CUSTOM_FIELDS: usize = 50;

/// A field that exists: one of the catalogue, or `custom.` and 1 to 64 characters of `a-z`, `0-9` and `_`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldId {
    /// A field of the catalogue.
    Known(&'static str),
    /// A field of the caller's own.
    Custom(String),
    /// What stands beside the fields: reached through other members of an API only, never by its id.
    Derived(&'static str),
}

/// A field id that is not in the catalogue and no custom one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a vault field")]
pub struct UnknownField;

impl FieldId {
    /// The e-mail addresses that were approved: a JSON list.
    pub const APPROVED_EMAILS: Self = Self::Derived("approved.emails");
    /// The phone numbers that were approved: a JSON list.
    pub const APPROVED_PHONES: Self = Self::Derived("approved.phones");
    /// The language that they are written to in.
    pub const LANGUAGE: Self = Self::Derived("profile.language");
    /// What they live on: a JSON object.
    pub const EMPLOYMENT: Self = Self::Derived("profile.employment");
    /// Where their documents are from. Stored in clear; what is locked is locked under this id.
    pub const ISSUING_STATES: Self = Self::Derived("issuing_states");
    /// The names: one thing, however it is spelled.
    pub const NAMES: [Self; 4] =
        [Self::FIRST_NAME, Self::Known("identity.middle_name"), Self::LAST_NAME, Self::FULL_NAME];
    /// The name as one text.
    pub const FULL_NAME: Self = Self::Known("identity.full_name");
    /// The date of birth.
    pub const DATE_OF_BIRTH: Self = Self::Known("identity.date_of_birth");
    /// The first name.
    pub const FIRST_NAME: Self = Self::Known("identity.first_name");
    /// The last name.
    pub const LAST_NAME: Self = Self::Known("identity.last_name");
    /// The e-mail address.
    pub const EMAIL: Self = Self::Known("identity.email");
    /// The phone number.
    pub const PHONE_NUMBER: Self = Self::Known("identity.phone_number");
    /// The social security number.
    pub const SSN: Self = Self::Known("identity.ssn");

    /// Reads the id of a stored field.
    pub(crate) fn from_stored(text: &str) -> Result<Self, UnknownField> {
        let derived = [
            Self::APPROVED_EMAILS,
            Self::APPROVED_PHONES,
            Self::ISSUING_STATES,
            Self::LANGUAGE,
            Self::EMPLOYMENT,
        ];
        let derived = derived.into_iter().find(|field| field.as_str() == text);
        derived.map_or_else(|| Self::parse(text), Ok)
    }

    /// Looks a field up.
    pub fn parse(text: &str) -> Result<Self, UnknownField> {
        if let Some(known) = CATALOGUE.iter().find(|definition| definition.id == text) {
            return Ok(Self::Known(known.id));
        }
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        match text.strip_prefix("custom.") {
            Some(name) if (1..=64).contains(&name.len()) && name.chars().all(allowed) => {
                Ok(Self::Custom(text.to_owned()))
            }
            Some(_) | None => Err(UnknownField),
        }
    }

    /// The full id.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(id) | Self::Derived(id) => id,
            Self::Custom(id) => id,
        }
    }

    /// Its entry in the catalogue; that of `custom.*` for a custom field.
    pub fn definition(&self) -> &'static Definition {
        let known = match self {
            Self::Known(id) => CATALOGUE.iter().find(|definition| definition.id == *id),
            Self::Custom(_) | Self::Derived(_) => None,
        };
        known.unwrap_or(&CUSTOM)
    }

    /// Checks a text against the field's rule and brings it to its stored form.
    pub fn value(&self, text: &str) -> Result<Value, InvalidValue> {
        self.definition().kind.parse(text)
    }

    /// Whether it is one of the caller's own.
    pub const fn is_custom(&self) -> bool {
        matches!(self, Self::Custom(_))
    }
}

impl fmt::Debug for FieldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// All that can be named, for an error message: the catalogue and `custom.<name>`.
pub fn known_ids() -> String {
    let ids: Vec<_> = CATALOGUE.iter().map(|definition| definition.id).collect();
    format!("{}, custom.<name>", ids.join(", "))
}

/// The entry that describes `custom.*`.
pub fn custom_definition() -> &'static Definition {
    &CUSTOM
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_stored_in_clear() {
        let clear: Vec<_> = CATALOGUE.iter().filter(|d| !d.encrypted).map(|d| d.id).collect();
        let names = ["first_name", "middle_name", "last_name", "full_name"];
        assert_eq!(clear, names.map(|name| format!("identity.{name}")));
        assert!(CUSTOM.encrypted);
    }

    #[test]
    fn a_custom_field_has_a_plain_name() {
        assert!(FieldId::parse("custom.shoe_size_2").is_ok());
        let longest = format!("custom.{}", "a".repeat(64));
        assert!(FieldId::parse(&longest).is_ok());
        for wrong in [
            "custom.",
            "custom.A",
            "custom.a.b",
            "custom",
            "identity.emial",
            &format!("{longest}a"),
        ] {
            assert_eq!(FieldId::parse(wrong), Err(UnknownField), "{wrong}");
        }
    }

    #[test]
    fn a_mask_shows_the_last_four_of_a_long_value_only() {
        assert_eq!(Mask::LastFour.apply("222233333"), "*****3333");
        assert_eq!(Mask::LastFour.apply("22223333"), "********");
        assert_eq!(Mask::Whole.apply("a"), "********");
    }
}
