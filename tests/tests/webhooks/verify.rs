//! A receiver's own verification, written from the documentation of each scheme. Nothing of it is ours.

use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::receiver::Delivered;

/// RFC 2104.
pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |byte: u8| block.map(|it| it ^ byte);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

/// Didit: `abs(now − ts) > 300` is stale.
fn is_fresh(timestamp: &str, now: i64) -> bool {
    timestamp.parse::<i64>().is_ok_and(|timestamp| (now - timestamp).abs() <= 300)
}

/// Didit's `X-Signature-V2`: the body parsed, floats shortened, keys sorted, written compactly.
pub(crate) fn v2(delivered: &Delivered, secret: &str, now: i64) -> bool {
    let Ok(body) = serde_json::from_slice::<Value>(&delivered.body) else { return false };
    let text = sorted(&body);
    is_fresh(delivered.header("x-timestamp"), now)
        && delivered.header("x-signature-v2")
            == HEXLOWER.encode(&hmac_sha256(secret.as_bytes(), text.as_bytes()))
}

fn sorted(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut names: Vec<_> = members.keys().collect();
            names.sort_by_key(|name| name.chars().collect::<Vec<_>>());
            let member = |name: &String| {
                format!("{}:{}", serde_json::to_string(name).unwrap(), sorted(&members[name]))
            };
            format!("{{{}}}", names.into_iter().map(member).collect::<Vec<_>>().join(","))
        }
        Value::Array(elements) => {
            format!("[{}]", elements.iter().map(sorted).collect::<Vec<_>>().join(","))
        }
        Value::Number(number) if number.is_f64() && number.as_f64().unwrap().fract() == 0.0 => {
            format!("{:.0}", number.as_f64().unwrap())
        }
        other => other.to_string(),
    }
}

/// Didit's `X-Signature`: the bytes as they came.
pub(crate) fn raw(delivered: &Delivered, secret: &str, now: i64) -> bool {
    is_fresh(delivered.header("x-timestamp"), now)
        && delivered.header("x-signature")
            == HEXLOWER.encode(&hmac_sha256(secret.as_bytes(), &delivered.body))
}

/// Didit's `X-Signature-Simple`: four members of the body.
pub(crate) fn simple(delivered: &Delivered, secret: &str, now: i64) -> bool {
    let Ok(body) = serde_json::from_slice::<Value>(&delivered.body) else { return false };
    let member = |name: &str| match &body[name] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let text = ["timestamp", "session_id", "status", "webhook_type"].map(member).join(":");
    is_fresh(delivered.header("x-timestamp"), now)
        && delivered.header("x-signature-simple")
            == HEXLOWER.encode(&hmac_sha256(secret.as_bytes(), text.as_bytes()))
}

/// Standard Webhooks, with the key that `docs/webhooks.md` says: one of the signatures in the header must fit.
pub(crate) fn standard(delivered: &Delivered, secret: &str, now: i64) -> bool {
    let configured = format!("whsec_{}", BASE64.encode(secret.as_bytes()));
    let key = BASE64.decode(configured.strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
    let (id, timestamp) = (delivered.header("webhook-id"), delivered.header("webhook-timestamp"));
    let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", &delivered.body].concat();
    let expected = format!("v1,{}", BASE64.encode(&hmac_sha256(&key, &message)));
    is_fresh(timestamp, now)
        && delivered.header("webhook-signature").split(' ').any(|signature| signature == expected)
}

/// All four.
pub(crate) type Scheme = fn(&Delivered, &str, i64) -> bool;
pub(crate) const SCHEMES: [(&str, Scheme); 4] =
    [("V2", v2), ("raw", raw), ("simple", simple), ("standard", standard)];
