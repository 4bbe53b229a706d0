//! `POST /v1/user/{user_id}/verification` (ours)

use std::collections::BTreeMap;

use lambda_http::http::StatusCode;
use serde_json::Value as Json;
use shared::{
    App, Result,
    domain::{
        Feature, FeatureStatus, Outcome, RiskLevel, Timestamp, Verification, Workflow,
        field::FieldId,
        value::{Value, alpha3, is_text},
    },
    error::Faults,
    http::{Call, Object, Response, pointer},
    users::{FieldChanges, Report, record_verification},
};
use time::Duration;

use crate::{
    read::{self, required_choice},
    view,
};

const KNOWN: [&str; 10] = [
    "session_id",
    "workflow",
    "risk_level",
    "outcome",
    "features",
    "vault",
    "approved_emails",
    "approved_phones",
    "issuing_state",
    "executed_at",
];

/// The greatest lengths of a session's id and of a workflow's name, in Unicode scalar values.
const MAX_SESSION_CHARS: usize = 128;
const MAX_WORKFLOW_CHARS: usize = 255;

/// How many contacts one session establishes, of each kind. Together with all else that it can change they fit into one
/// transaction.
const MAX_CONTACTS: usize = 5;

/// How far a provider's clock may be ahead of ours.
const CLOCK_SKEW: Duration = Duration::minutes(1);

/// Records the outcome of a KYC session and answers the user as it leaves them.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let id = read::user_id(&call)?;
    let report = report(app, &call)?;
    let recorded = record_verification(app, &call, id, &report, call.once()?.as_ref()).await?;
    Ok(view::replayed(view::single(StatusCode::OK, &recorded.answer), recorded.replayed))
}

fn report(app: &App, call: &Call) -> Result<Report> {
    let mut faults = Faults::default();
    let mut body = Object::body(call.json()?, &mut faults);
    let id = required_line(&mut body, "session_id", MAX_SESSION_CHARS, &mut faults);
    let workflow = workflow(&mut body, &mut faults);
    let levels = RiskLevel::ALL.map(|level| (level.as_str(), level));
    let risk_level = required_choice(&mut body, "risk_level", &levels, &mut faults);
    let outcomes = Outcome::ALL.map(|outcome| (outcome.as_str(), outcome));
    let outcome = required_choice(&mut body, "outcome", &outcomes, &mut faults);
    let features = features(&mut body, &mut faults);
    let fields = fields(&mut body, &mut faults);
    let emails = contacts(&mut body, "approved_emails", &FieldId::EMAIL, &mut faults);
    let phones = contacts(&mut body, "approved_phones", &FieldId::PHONE_NUMBER, &mut faults);
    let issuing_state = issuing_state(&mut body, &mut faults);
    let executed_at = executed_at(&mut body, app.clock.now(), &mut faults);
    body.finish(&KNOWN, &mut faults);
    faults.check()?;
    // Where nothing is at fault, everything that is required is there.
    let verification = id.zip(workflow).zip(risk_level).zip(outcome).zip(executed_at);
    let verification =
        verification.map(|((((id, workflow), risk_level), outcome), executed_at)| Verification {
            id,
            outcome,
            risk_level,
            workflow,
            executed_at,
        });
    let verification =
        verification.ok_or_else(|| shared::Error::body("", "must be a whole verification"))?;
    Ok(Report { verification, features, fields, emails, phones, issuing_state })
}

/// A text of one line that must be there.
fn required_line(
    body: &mut Object,
    name: &str,
    max_chars: usize,
    faults: &mut Faults,
) -> Option<String> {
    let text = body.required_text(name, faults)?;
    if !is_text(&text, max_chars) {
        let detail = format!(
            "must have 1 to {max_chars} characters, not all blank, and no control characters"
        );
        faults.body(body.pointer(name), detail);
    }
    Some(text)
}

