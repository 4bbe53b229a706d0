//! What a vault field may hold, checked by libraries that know the formats.

use celes::Country;
use email_address::{EmailAddress, Options};
use secrecy::SecretString;
use time::{Date, macros::date, macros::format_description};

use super::Timestamp;

/// The kinds of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 1 to `max_chars` Unicode scalar values, not blank, without control characters. Kept as given.
    Text {
        /// The limit.
        max_chars: usize,
    },
    /// An e-mail address after [RFC 5321](https://www.rfc-editor.org/rfc/rfc5321), at most 254 characters, with a
    /// dotted domain. Kept as given; compared in lower case.
    Email,
    /// A phone number with its country code, possible by its country's numbering plan
    /// ([E.164](https://www.itu.int/rec/T-REC-E.164)). Kept as `+` and digits.
    Phone,
    /// A date in the past, from 1900 on: `YYYY-MM-DD` ([ISO 8601](https://www.iso.org/iso-8601-date-and-time-format.html)).
    PastDate,
    /// A US social security number: nine digits, dashes after the third and fifth tolerated. Kept as nine digits.
    Ssn,
    /// A country: ISO 3166-1 alpha-2, upper case.
    Country,
    /// The number of a document or a taxpayer: 1 to 64 letters, digits, spaces and `-./`. Kept as given.
    Number,
}

/// A value that is not of its kind. Says what would be, and nothing of what was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be {expected}")]
pub struct InvalidValue {
    expected: String,
}

/// A checked value in its stored form. Zeroised when dropped; printed by its type's name only.
pub struct Value {
    stored: SecretString,
    compared: SecretString,
}

impl Value {
    /// What is stored and revealed.
    pub fn stored(&self) -> &SecretString {
        &self.stored
    }

    /// What equality means for it: what a fingerprint is made over.
    pub fn compared(&self) -> &SecretString {
        &self.compared
    }

    fn same(stored: String) -> Self {
        Self { compared: stored.clone().into(), stored: stored.into() }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Value")
    }
}

impl Kind {
    /// The name in the catalogue on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::PastDate => "past_date",
            Self::Ssn => "ssn",
            Self::Country => "country",
            Self::Number => "number",
        }
    }

    /// What a value must be, to complete the sentence "must be …".
    pub fn expected(self) -> String {
        match self {
            Self::Text { max_chars } => {
                return format!(
                    "a text of 1 to {max_chars} characters, not blank, without control characters"
                );
            }
            Self::Email => "an e-mail address such as name@example.com, of at most 254 characters",
            Self::Phone => "a phone number with its country code, such as +14155552671",
            Self::PastDate => "a date in the past, from 1900-01-01 on, written YYYY-MM-DD",
            Self::Ssn => {
                "a social security number of nine digits, such as 123456789 or 123-45-6789"
            }
            Self::Country => "an ISO 3166-1 alpha-2 country code in upper case, such as GB",
            Self::Number => {
                "a number of 1 to 64 letters, digits, spaces, hyphens, dots and slashes"
            }
        }
        .to_owned()
    }

    /// Checks a text and brings it to its stored form.
    pub fn parse(self, text: &str) -> Result<Value, InvalidValue> {
        let value = match self {
            Self::Text { max_chars } => {
                is_text(text, max_chars).then(|| Value::same(text.to_owned()))
            }
            Self::Email => email(text),
            Self::Phone => phone(text),
            Self::PastDate => past_date(text, Timestamp::now().date()),
            Self::Ssn => ssn(text),
            Self::Country => country(text),
            Self::Number => is_number(text).then(|| Value::same(text.to_owned())),
        };
        value.ok_or_else(|| InvalidValue { expected: self.expected() })
    }
}

/// Whether a text has 1 to `max_chars` characters, is not blank, and has no control characters.
pub fn is_text(text: &str, max_chars: usize) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= max_chars
        && !text.chars().any(char::is_control)
}

fn is_number(text: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | '/');
    is_text(text, 64) && text.chars().all(allowed)
}

fn email(text: &str) -> Option<Value> {
    let text = text.trim();
    let options =
        Options::default().with_required_tld().without_display_text().without_domain_literal();
    let valid = text.len() <= 254
        && !text.chars().any(char::is_control)
        && EmailAddress::parse_with_options(text, options).is_ok();
    valid.then(|| Value { stored: text.to_owned().into(), compared: text.to_lowercase().into() })
}

fn phone(text: &str) -> Option<Value> {
    let text = text.trim();
    if !text.starts_with('+') || text.chars().count() > 40 {
        return None;
    }
    let number = phonenumber::parse(None, text).ok().filter(phonenumber::is_valid)?;
    // An extension is no part of E.164 and would be lost.
    if number.extension().is_some() {
        return None;
    }
    Some(Value::same(number.format().mode(phonenumber::Mode::E164).to_string()))
}

fn past_date(text: &str, today: Date) -> Option<Value> {
    let date = parse_date(text)?;
    (date >= date!(1900 - 01 - 01) && date < today).then(|| Value::same(text.to_owned()))
}

