//! The nouns of Coffer and their invariants. Knows no HTTP, no AWS, no time of day.

mod event;
mod ids;
mod metadata;
mod name_index;
mod time;
mod user;
mod verification;

pub mod field;
pub mod value;

pub use event::{Event, EventKind, Origin};
pub use ids::{ExternalId, InvalidId, Mode, RequestId, Scope, TenantId, UserId};
pub use metadata::{InvalidMetadata, Metadata};
pub use name_index::{MAX_PREFIX_CHARS, NameIndex, NameQuery, fold};
pub use time::Timestamp;
pub use user::{Fingerprints, Sealed, Status, Tag, User};
pub use verification::{
    Established, Feature, FeatureResult, FeatureStatus, KycStatus, Outcome, RiskLevel, Sessions,
    Verification, Workflow,
};