fn workflow(body: &mut Object, faults: &mut Faults) -> Option<Workflow> {
    let value = body.take("workflow");
    if !matches!(value, Some(Json::Object(_))) {
        faults.body("/workflow", "is required, and must be an object");
        return None;
    }
    let mut workflow = Object::new(body.pointer("workflow"), value.unwrap_or_default(), faults);
    let name = required_line(&mut workflow, "name", MAX_WORKFLOW_CHARS, faults);
    let version = workflow.take("version").and_then(|version| version.as_u64());
    let version = version.and_then(|version| u32::try_from(version).ok());
    let version = version.filter(|version| *version > 0);
    if version.is_none() {
        let detail = format!("must be a whole number from 1 to {}", u32::MAX);
        faults.body(workflow.pointer("version"), detail);
    }
    workflow.finish(&["name", "version"], faults);
    name.zip(version).map(|(name, version)| Workflow { name, version })
}

/// Results by feature, in Didit's words.
fn features(body: &mut Object, faults: &mut Faults) -> BTreeMap<Feature, FeatureStatus> {
    let mut results = BTreeMap::new();
    let members = body.object("features", faults).into_iter();
    for (place, name, value) in members.flat_map(Object::into_located_members) {
        let feature = Feature::ALL.into_iter().find(|feature| feature.as_str() == name);
        let status = value.as_str();
        let status = FeatureStatus::ALL.into_iter().find(|it| Some(it.as_str()) == status);
        match (feature, status) {
            (Some(feature), Some(status)) => drop(results.insert(feature, status)),
            (None, _) => {
                let known = Feature::ALL.map(Feature::as_str).join(", ");
                faults.body(place, format!("is not a feature; those are {known}"));
            }
            (Some(_), None) => {
                let known = FeatureStatus::ALL.map(FeatureStatus::as_str).join(", ");
                faults.body(place, format!("must be one of {known}"));
            }
        }
    }
    results
}

/// What it established of somebody's identity: fields of the catalogue, each with a value.
fn fields(body: &mut Object, faults: &mut Faults) -> FieldChanges {
    let Some(fields) = body.object("vault", faults) else { return FieldChanges::new() };
    let fields = read::vault(fields, faults);
    for (field, value) in &fields {
        if field.is_custom() {
            let detail = "is not a field of somebody's identity";
            faults.body(pointer("/vault", field.as_str()), detail);
        } else if value.is_none() {
            let detail = "must be a string: a verification erases nothing";
            faults.body(pointer("/vault", field.as_str()), detail);
        }
    }
    fields
}

/// A list of contacts, each with the rules of a field.
fn contacts(body: &mut Object, name: &str, field: &FieldId, faults: &mut Faults) -> Vec<Value> {
    let place = body.pointer(name);
    let elements = match body.take(name) {
        None | Some(Json::Null) => return Vec::new(),
        Some(Json::Array(elements)) if elements.len() <= MAX_CONTACTS => elements,
        Some(_) => {
            faults.body(place, format!("must be a list of at most {MAX_CONTACTS} strings"));
            return Vec::new();
        }
    };
    let mut values = Vec::new();
    for (number, element) in elements.iter().enumerate() {
        match element.as_str().map(|text| field.value(text)) {
            Some(Ok(value)) => values.push(value),
            Some(Err(invalid)) => faults.body(format!("{place}/{number}"), invalid.to_string()),
            None => faults.body(format!("{place}/{number}"), "must be a string"),
        }
    }
    values
}

fn issuing_state(body: &mut Object, faults: &mut Faults) -> Option<String> {
    let text = body.text("issuing_state", faults)??;
    let state = alpha3(&text);
    if state.is_none() {
        let detail = "must be an ISO 3166-1 alpha-3 country code in upper case, such as GBR";
        faults.body("/issuing_state", detail);
    }
    state
}

/// An instant that is over, with its time and offset.
fn executed_at(body: &mut Object, now: Timestamp, faults: &mut Faults) -> Option<Timestamp> {
    let text = body.required_text("executed_at", faults)?;
    // A date alone is no instant.
    let at = Timestamp::parse(&text).filter(|_| text.len() > "2024-01-15".len());
    let over =
        |at: &Timestamp| (0..=now.plus(CLOCK_SKEW).unix_millis()).contains(&at.unix_millis());
    let at = at.filter(over);
    if at.is_none() {
        let detail = "must be an instant of RFC 3339 from 1970 on that is not in the future, such as \
                      2024-01-15T10:30:00.000Z";
        faults.body("/executed_at", detail);
    }
    at
}
