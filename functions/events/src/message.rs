//! A message of the queue: which event goes to which destination. References and nothing else: whoever reads the queue
//! learns ids.

use serde::{Deserialize, Serialize};
use shared::domain::{Delivery, DestinationId, Mode, Scope, TenantId, UserId};

/// A delivery whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What is to be delivered.
    pub delivery: Delivery,
    /// Whether it waited outside the queue. If it does not wait there any more when the message is received, somebody has
    /// dealt with it.
    pub waited: bool,
}

#[derive(Serialize, Deserialize)]
struct Text {
    tenant: String,
    mode: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    user: Option<String>,
    event: String,
    destination: String,
    #[serde(default)]
    waited: bool,
}

impl Message {
    /// The first turn of a delivery.
    pub const fn first(delivery: Delivery) -> Self {
        Self { delivery, waited: false }
    }

    /// The turn of one that waited.
    pub const fn again(delivery: Delivery) -> Self {
        Self { delivery, waited: true }
    }

    /// The message's text.
    pub fn to_text(&self) -> String {
        let Self { delivery, waited } = self;
        let text = Text {
            tenant: delivery.scope.tenant.as_str().to_owned(),
            mode: delivery.scope.mode.as_str().to_owned(),
            user: delivery.user.map(UserId::to_hex),
            event: delivery.event.to_string(),
            destination: delivery.destination.to_string(),
            waited: *waited,
        };
        serde_json::to_string(&text).unwrap_or_default()
    }

    /// Reads what [`Message::to_text`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let text: Text = serde_json::from_str(text).ok()?;
        let delivery = Delivery {
            scope: Scope {
                tenant: TenantId::parse(&text.tenant).ok()?,
                mode: Mode::parse(&text.mode).ok()?,
            },
            user: text.user.map(|hex| UserId::parse_hex(&hex)).transpose().ok()?,
            event: text.event.parse().ok()?,
            destination: DestinationId::parse(&text.destination).ok()?,
        };
        Some(Self { delivery, waited: text.waited })
    }

    /// Whose it is, as the queue's fairness counts: a backlog of one tenant and mode does not delay the others.
    pub(crate) fn group(&self) -> String {
        self.delivery.scope.to_string()
    }
}
