//! Reading what is said of a destination.

use serde_json::Value as Json;
use shared::{
    domain::{WebhookType, WebhookVersion, value::is_text},
    webhooks::{InvalidUrl, Reach, WebhookUrl},
};

use crate::read::{Body, no_choice};

/// How many unknown events a message names.
const MAX_NAMED: usize = 10;
/// How much of each of them, in characters.
const MAX_NAME_CHARS: usize = 64;

impl Body {
    /// Takes the URL; null and absence are for the caller to judge.
    pub(super) fn webhook_url(&mut self, reach: Reach) -> Option<(String, WebhookUrl)> {
        let text = self.required_text("url", WebhookUrl::MAX_CHARS)?;
        match WebhookUrl::parse(&text, reach) {
            Ok(url) => return Some((text, url)),
            Err(InvalidUrl::Malformed) => self.fault("url", "Enter a valid URL."),
            Err(InvalidUrl::NotHttps) => self.fault("url", "Webhook URL must use HTTPS."),
            Err(InvalidUrl::Credentials) => {
                self.fault("url", "Webhook URL must not contain credentials.");
            }
            Err(InvalidUrl::NotPublic) => {
                self.fault("url", "Webhook URL must point to a public host.");
            }
        }
        None
    }

    /// Takes whether anything is sent.
    pub(super) fn enabled(&mut self) -> Option<bool> {
        match self.take("enabled")? {
            Json::Bool(enabled) => Some(enabled),
            Json::Null | Json::Number(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => {
                self.fault("enabled", "Must be a valid boolean.");
                None
            }
        }
    }

    /// Takes the version.
    pub(super) fn webhook_version(&mut self) -> Option<WebhookVersion> {
        let value = self.take("webhook_version")?;
        let word = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let version = value.as_str().and_then(WebhookVersion::parse);
        if version.is_none() {
            self.fault("webhook_version", no_choice(&word));
        }
        version
    }

    /// Takes what is subscribed to: at least one event, each by its exact name and once.
    pub(super) fn subscribed_events(&mut self) -> Option<Vec<WebhookType>> {
        const NAME: &str = "subscribed_events";
        let elements = match self.take(NAME)? {
            Json::Array(elements) => elements,
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
                self.fault(NAME, "Expected a list of items.");
                return None;
            }
        };
        if elements.is_empty() {
            self.fault(NAME, "At least one subscribed event is required.");
            return None;
        }
        let (mut events, mut unknown, mut repeated) = (Vec::new(), Vec::new(), false);
        for element in &elements {
            match element.as_str().and_then(WebhookType::parse) {
                Some(event) if events.contains(&event) => repeated = true,
                Some(event) => events.push(event),
                None => unknown.push(shown(element)),
            }
        }
        if !unknown.is_empty() {
            unknown.truncate(MAX_NAMED);
            let names = unknown.join(", ");
            self.fault(NAME, format!("Unsupported webhook events: {names}"));
            return None;
        }
        if repeated {
            self.fault(NAME, "Subscribed events must be unique.");
            return None;
        }
        Some(events)
    }
}

/// A name that is none, as far as a message bears it.
fn shown(element: &Json) -> String {
    let text = element.as_str().filter(|text| is_text(text, usize::MAX));
    let text = text.map_or_else(|| element.to_string(), str::to_owned);
    text.chars().take(MAX_NAME_CHARS).collect()
}
