//! The user: one record, spelled by four APIs.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ExternalId, KycStatus, Metadata, NameIndex, Outcome, Sessions, Timestamp, UserId, Verification,
    field::FieldId,
};
use crate::vault::Fingerprint;

/// Where a user stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// In good standing.
    Active,
    /// Under review; still served.
    Flagged,
    /// Suspended.
    Blocked,
    /// Deleted by the caller, kept until the purge time.
    Deleted,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Active, Self::Flagged, Self::Blocked, Self::Deleted];

    /// The name in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Flagged => "flagged",
            Self::Blocked => "blocked",
            Self::Deleted => "deleted",
        }
    }
}

/// A field's value under the vault: a sealed envelope, opaque here.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub(crate) Vec<u8>);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed")
    }
}

/// A label on a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// What it says, 1 to 64 characters.
    pub name: String,
    /// `#` and six hex digits.
    pub color: String,
    /// When it was put on.
    pub added_at: Timestamp,
}

/// Keyed fingerprints of the fields by which a user is found exactly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprints {
    /// Of the e-mail address.
    pub email: Option<Fingerprint>,
    /// Of the phone number.
    pub phone: Option<Fingerprint>,
    /// Of the social security number.
    pub ssn: Option<Fingerprint>,
    /// Of the approved e-mail addresses.
    pub approved_emails: BTreeSet<Fingerprint>,
    /// Of the approved phone numbers.
    pub approved_phones: BTreeSet<Fingerprint>,
}

/// One person.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// Who.
    pub id: UserId,
    /// Counts the changes, from 1; what an `ETag` shows and a write is conditioned on.
    pub version: u64,
    /// Where they stand.
    pub status: Status,
    /// When they were made.
    pub created_at: Timestamp,
    /// When they last changed.
    pub updated_at: Timestamp,
    /// What to call them, 1 to 255 characters.
    pub display_name: Option<String>,
    /// The caller's own pairs.
    pub metadata: Metadata,
    /// The caller's own id of them, unique in the scope.
    pub external_id: Option<ExternalId>,
    /// The unencrypted fields: the names.
    pub plain: BTreeMap<FieldId, String>,
    /// The encrypted fields.
    pub sealed: BTreeMap<FieldId, Sealed>,
    /// Fingerprints of some encrypted fields.
    pub fingerprints: Fingerprints,
    /// Whether their e-mail address is to be nobody else's of those of whom this is said too.
    pub unique_email: bool,
    /// The latest verification.
    pub verification: Option<Verification>,
    /// All verification sessions.
    pub sessions: Sessions,
    /// Where their documents are from: ISO 3166-1 alpha-3, upper case.
    pub issuing_states: Vec<String>,
    /// Labels.
    pub tags: Vec<Tag>,
    /// What an approved verification established: profile changes leave it alone.
    pub locked: BTreeSet<FieldId>,
    /// When every trace goes, for a deleted user.
    pub purge_at: Option<Timestamp>,
}

impl User {
    /// The greatest length of a display name, in Unicode scalar values.
    pub const MAX_DISPLAY_NAME_CHARS: usize = 255;

    /// A new, empty user.
    pub fn new(id: UserId, now: Timestamp) -> Self {
        Self {
            id,
            version: 1,
            status: Status::Active,
            created_at: now,
            updated_at: now,
            display_name: None,
            metadata: Metadata::default(),
            external_id: None,
            plain: BTreeMap::new(),
            sealed: BTreeMap::new(),
            fingerprints: Fingerprints::default(),
            unique_email: false,
            verification: None,
            sessions: Sessions::default(),
            issuing_states: Vec::new(),
            tags: Vec::new(),
            locked: BTreeSet::new(),
            purge_at: None,
        }
    }

    /// The word prefixes under which they are found: those of the display name first, then of the other names.
    pub fn name_index(&self) -> NameIndex {
        let names = self.plain.values().map(String::as_str);
        NameIndex::of(self.display_name.as_deref().into_iter().chain(names))
    }

    /// The name as one text: as it was given, or put together from its parts.
    pub fn full_name(&self) -> Option<String> {
        let part = |id| self.plain.get(&FieldId::Known(id)).map(String::as_str);
        let whole = self.plain.get(&FieldId::FULL_NAME).cloned();
        whole.or_else(|| {
            let parts = ["identity.first_name", "identity.middle_name", "identity.last_name"];
            let parts: Vec<_> = parts.into_iter().filter_map(part).collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        })
    }

    /// The fingerprint of the e-mail address that they claim for themselves alone. Who is deleted claims none.
    pub fn claimed_email(&self) -> Option<&Fingerprint> {
        let claims = self.unique_email && self.status != Status::Deleted;
        self.fingerprints.email.as_ref().filter(|_| claims)
    }

    /// Whether their e-mail address is among those that were approved.
    pub fn has_approved_email(&self) -> bool {
        let Fingerprints { email, approved_emails, .. } = &self.fingerprints;
        email.as_ref().is_some_and(|email| approved_emails.contains(email))
    }

    /// When they were last seen: at their latest session, or when they were made.
    pub fn last_activity_at(&self) -> Timestamp {
        self.sessions.last_at.unwrap_or(self.created_at)
    }

    /// Whether they are who they say: what the latest session says. One in review leaves an earlier approval standing.
    pub fn kyc_status(&self) -> KycStatus {
        match self.verification.as_ref().map(|latest| latest.outcome) {
            Some(Outcome::Approved) => KycStatus::Passed,
            Some(Outcome::Declined) => KycStatus::Failed,
            Some(Outcome::InReview) if self.sessions.approved > 0 => KycStatus::Passed,
            Some(Outcome::InReview) | None => KycStatus::Pending,
        }
    }

    /// Whether their e-mail address is among the approved ones.
    pub fn email_verified(&self) -> bool {
        let approved = &self.fingerprints.approved_emails;
        self.fingerprints.email.as_ref().is_some_and(|email| approved.contains(email))
    }

    /// Marks a change at `now`: the version grows, and time never runs backwards.
    pub fn touch(&mut self, now: Timestamp) {
        self.version = self.version.saturating_add(1);
        self.updated_at = now.max(self.updated_at);
    }
}
