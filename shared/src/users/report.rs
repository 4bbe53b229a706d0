//! What a provider reports of a verification session.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::FieldChanges;
use crate::{
    domain::{
        Established, Feature, FeatureStatus, Outcome, Verification,
        field::{FieldId, FingerprintKind},
        value::Value,
    },
    vault::{Fingerprint, IndexKey},
};

/// What a provider says of one session.
#[derive(Debug)]
pub struct Report {
    /// The session.
    pub verification: Verification,
    /// What its checks found.
    pub features: BTreeMap<Feature, FeatureStatus>,
    /// The fields that it established.
    pub fields: FieldChanges,
    /// The e-mail addresses that it established.
    pub emails: Vec<Value>,
    /// The phone numbers that it established.
    pub phones: Vec<Value>,
    /// Where the document is from: ISO 3166-1 alpha-3.
    pub issuing_state: Option<String>,
}

impl Report {
    /// The same for the same content only, however it was spelled.
    pub(super) fn digest(&self, index: &IndexKey) -> Fingerprint {
        let Verification { id, outcome, risk_level, workflow, executed_at } = &self.verification;
        // EXPOSE: what stands for the report is a keyed digest over all of it.
        let text = |value: &Value| value.stored().expose_secret().to_owned();
        let features = self.features.iter();
        let fields = self.fields.iter();
        let canonical = json!([
            id,
            outcome.as_str(),
            risk_level.as_str(),
            workflow.name,
            workflow.version,
            executed_at.unix_millis(),
            features.map(|(name, status)| [name.as_str(), status.as_str()]).collect::<Vec<_>>(),
            fields.map(|(id, value)| (id.as_str(), value.as_ref().map(text))).collect::<Vec<_>>(),
            self.emails.iter().map(text).collect::<BTreeSet<_>>(),
            self.phones.iter().map(text).collect::<BTreeSet<_>>(),
            self.issuing_state,
        ]);
        index.verification_report(&SecretString::from(canonical.to_string()))
    }

    /// What it vouches for: nothing, unless the session was approved.
    pub(super) fn established(&self, index: &IndexKey) -> Established {
        if self.verification.outcome != Outcome::Approved {
            return Established::default();
        }
        let prints =
            |kind| self.contacts(kind).iter().map(|value| index.fingerprint(kind, value)).collect();
        let mut established = Established {
            fields: self.fields.keys().cloned().collect(),
            emails: prints(FingerprintKind::Email),
            phones: prints(FingerprintKind::Phone),
            issuing_states: self.issuing_state.iter().cloned().collect(),
        };
        // A name that one API shows whole is the one that another shows in parts.
        if FieldId::NAMES.iter().any(|name| self.fields.contains_key(name)) {
            established.fields.extend(FieldId::NAMES);
        }
        let lists = [
            (FieldId::APPROVED_EMAILS, established.emails.is_empty()),
            (FieldId::APPROVED_PHONES, established.phones.is_empty()),
            (FieldId::ISSUING_STATES, established.issuing_states.is_empty()),
        ];
        let named = lists.into_iter().filter(|(_, is_empty)| !is_empty);
        established.fields.extend(named.map(|(list, _)| list));
        established
    }

    /// The contacts of one kind: those in the list, and the one among the fields.
    pub(super) fn contacts(&self, kind: FingerprintKind) -> Vec<&Value> {
        let (list, field): (&[Value], _) = match kind {
            FingerprintKind::Email => (&self.emails, FieldId::EMAIL),
            FingerprintKind::Phone => (&self.phones, FieldId::PHONE_NUMBER),
            FingerprintKind::Ssn => return Vec::new(),
        };
        let field = self.fields.get(&field).and_then(Option::as_ref);
        list.iter().chain(field).collect()
    }

    /// The names of all that it would establish.
    pub(super) fn places(&self) -> Vec<String> {
        let lists = [
            (FieldId::APPROVED_EMAILS, self.emails.is_empty()),
            (FieldId::APPROVED_PHONES, self.phones.is_empty()),
            (FieldId::ISSUING_STATES, self.issuing_state.is_none()),
        ];
        let lists = lists.into_iter().filter(|(_, is_empty)| !is_empty).map(|(list, _)| list);
        let all = self.fields.keys().cloned().chain(lists);
        all.map(|field| field.as_str().to_owned()).collect()
    }
}
