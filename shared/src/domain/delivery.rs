//! One event for one destination: what is delivered, and how long that is tried.

use time::Duration;
use uuid::Uuid;

use super::{DestinationId, Scope, UserId};

/// One event for one destination: references, and nothing of what they refer to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// Whose data.
    pub scope: Scope,
    /// Where it goes.
    pub destination: DestinationId,
    /// The event.
    pub event: Uuid,
    /// The user whom the event is about. `None`: it is a test event, about nobody.
    pub user: Option<UserId>,
}

impl Delivery {
    /// For how long a delivery that waits is kept from its first turn on: a little longer than all pauses together.
    /// Whatever has waited so long is a dead letter.
    pub const PATIENCE: Duration = Duration::hours(31);

    /// An id for a test event.
    #[expect(clippy::disallowed_methods, reason = "this is where the ids of test events are made")]
    pub fn test_event() -> Uuid {
        Uuid::now_v7()
    }
}
