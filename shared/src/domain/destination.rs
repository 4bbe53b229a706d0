//! Where events are sent, and which.

use std::fmt;

use uuid::Uuid;

use super::Timestamp;

/// A destination's identity: UUID version 7, hence ordered by creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DestinationId(Uuid);

impl DestinationId {
    /// A new id.
    #[expect(clippy::disallowed_methods, reason = "this is where destination ids are made")]
    pub fn make() -> Self {
        Self(Uuid::now_v7())
    }

    /// Reads the UUID spelling: 36 characters, hex digits of either case.
    pub fn parse(text: &str) -> Result<Self, super::InvalidId> {
        let uuid = Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
        uuid.map(Self).ok_or(super::InvalidId("destination id"))
    }

    /// One of `parts` numbers, from 0 on, over which destinations spread evenly; always the same for the same one.
    pub fn spread(self, parts: u8) -> u8 {
        // The last bytes of a version 7 are random.
        let [.., last] = self.0.into_bytes();
        last.checked_rem(parts).unwrap_or_default()
    }
}

impl fmt::Display for DestinationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What can be subscribed to: Didit's names, all of them, so that a client's own list is taken as it is. Coffer sends the
/// two of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WebhookType {
    /// A session changed its status.
    StatusUpdated,
    /// A session's data changed.
    DataUpdated,
    /// A user was put into another status.
    UserStatusUpdated,
    /// A user was made, changed or deleted.
    UserDataUpdated,
    /// A business was put into another status.
    BusinessStatusUpdated,
    /// A business was made, changed or deleted.
    BusinessDataUpdated,
    /// Somebody did something in the console.
    ActivityCreated,
    /// A transaction was made.
    TransactionCreated,
    /// A transaction was put into another status.
    TransactionStatusUpdated,
    /// A travel rule transfer was put into another status.
    TravelRuleStatusUpdated,
}

impl WebhookType {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::StatusUpdated,
        Self::DataUpdated,
        Self::UserStatusUpdated,
        Self::UserDataUpdated,
        Self::BusinessStatusUpdated,
        Self::BusinessDataUpdated,
        Self::ActivityCreated,
        Self::TransactionCreated,
        Self::TransactionStatusUpdated,
        Self::TravelRuleStatusUpdated,
    ];

    /// The name on the wire and in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StatusUpdated => "status.updated",
            Self::DataUpdated => "data.updated",
            Self::UserStatusUpdated => "user.status.updated",
            Self::UserDataUpdated => "user.data.updated",
            Self::BusinessStatusUpdated => "business.status.updated",
            Self::BusinessDataUpdated => "business.data.updated",
            Self::ActivityCreated => "activity.created",
            Self::TransactionCreated => "transaction.created",
            Self::TransactionStatusUpdated => "transaction.status.updated",
            Self::TravelRuleStatusUpdated => "travel_rule.status.updated",
        }
    }

    /// Reads what [`WebhookType::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Which generation of Didit's payloads a receiver says that it reads. There is one payload: see `docs/webhooks.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookVersion {
    /// The first.
    V1,
    /// The second.
    V2,
    /// The third.
    V3,
}

impl WebhookVersion {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::V1, Self::V2, Self::V3];

    /// The name on the wire and in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }

    /// Reads what [`WebhookVersion::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.as_str() == text)
    }
}

/// How deliveries to a destination went. Each attempt counts as one, a repeated one as another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many attempts there were.
    pub attempts: u64,
    /// How many of them were not answered with 2xx.
    pub failed: u64,
    /// How many of them were answered at all: the times below are theirs.
    pub answered: u64,
    /// The sum of the times until the answer, in milliseconds.
    pub total_ms: u64,
    /// The shortest of them.
    pub min_ms: Option<u64>,
    /// The longest of them.
    pub max_ms: Option<u64>,
    /// When the last attempt was.
    pub last_at: Option<Timestamp>,
}

/// A receiver of webhooks.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// Which.
    pub id: DestinationId,
    /// What its owner calls it: 1 to 255 characters.
    pub label: String,
    /// Where it is, as its owner wrote it. It may hold a token: never logged.
    pub url: String,
    /// Whether anything is sent there.
    pub enabled: bool,
    /// What its owner says that it reads.
    pub version: WebhookVersion,
    /// What is sent there, in the owner's order, each once.
    pub subscribed: Vec<WebhookType>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its owner last changed it, or a 410 disabled it.
    pub updated_at: Timestamp,
}

impl Destination {
    /// The greatest length of a label, in Unicode scalar values.
    pub const MAX_LABEL_CHARS: usize = 255;
    /// How many destinations a tenant may have in each mode.
    pub const MAX_PER_SCOPE: usize = 50;

    /// Whether an event of this type goes there.
    pub fn wants(&self, kind: WebhookType) -> bool {
        self.enabled && self.subscribed.contains(&kind)
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Destination({})", self.id)
    }
}
