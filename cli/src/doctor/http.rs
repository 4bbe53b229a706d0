//! Plain HTTP, by the client that the AWS SDK brings along; and what a server's answer says of the clock.

use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector as _, HttpConnectorSettings},
    orchestrator::HttpRequest,
};
use http_body_util::{BodyExt as _, Limited};
use serde_json::Value;
use shared::domain::Timestamp;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use super::{Row, Verdict};

/// How long a server may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// The largest answer that is read, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// What a server answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    date: Option<String>,
}

/// Sends a request with a JSON body, if there is one. An error says why there is no answer.
pub(super) async fn send(
    method: &str,
    url: &str,
    header: (&'static str, String),
    body: Option<&Value>,
) -> Result<Answer, String> {
    let text = body.map(Value::to_string).unwrap_or_default();
    let mut request = HttpRequest::new(text.into());
    let invalid = |error: &dyn std::fmt::Display| format!("{url} cannot be requested: {error}");
    request.set_uri(url).map_err(|error| invalid(&error))?;
    request.set_method(method).map_err(|error| invalid(&error))?;
    let headers = [Some(header), body.map(|_| ("content-type", "application/json".to_owned()))];
    for (name, value) in headers.into_iter().flatten() {
        request.headers_mut().try_insert(name, value).map_err(|error| invalid(&error))?;
    }
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
    let settings = HttpConnectorSettings::builder().connect_timeout(Duration::from_secs(5)).build();
    let connector = Connector::builder().tls_provider(provider).connector_settings(settings);
    let connector = connector.sleep_impl(TokioSleep::new()).build();
    let answer = async {
        let answer = connector.call(request).await;
        let answer = answer.map_err(|error| format!("nobody answers at {url}: {error}"))?;
        let date = answer.headers().get("date").map(str::to_owned);
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), MAX_BYTES).collect().await;
        let body = body.map_err(|_| format!("the answer of {url} broke off"))?.to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Ok(Answer { status, body, date })
    };
    tokio::time::timeout(TIME_LIMIT, answer)
        .await
        .unwrap_or_else(|_| Err(format!("{url} does not answer in time")))
}

/// Whether this machine's clock and that of a server go together. AWS refuses requests that are five minutes off.
pub(super) async fn clock(url: &str) -> Row {
    const CHECK: &str = "clock of this machine";
    let answer = send("GET", url, ("accept", "*/*".to_owned()), None).await;
    let date = answer.map(|answer| answer.date);
    let there = match date {
        Err(sentence) => return Row::new(CHECK, Verdict::Skipped, sentence, ""),
        Ok(date) => date.and_then(|date| OffsetDateTime::parse(&date, &Rfc2822).ok()),
    };
    let Some(there) = there else {
        return Row::new(CHECK, Verdict::Skipped, format!("{url} does not say the time"), "");
    };
    let here = Timestamp::now().unix_seconds();
    judged(CHECK, here.saturating_sub(there.unix_timestamp()))
}

fn judged(check: &str, ahead: i64) -> Row {
    const REMEDY: &str = "set the clock: AWS refuses requests that are five minutes off";
    let found = match ahead {
        0 => "right to the second".to_owned(),
        1.. => format!("{ahead} seconds ahead of AWS's"),
        _behind => format!("{} seconds behind AWS's", ahead.saturating_abs()),
    };
    match ahead.saturating_abs() {
        0..=30 => Row::ok(check, found),
        31..=240 => Row::new(check, Verdict::Warn, found, REMEDY),
        _more => Row::new(check, Verdict::Fail, found, REMEDY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_judged_by_how_far_it_is_off() {
        for (ahead, verdict, found) in [
            (0, Verdict::Ok, "right to the second"),
            (-30, Verdict::Ok, "30 seconds behind AWS's"),
            (31, Verdict::Warn, "31 seconds ahead of AWS's"),
            (-241, Verdict::Fail, "241 seconds behind AWS's"),
        ] {
            let row = judged("clock", ahead);
            assert_eq!((row.verdict, row.found.as_str()), (verdict, found));
        }
        let date = OffsetDateTime::parse("Fri, 27 Nov 2026 03:00:00 GMT", &Rfc2822).unwrap();
        assert_eq!(date.unix_timestamp(), 1_795_748_400);
    }
}
