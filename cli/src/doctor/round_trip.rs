//! A user of test data, from their making to their deletion, as a client sees it.

use serde_json::{Value, json};

use super::{
    Api, Row, Verdict,
    http::{Answer, send},
};

/// What the row is called.
pub(super) const NAME: &str = "a user made, revealed and deleted";

/// Nobody's: the Social Security Administration gives none that begins so.
const SSN: &str = "900000000";

/// Makes a user, reveals a field, and deletes the user, whatever came between. What stays is a deleted user of test data, until
/// the retention period is over.
pub(super) async fn check(api: &Api) -> Row {
    const REMEDY: &str =
        "look for the request in the log: docs/operations.md says what each cause means";
    match round_trip(api).await {
        Ok(()) => Row::ok(NAME, format!("through {}", api.url)),
        Err(sentence) => Row::new(NAME, Verdict::Fail, sentence, REMEDY),
    }
}

async fn round_trip(api: &Api) -> Result<(), String> {
    let person = json!({"display_name": "coffer doctor", "vault": {"identity.ssn": SSN}});
    let made = expect("make", 201, post(api, "/v1/user", &person).await?)?;
    let id = made.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let revealed = reveal(api, &id).await;
    let selection = json!({"didit_internal_id_list": [id]});
    let deleted = expect("delete", 200, post(api, "/v3/users/delete", &selection).await?)?;
    revealed?;
    if deleted.get("deleted") == Some(&json!(1)) {
        Ok(())
    } else {
        Err(format!("the user {id} was not there to delete"))
    }
}

async fn reveal(api: &Api, id: &str) -> Result<(), String> {
    let wanted = json!({"fields": ["identity.ssn"], "reason": "coffer doctor"});
    let path = format!("/v1/user/{id}/vault/reveal");
    let answer = expect("reveal", 200, post(api, &path, &wanted).await?)?;
    if answer.pointer("/fields/identity.ssn") == Some(&json!(SSN)) {
        Ok(())
    } else {
        Err("what was revealed is not what was put in".to_owned())
    }
}

async fn post(api: &Api, path: &str, body: &Value) -> Result<Answer, String> {
    let url = format!("{}{path}", api.url.trim_end_matches('/'));
    let didit = path.starts_with("/v3/");
    let header = if didit {
        ("x-api-key", api.key.clone())
    } else {
        ("authorization", format!("Bearer {}", api.key))
    };
    send("POST", &url, header, Some(body)).await
}

fn expect(what: &str, status: u16, answer: Answer) -> Result<Value, String> {
    if answer.status == status {
        return Ok(answer.body);
    }
    let detail = answer.body.get("detail").and_then(Value::as_str).unwrap_or("no reason given");
    Err(format!("to {what} it was answered {}: {detail}", answer.status))
}
