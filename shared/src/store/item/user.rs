//! A user as an item, and back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::position;
use crate::{
    aws::AwsError,
    domain::{
        ExternalId, Feature, FeatureResult, FeatureStatus, Fingerprints, Metadata, Outcome,
        RiskLevel, Scope, Sealed, Sessions, Status, Tag, Timestamp, User, Verification, Workflow,
        field::FieldId,
    },
    store::{ListOrder, keys},
    vault::Fingerprint,
};

/// A user. `lp` and the `l…` attributes after it are the keys of the list indexes.
#[derive(Serialize, Deserialize)]
pub(in crate::store) struct UserItem {
    pk: String,
    sk: String,
    version: u64,
    status: String,
    created_at: i64,
    updated_at: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    display_name: Option<String>,
    /// JSON text: DynamoDB's numbers are not JSON's.
    metadata: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    external_id: Option<String>,
    plain: BTreeMap<String, String>,
    sealed: BTreeMap<String, ByteBuf>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    fp_email: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    unique_email: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    fp_phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    fp_ssn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    verification: Option<VerificationItem>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    fp_approved_emails: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    fp_approved_phones: BTreeSet<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    sessions: Option<SessionsItem>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    issuing_states: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    tags: Vec<TagItem>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    locked: BTreeSet<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ttl: Option<i64>,
    lp: String,
    lc: String,
    ln: String,
    lr: String,
    lv: String,
    ls: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    lx: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SessionsItem {
    count: u32,
    approved: u32,
    declined: u32,
    in_review: u32,
    features: BTreeMap<String, FeatureItem>,
    first_at: Option<i64>,
    last_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct FeatureItem {
    status: String,
    at: i64,
}

#[derive(Serialize, Deserialize)]
struct TagItem {
    name: String,
    color: String,
    added_at: i64,
}

#[derive(Serialize, Deserialize)]
struct VerificationItem {
    id: String,
    outcome: String,
    risk_level: String,
    workflow_name: String,
    workflow_version: u32,
    executed_at: i64,
}

impl UserItem {
    pub(in crate::store) fn of(scope: &Scope, user: &User) -> Self {
        let keys::Key { pk, sk } = keys::user(scope, user.id);
        let fingerprint =
            |value: &Option<Fingerprint>| value.as_ref().map(|value| value.as_str().to_owned());
        Self {
            pk,
            sk,
            version: user.version,
            status: user.status.as_str().to_owned(),
            created_at: user.created_at.unix_millis(),
            updated_at: user.updated_at.unix_millis(),
            display_name: user.display_name.clone(),
            metadata: serde_json::Value::Object(user.metadata.as_object().clone()).to_string(),
            external_id: user.external_id.as_ref().map(|id| id.as_str().to_owned()),
            plain: user
                .plain
                .iter()
                .map(|(id, value)| (id.as_str().to_owned(), value.clone()))
                .collect(),
            sealed: user
                .sealed
                .iter()
                .map(|(id, Sealed(bytes))| (id.as_str().to_owned(), bytes.clone().into()))
                .collect(),
            fp_email: fingerprint(&user.fingerprints.email),
            unique_email: user.unique_email,
            fp_phone: fingerprint(&user.fingerprints.phone),
            fp_ssn: fingerprint(&user.fingerprints.ssn),
            verification: user.verification.as_ref().map(VerificationItem::of),
            fp_approved_emails: hex_digits(&user.fingerprints.approved_emails),
            fp_approved_phones: hex_digits(&user.fingerprints.approved_phones),
            sessions: SessionsItem::of(&user.sessions),
            issuing_states: user.issuing_states.clone(),
            tags: user.tags.iter().map(TagItem::of).collect(),
            locked: user.locked.iter().map(|field| field.as_str().to_owned()).collect(),
            ttl: user.purge_at.map(Timestamp::unix_seconds),
            lp: keys::list(scope, user.status),
            lc: position(user, ListOrder::Created),
            ln: position(user, ListOrder::Name),
            lr: position(user, ListOrder::Risk),
            lv: position(user, ListOrder::Verified),
            ls: position(user, ListOrder::Session),
            lx: user.external_id.as_ref().map(|_| position(user, ListOrder::ExternalId)),
        }
    }

    /// The user, unless their purge time is over: DynamoDB removes such items hours later.
    pub(in crate::store) fn into_live_user(self, now: Timestamp) -> Result<Option<User>, AwsError> {
        if self.ttl.is_some_and(|purge_at| purge_at <= now.unix_seconds()) {
            return Ok(None);
        }
        self.into_user()
            .map(Some)
            .ok_or_else(|| AwsError::unexpected("dynamodb:GetItem", "an unreadable user item"))
    }

    fn into_user(self) -> Option<User> {
        let metadata = Metadata::new(serde_json::from_str(&self.metadata).ok()?);
        let plain = self
            .plain
            .into_iter()
            .map(|(id, value)| Some((FieldId::from_stored(&id).ok()?, value)));
        let sealed = self
            .sealed
            .into_iter()
            .map(|(id, value)| Some((FieldId::from_stored(&id).ok()?, Sealed(value.into_vec()))));
        let locked = self.locked.iter().map(|id| FieldId::from_stored(id).ok());
        Some(User {
            id: keys::user_id(&self.pk)?,
            version: self.version,
            status: Status::ALL.into_iter().find(|status| status.as_str() == self.status)?,
            created_at: Timestamp::from_unix_millis(self.created_at),
            updated_at: Timestamp::from_unix_millis(self.updated_at),
            display_name: self.display_name,
            metadata,
            external_id: self.external_id.map(|id| ExternalId::parse(&id)).transpose().ok()?,
            plain: plain.collect::<Option<_>>()?,
            sealed: sealed.collect::<Option<_>>()?,
            fingerprints: Fingerprints {
                email: self.fp_email.map(Fingerprint::from_stored),
                phone: self.fp_phone.map(Fingerprint::from_stored),
                ssn: self.fp_ssn.map(Fingerprint::from_stored),
                approved_emails: fingerprints(self.fp_approved_emails),
                approved_phones: fingerprints(self.fp_approved_phones),
            },
            unique_email: self.unique_email,
            verification: match self.verification {
                Some(item) => Some(item.into_verification()?),
                None => None,
            },
            sessions: match self.sessions {
                Some(item) => item.into_sessions()?,
                None => Sessions::default(),
            },
            issuing_states: self.issuing_states,
            tags: self.tags.into_iter().map(TagItem::into_tag).collect(),
            locked: locked.collect::<Option<_>>()?,
            purge_at: self
                .ttl
                .map(|seconds| Timestamp::from_unix_millis(seconds.saturating_mul(1000))),
        })
    }
}

impl VerificationItem {
    fn of(verification: &Verification) -> Self {
        Self {
            id: verification.id.clone(),
            outcome: verification.outcome.as_str().to_owned(),
            risk_level: verification.risk_level.as_str().to_owned(),
            workflow_name: verification.workflow.name.clone(),
            workflow_version: verification.workflow.version,
            executed_at: verification.executed_at.unix_millis(),
        }
    }

    fn into_verification(self) -> Option<Verification> {
        Some(Verification {
            id: self.id,
            outcome: Outcome::ALL.into_iter().find(|it| it.as_str() == self.outcome)?,
            risk_level: RiskLevel::ALL
                .into_iter()
                .find(|level| level.as_str() == self.risk_level)?,
            workflow: Workflow { name: self.workflow_name, version: self.workflow_version },
            executed_at: Timestamp::from_unix_millis(self.executed_at),
        })
    }
}

fn hex_digits(fingerprints: &BTreeSet<Fingerprint>) -> BTreeSet<String> {
    fingerprints.iter().map(|fingerprint| fingerprint.as_str().to_owned()).collect()
}

fn fingerprints(hex_digits: BTreeSet<String>) -> BTreeSet<Fingerprint> {
    hex_digits.into_iter().map(Fingerprint::from_stored).collect()
}

impl SessionsItem {
    /// Most users have had no session, and no attribute for it.
    fn of(sessions: &Sessions) -> Option<Self> {
        (*sessions != Sessions::default()).then(|| Self {
            count: sessions.count,
            approved: sessions.approved,
            declined: sessions.declined,
            in_review: sessions.in_review,
            features: sessions.features.iter().map(FeatureItem::of).collect(),
            first_at: sessions.first_at.map(Timestamp::unix_millis),
            last_at: sessions.last_at.map(Timestamp::unix_millis),
        })
    }

    fn into_sessions(self) -> Option<Sessions> {
        let features = self.features.into_iter().map(FeatureItem::into_feature);
        Some(Sessions {
            count: self.count,
            approved: self.approved,
            declined: self.declined,
            in_review: self.in_review,
            features: features.collect::<Option<_>>()?,
            first_at: self.first_at.map(Timestamp::from_unix_millis),
            last_at: self.last_at.map(Timestamp::from_unix_millis),
        })
    }
}

impl FeatureItem {
    fn of((feature, result): (&Feature, &FeatureResult)) -> (String, Self) {
        let item = Self { status: result.status.as_str().to_owned(), at: result.at.unix_millis() };
        (feature.as_str().to_owned(), item)
    }

    fn into_feature((name, item): (String, Self)) -> Option<(Feature, FeatureResult)> {
        let feature = Feature::ALL.into_iter().find(|feature| feature.as_str() == name)?;
        let status = FeatureStatus::ALL.into_iter().find(|it| it.as_str() == item.status)?;
        Some((feature, FeatureResult { status, at: Timestamp::from_unix_millis(item.at) }))
    }
}

impl TagItem {
    fn of(tag: &Tag) -> Self {
        let added_at = tag.added_at.unix_millis();
        Self { name: tag.name.clone(), color: tag.color.clone(), added_at }
    }

    fn into_tag(self) -> Tag {
        let added_at = Timestamp::from_unix_millis(self.added_at);
        Tag { name: self.name, color: self.color, added_at }
    }
}
