//! Who owns a thing, and what it is called.

use std::fmt;

use uuid::Uuid;

use super::Timestamp;

/// A text that is not an identifier of the kind that was asked for. Holds nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {0}")]
pub struct InvalidId(pub(crate) &'static str);

/// A customer of this deployment: 1 to 40 characters of `a-z`, `0-9` and `-`, starting with a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(String);

impl TenantId {
    /// Checks and takes a tenant's name.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase());
        if starts_well && text.len() <= 40 && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId("tenant id"))
        }
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Test data or live data. The two never meet: no key, index or record of one opens or finds the other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Data for trying things out.
    Test,
    /// Real people.
    Live,
}

impl Mode {
    /// Both modes.
    pub const ALL: [Self; 2] = [Self::Test, Self::Live];

    /// `test` or `live`, as in the prefix of an API key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }

    /// Reads what [`Mode::as_str`] writes.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text).ok_or(InvalidId("mode"))
    }
}

/// The data that one credential can reach: one tenant, one mode.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Whose data.
    pub tenant: TenantId,
    /// Test or live.
    pub mode: Mode,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.tenant.as_str(), self.mode.as_str())
    }
}

/// A user's identity: 4 bytes of Unix seconds (big-endian), then 8 random bytes; hence ordered by creation.
///
/// One value, three spellings, none of which needs a look-up:
/// a UUID of version 8 ([RFC 9562 §5.8](https://www.rfc-editor.org/rfc/rfc9562#section-5.8)), the same
/// without dashes, and 24 hex digits (the shape of a MongoDB ObjectId).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId([u8; 12]);

impl UserId {
    /// A new id for a user created at `now`. Times before 1970 and after 2106 are clamped to those ends.
    pub fn make(now: Timestamp, random: [u8; 8]) -> Self {
        let seconds = u32::try_from(now.unix_seconds().max(0)).unwrap_or(u32::MAX);
        let mut bytes = [0; 12];
        let parts = seconds.to_be_bytes().into_iter().chain(random);
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        Self(bytes)
    }

    /// The UUID spelling.
    pub fn to_uuid(self) -> Uuid {
        let (head, tail) = self.0.split_at(6);
        let mut bytes = [0; 16];
        let parts = head.iter().chain(&[0x80, 0, 0x80, 0]).chain(tail);
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
        Uuid::from_bytes(bytes)
    }

    /// The spelling as 24 lower-case hex digits, which is also the one in the tables' keys.
    pub fn to_hex(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }

    /// The UUID spelling without its dashes: 32 lower-case hex digits.
    pub fn to_simple(self) -> String {
        self.to_uuid().simple().to_string()
    }

    /// Reads the UUID spelling: 36 characters, hex digits of either case.
    pub fn parse_uuid(text: &str) -> Result<Self, InvalidId> {
        Self::parse_uuid_of(36, text)
    }

    /// Reads the UUID spelling without its dashes: 32 hex digits of either case.
    pub fn parse_simple(text: &str) -> Result<Self, InvalidId> {
        Self::parse_uuid_of(32, text)
    }

    fn parse_uuid_of(length: usize, text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId("user id");
        if text.len() != length {
            return Err(invalid);
        }
        let uuid = Uuid::try_parse(text).map_err(|_| invalid)?;
        match uuid.as_bytes().as_slice() {
            [head @ .., 0x80, 0, 0x80, 0, _, _, _, _, _, _] => {
                let tail = uuid.as_bytes().iter().skip(10);
                let bytes: Vec<u8> = head.iter().chain(tail).copied().collect();
                bytes.try_into().map(Self).map_err(|_| invalid)
            }
            _other => Err(invalid),
        }
    }

    /// Reads the spelling as 24 hex digits.
    pub fn parse_hex(text: &str) -> Result<Self, InvalidId> {
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes());
        let bytes = bytes.map_err(|_| InvalidId("user id"))?;
        bytes.try_into().map(Self).map_err(|_| InvalidId("user id"))
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserId({})", self.to_hex())
    }
}

/// The caller's own name for a user (Didit's `vendor_data`, Truv's `external_user_id`): 1 to 512 characters of any
/// script, no control characters, compared exactly. `.` and `..` are none: clients take them out of a path.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ExternalId(String);

impl ExternalId {
    /// The greatest length, in Unicode scalar values.
    pub const MAX_CHARS: usize = 512;

    /// Checks and takes an external id.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let length = text.chars().count();
        if length == 0
            || length > Self::MAX_CHARS
            || text.chars().any(char::is_control)
            || [".", ".."].contains(&text)
        {
            return Err(InvalidId("external id"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Callers put e-mail addresses in here, so it is never printed.
impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExternalId")
    }
}

/// What ties an answer, its log line and its event together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// Takes the id that the platform gave to the request.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_spelling_of_an_id_parses_to_the_same_id(bytes: [u8; 12]) {
            let id = UserId(bytes);
            prop_assert_eq!(UserId::parse_uuid(&id.to_uuid().to_string()), Ok(id));
            prop_assert_eq!(UserId::parse_simple(&id.to_simple()), Ok(id));
            prop_assert_eq!(UserId::parse_hex(&id.to_hex()), Ok(id));
            prop_assert_eq!(id.to_uuid().get_version_num(), 8);
            prop_assert_eq!(id.to_uuid().get_variant(), uuid::Variant::RFC4122);
        }

        #[test]
        fn parsing_an_id_never_panics(text: String) {
            let _unused = (UserId::parse_uuid(&text), UserId::parse_simple(&text), UserId::parse_hex(&text));
            let _unused = TenantId::parse(&text);
        }
    }

    #[test]
    fn ids_sort_by_creation() {
        let early = UserId::make(Timestamp::from_unix_millis(1_000_000), [0xff; 8]);
        let late = UserId::make(Timestamp::from_unix_millis(1_001_000), [0; 8]);
        assert!(early < late && early.to_hex() < late.to_hex());
    }

    #[test]
    fn another_systems_uuid_is_no_user_id() {
        assert!(UserId::parse_uuid("123e4567-e89b-12d3-a456-426614174000").is_err());
        assert!(UserId::parse_uuid("palm_usr_1a2b3c4d5e6f7g8h").is_err());
    }
}
