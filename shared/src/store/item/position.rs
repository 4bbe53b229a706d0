//! Where a user stands in the lists: the sort keys of their indexes.

use crate::{
    domain::{RiskLevel, User, fold},
    store::ListOrder,
};

/// Where a user stands in an order: the sort key of its index. The id at the end makes every order total.
pub fn position(user: &User, order: ListOrder) -> String {
    match order {
        ListOrder::Created => user.id.to_hex(),
        ListOrder::Name => by_name(user),
        ListOrder::Risk => by_risk(user),
        ListOrder::Verified => by_verification(user),
        ListOrder::Session => by_session(user),
        ListOrder::ExternalId => by_external_id(user),
    }
}

/// Names first, in the order of their folded words; then those without one.
fn by_name(user: &User) -> String {
    let Some(name) = &user.display_name else {
        return format!("1#{}", user.id.to_hex());
    };
    let folded = fold(name).join(" ");
    // An index key has at most 1,024 bytes; 200 characters of four bytes leave room for the id.
    let start: String = folded.chars().take(200).collect();
    // The tab sorts before the space, so that a name stands before the longer ones that begin with it.
    format!("0{start}\t{}", user.id.to_hex())
}

/// Never verified first, then low, medium, high.
fn by_risk(user: &User) -> String {
    let rank = match user.verification.as_ref().map(|verification| verification.risk_level) {
        None => 0,
        Some(RiskLevel::Low) => 1,
        Some(RiskLevel::Medium) => 2,
        Some(RiskLevel::High) => 3,
    };
    format!("{rank}#{}", user.id.to_hex())
}

/// Never verified first, then by the time of the latest verification.
fn by_verification(user: &User) -> String {
    let millis = user
        .verification
        .as_ref()
        .map_or(0, |verification| verification.executed_at.unix_millis().max(0));
    format!("{millis:015}#{}", user.id.to_hex())
}

/// Without a session first, by creation; then by the last session.
fn by_session(user: &User) -> String {
    let id = user.id.to_hex();
    match user.sessions.last_at {
        None => format!("0#{id}"),
        Some(at) => format!("1{:015}#{id}", at.unix_millis().max(0)),
    }
}

/// By the external id itself, as far as an index key of 1,024 bytes holds it.
fn by_external_id(user: &User) -> String {
    let id = user.external_id.as_ref().map_or("", |id| id.as_str());
    let start: String = id.chars().take(EXTERNAL_ID_CHARS).collect();
    format!("{start}#{}", user.id.to_hex())
}

/// How much of an external id is sorted by, in characters.
pub const EXTERNAL_ID_CHARS: usize = 200;
