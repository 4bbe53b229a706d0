//! The headers by which a receiver knows that a webhook is ours and is new: Didit's four, and the three of
//! [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).

use data_encoding::{BASE64, HEXLOWER};
use shared::{domain::Timestamp, vault::WebhookSecret};
use uuid::Uuid;

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'a> {
    /// The event: the same in every attempt.
    pub(crate) event: Uuid,
    /// Its type.
    pub(crate) webhook_type: &'a str,
    /// The status in the body; empty where there is none.
    pub(crate) status: &'a str,
    /// When the attempt is made: also the `timestamp` of the body.
    pub(crate) at: Timestamp,
    /// The body, byte for byte, in the spelling of [`crate::canonical`].
    pub(crate) body: &'a str,
}

/// The headers for a body. `previous` is the secret that a rotation is replacing: as long as both hold, Standard Webhooks'
/// header has a signature under each. Didit's have room for one, which is the new secret's.
pub(crate) fn headers(
    signed: &Signed<'_>,
    secret: &WebhookSecret,
    previous: Option<&WebhookSecret>,
) -> [(&'static str, String); 7] {
    let timestamp = signed.at.unix_seconds().to_string();
    // The body is in its normal spelling: both of Didit's signatures are over the same bytes.
    let raw = HEXLOWER.encode(&secret.sign(signed.body.as_bytes()));
    // The second part is Didit's session, which users have not.
    let simple = format!("{timestamp}::{}:{}", signed.status, signed.webhook_type);
    let message = format!("{}.{timestamp}.{}", signed.event, signed.body);
    let standard: Vec<String> = std::iter::once(secret)
        .chain(previous)
        .map(|secret| format!("v1,{}", BASE64.encode(&secret.sign(message.as_bytes()))))
        .collect();
    [
        ("x-signature-v2", raw.clone()),
        ("x-signature", raw),
        ("x-signature-simple", HEXLOWER.encode(&secret.sign(simple.as_bytes()))),
        ("x-timestamp", timestamp.clone()),
        ("webhook-id", signed.event.to_string()),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", standard.join(" ")),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::canonical::canonical;

    fn of(secret: &str, previous: Option<&str>) -> Vec<(&'static str, String)> {
        let body = canonical(&json!({
            "vendor_data": "José-42", "status": "BLOCKED", "previous_status": "ACTIVE",
            "webhook_type": "user.status.updated", "timestamp": 1_774_970_000,
            "metadata": {"z": 1.0, "a": 2.5}, "event_id": "3f1c2a90-0000-4000-8000-000000000001",
        }));
        let signed = Signed {
            event: "3f1c2a90-0000-4000-8000-000000000001".parse().unwrap(),
            webhook_type: "user.status.updated",
            status: "BLOCKED",
            at: Timestamp::from_unix_millis(1_774_970_000_999),
            body: &body,
        };
        let secret = WebhookSecret::new(secret.to_owned().into());
        let previous = previous.map(|text| WebhookSecret::new(text.to_owned().into()));
        headers(&signed, &secret, previous.as_ref()).to_vec()
    }

    fn value(headers: &[(&str, String)], name: &str) -> String {
        headers.iter().find(|(other, _)| *other == name).unwrap().1.clone()
    }

    /// Didit's documentation has the body; the digests were made by Python's `hmac`.
    #[test]
    fn the_check_vector_is_reproduced() {
        let headers = of("test_secret", None);
        let v2 = "1441f1af8887228f584d08fc45521d8b35fba2b7ba083bdf73a52c5363b9b5c1";
        let simple = "b21efaf15b80a6ade62d958c2e5a473ed8ce06836df149d934597f9570ee0abd";
        assert_eq!(value(&headers, "x-signature-v2"), v2);
        assert_eq!(value(&headers, "x-signature"), v2);
        assert_eq!(value(&headers, "x-signature-simple"), simple);
        assert_eq!(value(&headers, "x-timestamp"), "1774970000");
        assert_eq!(value(&headers, "webhook-timestamp"), "1774970000");
        assert_eq!(value(&headers, "webhook-id"), "3f1c2a90-0000-4000-8000-000000000001");
        assert_eq!(
            value(&headers, "webhook-signature"),
            "v1,ds909eZ+ImC/BsKPBhsf4CtgVW88UpoXqaFvm/WK2Kw="
        );
    }

    #[test]
    fn both_secrets_sign_while_both_hold() {
        let (old, new) = (of("old", None), of("new", None));
        let both = of("new", Some("old"));
        let signature = |headers: &[(&'static str, String)]| value(headers, "webhook-signature");
        assert_eq!(signature(&both), format!("{} {}", signature(&new), signature(&old)));
        for name in ["x-signature-v2", "x-signature", "x-signature-simple"] {
            assert_eq!(value(&both, name), value(&new, name));
            assert_ne!(value(&both, name), value(&old, name));
        }
    }
}
