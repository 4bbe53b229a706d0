//! What is remembered of a verification session.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Established, Outcome, Scope, Timestamp, UserId, field::FieldId},
    store::keys,
    vault::Fingerprint,
};

/// A session as it was last reported: enough to recognise it, to count it once, and to know what it vouches for. Holds
/// names and digests only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// What the session is called.
    pub name: Fingerprint,
    /// What stands for the report.
    pub report: Fingerprint,
    /// How it ended.
    pub outcome: Outcome,
    /// When it ran.
    pub executed_at: Timestamp,
    /// What it vouches for; nothing, unless it was approved.
    pub established: Established,
    /// The user's version that it was written with.
    pub version: u64,
}

/// The stored form of a [`SessionRecord`].
#[derive(Serialize, Deserialize)]
pub(in crate::store) struct SessionItem {
    pk: String,
    sk: String,
    report: String,
    outcome: String,
    executed_at: i64,
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    fields: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    emails: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    phones: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    issuing_states: BTreeSet<String>,
    version: u64,
}

impl SessionItem {
    pub(in crate::store) fn of(scope: &Scope, user: UserId, record: &SessionRecord) -> Self {
        let keys::Key { pk, sk } = keys::session(scope, user, &record.name);
        let established = &record.established;
        let digits = |all: &BTreeSet<Fingerprint>| {
            all.iter().map(|fingerprint| fingerprint.as_str().to_owned()).collect()
        };
        Self {
            pk,
            sk,
            report: record.report.as_str().to_owned(),
            outcome: record.outcome.as_str().to_owned(),
            executed_at: record.executed_at.unix_millis(),
            fields: established.fields.iter().map(|field| field.as_str().to_owned()).collect(),
            emails: digits(&established.emails),
            phones: digits(&established.phones),
            issuing_states: established.issuing_states.clone(),
            version: record.version,
        }
    }

    pub(in crate::store) fn into_record(self) -> Option<SessionRecord> {
        let fingerprints = |all: BTreeSet<String>| {
            all.into_iter().map(Fingerprint::from_stored).collect::<BTreeSet<_>>()
        };
        let fields = self.fields.iter().map(|field| FieldId::from_stored(field).ok());
        Some(SessionRecord {
            name: Fingerprint::from_stored(self.sk.strip_prefix(keys::SESSION_PREFIX)?.to_owned()),
            report: Fingerprint::from_stored(self.report),
            outcome: Outcome::ALL.into_iter().find(|it| it.as_str() == self.outcome)?,
            executed_at: Timestamp::from_unix_millis(self.executed_at),
            established: Established {
                fields: fields.collect::<Option<_>>()?,
                emails: fingerprints(self.emails),
                phones: fingerprints(self.phones),
                issuing_states: self.issuing_states,
            },
            version: self.version,
        })
    }
}
