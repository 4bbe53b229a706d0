//! `POST /v1/user/{user_id}/vault/reveal` (ours)

use std::collections::BTreeMap;

use lambda_http::http::StatusCode;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value as Json;
use shared::{
    App, Result,
    domain::{
        UserId,
        field::{self, FieldId},
        value::is_text,
    },
    error::Faults,
    http::{self, Call, Object, Response},
    users::{Reveal, Revealed, reveal_fields},
};

use crate::{read, view};

/// The greatest length of a reason, in Unicode scalar values.
const MAX_REASON_CHARS: usize = 256;

/// How many fields are shown at once: more than a user can have, and few enough for one event.
const MAX_FIELDS: usize = 100;

/// Fields in clear. Serialised into the answer and nowhere else: it has no `Debug`.
#[derive(Serialize)]
struct RevealView<'a> {
    object: &'static str,
    user_id: String,
    fields: BTreeMap<&'a str, Option<&'a str>>,
}

/// Shows vault fields in clear. The event that says so is durable before anything is shown.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let id = read::user_id(&call)?;
    let reveal = reveal(&call)?;
    let revealed = reveal_fields(app, &call, id, &reveal, call.once()?.as_ref()).await?;
    Ok(view::replayed(answer(id, &revealed.answer), revealed.replayed))
}

fn answer(id: UserId, revealed: &Revealed) -> Response {
    // EXPOSE: this is what the caller was permitted to see, and what the event says was shown.
    let fields = revealed
        .fields
        .iter()
        .map(|(field, value)| (field.as_str(), value.as_ref().map(ExposeSecret::expose_secret)));
    let view = RevealView {
        object: "vault_reveal",
        user_id: id.to_uuid().to_string(),
        fields: fields.collect(),
    };
    view::tagged(http::json(StatusCode::OK, &view), revealed.version)
}

fn reveal(call: &Call) -> Result<Reveal> {
    let mut faults = Faults::default();
    let mut body = Object::body(call.json()?, &mut faults);
    let reason = body.required_text("reason", &mut faults).unwrap_or_default();
    if faults.is_empty() && !is_text(&reason, MAX_REASON_CHARS) {
        let detail = format!(
            "must have 1 to {MAX_REASON_CHARS} characters, not all blank, and no control characters"
        );
        faults.body("/reason", detail);
    }
    let fields = fields(body.take("fields"), &mut faults);
    body.finish(&["fields", "reason"], &mut faults);
    faults.check()?;
    Ok(Reveal { fields, reason })
}

/// 1 to [`MAX_FIELDS`] field ids; naming one twice is naming it once.
fn fields(value: Option<Json>, faults: &mut Faults) -> Vec<FieldId> {
    let Some(Json::Array(elements)) = value else {
        faults.body("/fields", "must be a list of vault field ids");
        return Vec::new();
    };
    if elements.is_empty() || elements.len() > MAX_FIELDS {
        faults.body("/fields", format!("must name 1 to {MAX_FIELDS} vault fields"));
        return Vec::new();
    }
    let mut fields = Vec::new();
    for (place, element) in elements.iter().enumerate() {
        match element.as_str().map(FieldId::parse) {
            Some(Ok(field)) if fields.contains(&field) => {}
            Some(Ok(field)) => fields.push(field),
            Some(Err(_)) | None => {
                let detail = format!("is not a vault field; those are {}", field::known_ids());
                faults.body(format!("/fields/{place}"), detail);
            }
        }
    }
    fields
}
