//! Reading the body of a user. All faults come back at once, each with its place.

use serde_json::{Value as Json, json};
use shared::{
    Result,
    domain::{
        field::FieldId,
        value::{Kind, is_text},
    },
    error::Faults,
    http::{Call, Object},
    users::FieldChanges,
};

use crate::profile::{Member, PARTS, USER};

const KNOWN: [&str; 10] = [
    "email",
    "firstName",
    "lastName",
    "dateOfBirth",
    "residencyCountry",
    "nationality",
    "address",
    "taxResidency",
    "language",
    "employment",
];
const LANGUAGES: [&str; 2] = ["en", "el"];
/// With these, an industry has to be named.
const EMPLOYED: [&str; 3] = ["FullTime", "PartTime", "SelfEmployed"];
/// The greatest length of a word of the employment, in characters.
const MAX_WORD_CHARS: usize = 100;
/// The most sources of wealth.
const MAX_SOURCES: usize = 20;
/// What holds all that an employment can have, as JSON with each character escaped.
const EMPLOYMENT: Kind = Kind::Text { max_chars: 32_768 };

/// The fields that a body names.
pub(crate) fn profile(call: &Call) -> Result<FieldChanges> {
    let mut faults = Faults::default();
    let mut body = Object::body(call.json()?, &mut faults);
    let mut fields = FieldChanges::new();
    members(&mut body, &USER, &mut fields, &mut faults);
    for (name, part) in PARTS {
        if let Some(mut object) = body.object(name, &mut faults) {
            members(&mut object, part, &mut fields, &mut faults);
            let known: Vec<_> = part.iter().map(|member| member.name).collect();
            object.finish(&known, &mut faults);
        }
    }
    language(&mut body, &mut fields, &mut faults);
    if let Some(object) = body.object("employment", &mut faults) {
        employment(object, &mut fields, &mut faults);
    }
    body.finish(&KNOWN, &mut faults);
    faults.check()?;
    Ok(fields)
}

fn members(
    object: &mut Object,
    members: &[Member],
    fields: &mut FieldChanges,
    faults: &mut Faults,
) {
    for Member { name, field, required } in members {
        let text = if *required {
            object.required_text(name, faults)
        } else {
            object.text(name, faults).flatten()
        };
        match text.map(|text| field.value(&text)) {
            Some(Ok(value)) => drop(fields.insert(field.clone(), Some(value))),
            Some(Err(invalid)) => faults.body(object.pointer(name), invalid.to_string()),
            None => {}
        }
    }
}

fn language(body: &mut Object, fields: &mut FieldChanges, faults: &mut Faults) {
    let Some(text) = body.text("language", faults).flatten() else { return };
    match FieldId::LANGUAGE.value(&text) {
        Ok(value) if LANGUAGES.contains(&text.as_str()) => {
            drop(fields.insert(FieldId::LANGUAGE, Some(value)));
        }
        Ok(_) | Err(_) => {
            faults.body("/language", format!("must be one of {}", LANGUAGES.join(", ")));
        }
    }
}

/// An employment is kept as it is: one sealed text of JSON.
fn employment(mut object: Object, fields: &mut FieldChanges, faults: &mut Faults) {
    let income = word(&mut object, "incomeRangeId", faults);
    let status = word(&mut object, "employmentStatus", faults);
    let sources = sources(&mut object, faults);
    let employed = status.as_deref().is_some_and(|status| EMPLOYED.contains(&status));
    let industry = object.text("industry", faults).flatten();
    if industry.is_none() && employed {
        let detail = format!("is required with one of {}", EMPLOYED.join(", "));
        faults.body(object.pointer("industry"), detail);
    }
    let industry = industry.and_then(|text| checked(&object, "industry", text, faults));
    let known = ["incomeRangeId", "employmentStatus", "sourcesOfWealth", "industry"];
    object.finish(&known, faults);
    let mut employment = json!({
        "incomeRangeId": income, "employmentStatus": status, "sourcesOfWealth": sources,
    });
    if let (Some(industry), Some(members)) = (industry, employment.as_object_mut()) {
        members.insert("industry".to_owned(), industry.into());
    }
    match EMPLOYMENT.parse(&employment.to_string()) {
        Ok(value) => drop(fields.insert(FieldId::EMPLOYMENT, Some(value))),
        Err(invalid) => faults.body("/employment", invalid.to_string()),
    }
}

fn word(object: &mut Object, name: &str, faults: &mut Faults) -> Option<String> {
    let text = object.required_text(name, faults)?;
    checked(object, name, text, faults)
}

fn checked(object: &Object, name: &str, text: String, faults: &mut Faults) -> Option<String> {
    let kind = Kind::Text { max_chars: MAX_WORD_CHARS };
    if !is_text(&text, MAX_WORD_CHARS) {
        faults.body(object.pointer(name), format!("must be {}", kind.expected()));
        return None;
    }
    Some(text)
}

fn sources(object: &mut Object, faults: &mut Faults) -> Vec<String> {
    const NAME: &str = "sourcesOfWealth";
    let place = object.pointer(NAME);
    let elements = match object.take(NAME) {
        None | Some(Json::Null) => {
            faults.body(place, "is required");
            return Vec::new();
        }
        Some(Json::Array(elements)) if (1..=MAX_SOURCES).contains(&elements.len()) => elements,
        Some(_) => {
            faults.body(place, format!("must be a list of 1 to {MAX_SOURCES} texts"));
            return Vec::new();
        }
    };
    let mut sources = Vec::new();
    for (number, element) in elements.into_iter().enumerate() {
        let text = element.as_str().filter(|text| is_text(text, MAX_WORD_CHARS));
        if let Some(text) = text {
            sources.push(text.to_owned());
        } else {
            let expected = Kind::Text { max_chars: MAX_WORD_CHARS }.expected();
            faults.body(format!("{place}/{number}"), format!("must be {expected}"));
        }
    }
    sources
}
