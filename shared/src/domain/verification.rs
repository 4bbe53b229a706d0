//! Verifications: runs of a workflow that established who somebody is, or failed to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Timestamp, field::FieldId};
use crate::vault::Fingerprint;

/// How risky a verification found somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RiskLevel {
    /// Nothing remarkable.
    Low,
    /// Worth a look.
    Medium,
    /// Worth a refusal.
    High,
}

impl RiskLevel {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// How a session ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// They are who they say.
    Approved,
    /// They are not, or it did not show.
    Declined,
    /// Somebody is still looking at it.
    InReview,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Approved, Self::Declined, Self::InReview];

    /// The name on the wire and in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::InReview => "in_review",
        }
    }
}

/// What a workflow checks, by Didit's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Age, estimated from the face.
    AgeEstimation,
    /// Watch lists.
    Aml,
    /// Registers of others.
    DatabaseValidation,
    /// The e-mail address.
    EmailVerification,
    /// The face, against the document's.
    FaceMatch,
    /// The identity document.
    IdVerification,
    /// The address that they came from.
    IpAnalysis,
    /// A living face.
    Liveness,
    /// The document's chip.
    Nfc,
    /// The phone number.
    Phone,
    /// A proof of address.
    Poa,
    /// Questions asked.
    Questionnaire,
}

impl Feature {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 12] = [
        Self::AgeEstimation,
        Self::Aml,
        Self::DatabaseValidation,
        Self::EmailVerification,
        Self::FaceMatch,
        Self::IdVerification,
        Self::IpAnalysis,
        Self::Liveness,
        Self::Nfc,
        Self::Phone,
        Self::Poa,
        Self::Questionnaire,
    ];

    /// The name on the wire and in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AgeEstimation => "AGE_ESTIMATION",
            Self::Aml => "AML",
            Self::DatabaseValidation => "DATABASE_VALIDATION",
            Self::EmailVerification => "EMAIL_VERIFICATION",
            Self::FaceMatch => "FACE_MATCH",
            Self::IdVerification => "ID_VERIFICATION",
            Self::IpAnalysis => "IP_ANALYSIS",
            Self::Liveness => "LIVENESS",
            Self::Nfc => "NFC",
            Self::Phone => "PHONE",
            Self::Poa => "POA",
            Self::Questionnaire => "QUESTIONNAIRE",
        }
    }
}

/// What a check found, by Didit's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureStatus {
    /// It is right.
    Approved,
    /// It is not.
    Declined,
    /// Somebody is looking at it.
    InReview,
    /// They have not come to its end.
    NotFinished,
    /// They were asked to do it again.
    ResubRequested,
}

impl FeatureStatus {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Approved, Self::Declined, Self::InReview, Self::NotFinished, Self::ResubRequested];

    /// The name on the wire and in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "Approved",
            Self::Declined => "Declined",
            Self::InReview => "In Review",
            Self::NotFinished => "Not Finished",
            Self::ResubRequested => "Resub Requested",
        }
    }
}

/// What a check found, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureResult {
    /// What it found.
    pub status: FeatureStatus,
    /// When the session ran.
    pub at: Timestamp,
}

/// The workflow that verified somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
}

/// One run, as it was last reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The provider's id of the session.
    pub id: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What it found.
    pub risk_level: RiskLevel,
    /// What ran.
    pub workflow: Workflow,
    /// When it ran.
    pub executed_at: Timestamp,
}

/// What verification sessions have shown of a user, summed up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sessions {
    /// How many there were.
    pub count: u32,
    /// How many were approved.
    pub approved: u32,
    /// How many were declined.
    pub declined: u32,
    /// How many are in review.
    pub in_review: u32,
    /// The latest result of each feature.
    pub features: BTreeMap<Feature, FeatureResult>,
    /// When the first one was.
    pub first_at: Option<Timestamp>,
    /// When the last one was.
    pub last_at: Option<Timestamp>,
}

