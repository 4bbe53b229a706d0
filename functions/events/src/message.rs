//! A message of the queue: which event goes to which destination. References and nothing else: whoever reads the queue
//! learns ids.

use serde::{Deserialize, Serialize};
use shared::domain::{DestinationId, Mode, Scope, TenantId, UserId};
use uuid::Uuid;

/// One event for one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Whose data.
    pub scope: Scope,
    /// The user.
    pub user: UserId,
    /// The event.
    pub event: Uuid,
    /// Where it goes.
    pub destination: DestinationId,
}

#[derive(Serialize, Deserialize)]
struct Text {
    tenant: String,
    mode: String,
    user: String,
    event: String,
    destination: String,
}

impl Delivery {
    /// The message's text.
    pub fn to_text(&self) -> String {
        let text = Text {
            tenant: self.scope.tenant.as_str().to_owned(),
            mode: self.scope.mode.as_str().to_owned(),
            user: self.user.to_hex(),
            event: self.event.to_string(),
            destination: self.destination.to_string(),
        };
        serde_json::to_string(&text).unwrap_or_default()
    }

    /// Reads what [`Delivery::to_text`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let text: Text = serde_json::from_str(text).ok()?;
        Some(Self {
            scope: Scope {
                tenant: TenantId::parse(&text.tenant).ok()?,
                mode: Mode::parse(&text.mode).ok()?,
            },
            user: UserId::parse_hex(&text.user).ok()?,
            event: text.event.parse().ok()?,
            destination: DestinationId::parse(&text.destination).ok()?,
        })
    }
}
