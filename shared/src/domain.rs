//! The nouns of Coffer and their invariants. Knows no HTTP, no AWS, no time of day.

mod delivery;
mod destination;
mod event;
mod health;
mod ids;
mod metadata;
mod name_index;
mod time;
mod user;
mod verification;

pub mod field;
pub mod value;

pub use delivery::Delivery;
pub use destination::{Destination, DestinationId, Figures, WebhookType, WebhookVersion};
pub use event::{Event, EventKind, Origin};
pub use health::{Health, Turn};
pub use ids::{ExternalId, InvalidId, Mode, RequestId, Scope, TenantId, UserId};
pub use metadata::{InvalidMetadata, Metadata};
pub use name_index::{MAX_PREFIX_CHARS, NameIndex, NameQuery, fold};
pub use time::Timestamp;
pub use user::{Fingerprints, Sealed, Status, Tag, User};
pub use verification::{
    Established, Feature, FeatureResult, FeatureStatus, KycStatus, Outcome, RiskLevel, Sessions,
    Verification, Workflow,
};