/// A date that exists, written `YYYY-MM-DD`.
pub fn parse_date(text: &str) -> Option<Date> {
    let digits_and_dashes =
        text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let format = format_description!("[year]-[month]-[day]");
    digits_and_dashes.then(|| Date::parse(text, format).ok()).flatten()
}

fn ssn(text: &str) -> Option<Value> {
    let dashed = |(place, c): (usize, char)| {
        if place == 3 || place == 6 { c == '-' } else { c.is_ascii_digit() }
    };
    let valid = match text.len() {
        9 => text.bytes().all(|b| b.is_ascii_digit()),
        11 => text.chars().enumerate().all(dashed),
        _other => false,
    };
    valid.then(|| Value::same(text.replace('-', "")))
}

fn country(text: &str) -> Option<Value> {
    let upper = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    let known = upper.then(|| Country::from_alpha2(text).ok()).flatten()?;
    Some(Value::same(known.alpha2.to_owned()))
}

/// A country as it is kept, of an upper-case ISO 3166-1 alpha-3 code.
pub fn alpha3(text: &str) -> Option<String> {
    let upper = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let country = upper.then(|| Country::from_alpha3(text).ok()).flatten()?;
    Some(country.alpha3.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    fn stored(kind: Kind, text: &str) -> Option<String> {
        kind.parse(text).ok().map(|value| value.stored().expose_secret().to_owned())
    }

    #[test]
    fn e_mail_addresses_keep_their_spelling_and_compare_without_case() {
        let value = Kind::Email.parse(" John.Doe@Example.COM ").unwrap();
        assert_eq!(value.stored().expose_secret(), "John.Doe@Example.COM");
        assert_eq!(value.compared().expose_secret(), "john.doe@example.com");
        let longest = format!(
            "{}@{}.{}.{}.com",
            "a".repeat(64),
            "b".repeat(61),
            "c".repeat(61),
            "d".repeat(60)
        );
        assert_eq!(longest.len(), 253);
        assert!(Kind::Email.parse(&longest).is_ok());
        for wrong in [
            "",
            "john",
            "john@localhost",
            "a@b@c.com",
            "John <john@example.com>",
            "a\0@example.com",
            "a@[127.0.0.1]",
            &longest.replace("ddd.com", "dddddd.com"),
        ] {
            assert!(Kind::Email.parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn phone_numbers_are_brought_to_e164() {
        assert_eq!(stored(Kind::Phone, "+1 (415) 555-4193").as_deref(), Some("+14155554193"));
        assert_eq!(stored(Kind::Phone, "+44 20 7946 0958").as_deref(), Some("+442079460958"));
        for wrong in [
            "4155554193",
            "+1",
            "+999123456789",
            "+1415555419312345",
            "phone",
            "+14155554193 ext. 5",
        ] {
            assert!(Kind::Phone.parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn dates_exist_and_are_over() {
        let today = date!(2025 - 03 - 01);
        assert!(
            past_date("2024-02-29", today).is_some() && past_date("1900-01-01", today).is_some()
        );
        for wrong in [
            "2023-02-29",
            "1899-12-31",
            "2025-03-01",
            "2025-3-1",
            "01/02/1990",
            "1990-01-15T00:00:00Z",
            "+1990-01-1",
        ] {
            assert!(past_date(wrong, today).is_none(), "{wrong}");
        }
    }

    #[test]
    fn social_security_numbers_are_nine_digits() {
        assert_eq!(stored(Kind::Ssn, "222-23-3333").as_deref(), Some("222233333"));
        assert_eq!(stored(Kind::Ssn, "222233333").as_deref(), Some("222233333"));
        for wrong in
            ["22223333", "2222333334", "2222-3-3333", "22223333a", "222 23 3333", "٢٢٢٢٣٣٣٣٣"]
        {
            assert!(Kind::Ssn.parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn countries_are_those_of_iso_3166() {
        assert_eq!(stored(Kind::Country, "GB").as_deref(), Some("GB"));
        for wrong in ["gb", "UK", "XX", "GBR", "G", "ÄÖ"] {
            assert!(Kind::Country.parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn texts_have_an_edge_and_no_control_characters() {
        let kind = Kind::Text { max_chars: 3 };
        assert!(kind.parse("äöü").is_ok() && kind.parse("a").is_ok());
        for wrong in ["", "abcd", "  ", "a\0", "a\n"] {
            assert!(kind.parse(wrong).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_what_is_stored_parses_to_itself(text in "\\PC{0,24}|[0-9+() .-]{0,24}|[a-z.@]{0,24}") {
            for kind in [Kind::Email, Kind::Phone, Kind::PastDate, Kind::Ssn, Kind::Country, Kind::Number] {
                if let Some(once) = stored(kind, &text) {
                    prop_assert_eq!(stored(kind, &once), Some(once));
                }
            }
        }
    }
}
