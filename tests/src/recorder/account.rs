//! An account of one's own on a server that many worlds use at once.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::UNIX_EPOCH,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};

/// Whose account a call is for, where moto is asked; it takes the word of the caller for it.
const MOTO_ACCOUNT: HeaderName = HeaderName::from_static("x-moto-account-id");
/// What a signature's credential begins with; the access key follows, to the first `/`.
const CREDENTIAL: &str = "Credential=";
/// One for all: those who look behind a world must not look into another Region.
const REGION: &str = "us-east-1";

/// An account that nobody else uses: its tables, keys and queues meet no other world's of the same name.
///
/// DynamoDB Local keeps one database per access key and Region, moto one of everything per account and Region. Neither checks signatures, so a
/// call moves to another account by its headers alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Twelve digits.
    number: String,
}

impl Account {
    /// One that was not used before: by no world of this process, and by no other process that started at another
    /// microsecond.
    pub fn unused() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let micros = UNIX_EPOCH.elapsed().unwrap_or_default().as_micros() % 1_000_000_000_000;
        let micros = u64::try_from(micros).unwrap_or_default();
        let number = micros + COUNT.fetch_add(1, Ordering::Relaxed);
        Self { number: format!("{:012}", number % 1_000_000_000_000) }
    }

    /// Makes a call one of this account.
    pub(super) fn take(&self, headers: &mut HeaderMap) {
        let signed = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let moved = signed.and_then(|signed| {
            let (before, rest) = signed.split_once(CREDENTIAL)?;
            let mut scope = rest.splitn(4, '/');
            let (_, day, _, service) = (scope.next()?, scope.next()?, scope.next()?, scope.next()?);
            // DynamoDB Local takes letters and digits only.
            let key = format!("COFFER{}", self.number);
            let text = format!("{before}{CREDENTIAL}{key}/{day}/{REGION}/{service}");
            HeaderValue::from_str(&text).ok()
        });
        if let Some(moved) = moved {
            headers.insert(AUTHORIZATION, moved);
        }
        if let Ok(number) = HeaderValue::from_str(&self.number) {
            headers.insert(MOTO_ACCOUNT, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_moves_with_its_key_and_region_and_keeps_the_rest_of_its_signature() {
        let account = Account::unused();
        let mut headers = HeaderMap::new();
        let signed = "AWS4-HMAC-SHA256 Credential=someone/20261127/eu-central-1/kms/aws4_request, Signature=00";
        headers.insert(AUTHORIZATION, HeaderValue::from_static(signed));
        account.take(&mut headers);
        let moved = format!("Credential=COFFER{}/20261127/us-east-1/kms/", account.number);
        let text = headers[AUTHORIZATION].to_str().unwrap();
        assert!(text.contains(&moved) && text.ends_with("Signature=00"), "{text}");
        assert_eq!(headers[MOTO_ACCOUNT], account.number.as_str());
    }

    #[test]
    fn no_two_worlds_share_one() {
        assert_ne!(Account::unused(), Account::unused());
        assert_eq!(Account::unused().number.len(), 12);
    }
}