impl Sessions {
    /// Counts a session, of which `previous` was counted before if it is not new.
    pub fn count(&mut self, previous: Option<Outcome>, outcome: Outcome) {
        match previous {
            Some(previous) => {
                let counter = self.counter(previous);
                *counter = counter.saturating_sub(1);
            }
            None => self.count = self.count.saturating_add(1),
        }
        let counter = self.counter(outcome);
        *counter = counter.saturating_add(1);
    }

    /// Takes over when a session was and what its checks found. What a later one found stays.
    pub fn observe(&mut self, at: Timestamp, features: &BTreeMap<Feature, FeatureStatus>) {
        self.first_at = Some(self.first_at.map_or(at, |first| first.min(at)));
        self.last_at = Some(self.last_at.map_or(at, |last| last.max(at)));
        for (feature, status) in features {
            let result = FeatureResult { status: *status, at };
            let slot = self.features.entry(*feature).or_insert(result);
            if slot.at <= at {
                *slot = result;
            }
        }
    }

    const fn counter(&mut self, outcome: Outcome) -> &mut u32 {
        match outcome {
            Outcome::Approved => &mut self.approved,
            Outcome::Declined => &mut self.declined,
            Outcome::InReview => &mut self.in_review,
        }
    }
}

/// Whether somebody is known to be who they say, all sessions considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KycStatus {
    /// Nobody knows yet.
    Pending,
    /// They are.
    Passed,
    /// They are not.
    Failed,
}

/// What an approved session vouches for: names and digests, and no value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Established {
    /// The fields that are read-only on its account.
    pub fields: BTreeSet<FieldId>,
    /// E-mail addresses.
    pub emails: BTreeSet<Fingerprint>,
    /// Phone numbers.
    pub phones: BTreeSet<Fingerprint>,
    /// ISO 3166-1 alpha-3.
    pub issuing_states: BTreeSet<String>,
}

impl Established {
    /// Whether it vouches for nothing.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
            && self.emails.is_empty()
            && self.phones.is_empty()
            && self.issuing_states.is_empty()
    }

    /// What this vouches for and `other` does not.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self {
            fields: self.fields.difference(&other.fields).cloned().collect(),
            emails: self.emails.difference(&other.emails).cloned().collect(),
            phones: self.phones.difference(&other.phones).cloned().collect(),
            issuing_states: self
                .issuing_states
                .difference(&other.issuing_states)
                .cloned()
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(sessions: &Sessions) -> [u32; 4] {
        [sessions.count, sessions.approved, sessions.declined, sessions.in_review]
    }

    #[test]
    fn a_session_is_counted_once_and_where_it_stands() {
        let mut sessions = Sessions::default();
        sessions.count(None, Outcome::InReview);
        assert_eq!(counts(&sessions), [1, 0, 0, 1]);
        sessions.count(Some(Outcome::InReview), Outcome::Approved);
        assert_eq!(counts(&sessions), [1, 1, 0, 0]);
        sessions.count(None, Outcome::Declined);
        sessions.count(Some(Outcome::Approved), Outcome::Declined);
        assert_eq!(counts(&sessions), [2, 0, 2, 0]);
    }

    #[test]
    fn a_late_report_of_an_early_session_overwrites_nothing_later() {
        let at = Timestamp::from_unix_millis;
        let (found, missed) = (FeatureStatus::Approved, FeatureStatus::Declined);
        let mut sessions = Sessions::default();
        sessions.observe(at(20), &[(Feature::Aml, found)].into());
        sessions.observe(at(10), &[(Feature::Aml, missed), (Feature::Nfc, missed)].into());
        let shown: Vec<_> =
            sessions.features.iter().map(|(it, result)| (*it, result.status)).collect();
        assert_eq!(shown, [(Feature::Aml, found), (Feature::Nfc, missed)]);
        assert_eq!((sessions.first_at, sessions.last_at), (Some(at(10)), Some(at(20))));
        sessions.observe(at(20), &[(Feature::Aml, missed)].into());
        assert_eq!(sessions.features[&Feature::Aml].status, missed, "the same session, corrected");
    }

    #[test]
    fn features_are_in_the_order_of_their_names() {
        assert!(Feature::ALL.is_sorted_by_key(|feature| feature.as_str()));
        assert!(Feature::ALL.is_sorted());
    }
}
