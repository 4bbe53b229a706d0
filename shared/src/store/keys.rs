//! How items are called. The only place that spells partition and sort keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::{
    domain::{
        Delivery, DestinationId, Mode, Scope, Status, TenantId, Timestamp, UserId,
        field::FingerprintKind,
    },
    limits::Traffic,
    vault::{Fingerprint, Purpose},
};

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    /// As the SDK wants it.
    pub(super) fn attributes(&self) -> HashMap<String, AttributeValue> {
        let text = |value: &String| AttributeValue::S(value.clone());
        HashMap::from([("pk".to_owned(), text(&self.pk)), ("sk".to_owned(), text(&self.sk))])
    }
}

/// The partition of a user and their events.
fn user_partition(scope: &Scope, id: UserId) -> String {
    format!("T#{scope}#U#{}", id.to_hex())
}

pub(super) fn user(scope: &Scope, id: UserId) -> Key {
    Key::new(user_partition(scope, id), "U")
}

/// Reads the id back out of [`user`]'s partition key.
pub(super) fn user_id(pk: &str) -> Option<UserId> {
    pk.rsplit_once("#U#").and_then(|(_, hex)| UserId::parse_hex(hex).ok())
}

pub(super) fn event(scope: &Scope, id: UserId, event: uuid::Uuid) -> Key {
    Key::new(user_partition(scope, id), format!("E#{event}"))
}

/// What was recorded of a verification session.
pub(super) fn session(scope: &Scope, id: UserId, name: &Fingerprint) -> Key {
    Key::new(user_partition(scope, id), format!("{SESSION_PREFIX}{}", name.as_str()))
}

/// Anything in the partition of a user.
pub(super) fn of_user(scope: &Scope, id: UserId, sk: &str) -> Key {
    Key::new(user_partition(scope, id), sk)
}

/// Reads scope and user back out of [`user`]'s partition key.
pub(super) fn scope_and_user(pk: &str) -> Option<(Scope, UserId)> {
    let (scope, hex) = pk.strip_prefix("T#")?.split_once("#U#")?;
    let (tenant, mode) = scope.split_once('#')?;
    let (tenant, mode) = (TenantId::parse(tenant).ok()?, Mode::parse(mode).ok()?);
    Some((Scope { tenant, mode }, UserId::parse_hex(hex).ok()?))
}

pub(super) fn idempotency(scope: &Scope, name: &Fingerprint) -> Key {
    Key::new(format!("T#{scope}#I#{}", name.as_str()), "I")
}

pub(super) fn data_key(scope: &Scope, id: UserId) -> Key {
    Key::new(user_partition(scope, id), "DEK")
}

/// The partition of every version of a wrapped key.
pub(super) fn wrapped_keys(scope: &Scope, purpose: Purpose) -> String {
    match purpose {
        Purpose::Branch => format!("T#{scope}#BRANCH"),
        Purpose::Index => format!("T#{scope}#INDEX"),
    }
}

/// Ten digits, so that versions sort as numbers.
pub(super) fn wrapped_key(scope: &Scope, purpose: Purpose, version: u32) -> Key {
    Key::new(wrapped_keys(scope, purpose), format!("v{version:010}"))
}

pub(super) fn api_key(id: &str) -> Key {
    Key::new(format!("APIKEY#{id}"), "K")
}

/// The partition of the register of a tenant's API keys.
pub(super) fn api_key_register(scope: &Scope) -> String {
    format!("T#{scope}#APIKEYS")
}

/// An API key's entry in the register: in the order of their making.
pub(super) fn api_key_entry(scope: &Scope, created_at: Timestamp, id: &str) -> Key {
    Key::new(api_key_register(scope), format!("{:015}#{id}", created_at.unix_millis()))
}

/// Reads the key's id back out of the sort key of [`api_key_entry`].
pub(super) fn api_key_id(sk: &str) -> Option<&str> {
    sk.split_once('#').map(|(_, id)| id)
}

/// The partition of the register of tenants.
pub(super) const TENANTS: &str = "TENANTS";

/// A tenant's entry in the register.
pub(super) fn tenant(tenant: &TenantId) -> Key {
    Key::new(TENANTS.to_owned(), tenant.as_str())
}

/// The count of a tenant's lasting owner keys.
pub(super) fn lasting_owners(scope: &Scope) -> Key {
    Key::new(format!("T#{scope}#OWNERS"), "N")
}

pub(super) fn issuer(name: &str) -> Key {
    Key::new(format!("ISSUER#{name}"), "K")
}

/// The partition of the list of a scope's issuers.
pub(super) fn issuer_entries(scope: &Scope) -> String {
    format!("T#{scope}#ISSUERS")
}

pub(super) fn issuer_entry(scope: &Scope, name: &str) -> Key {
    Key::new(issuer_entries(scope), name)
}

/// The window of the rate limiter for one caller.
pub(super) fn window(scope: &Scope, actor: &str, traffic: Traffic) -> Key {
    Key::new(format!("T#{scope}#R#{actor}#{}", traffic.as_str()), "R")
}

/// The partition of the lists of users of one status.
pub(super) fn list(scope: &Scope, status: Status) -> String {
    format!("T#{scope}#S#{}", status.as_str())
}

/// A way to find users: entries of one partition, sorted by user id, hence by creation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexEntry {
    /// Those with the same fingerprint.
    Fingerprint(FingerprintKind, Fingerprint),
    /// Those with a word that begins so in their names.
    NamePrefix(Fingerprint),
    /// Those with documents of a country: ISO 3166-1 alpha-3.
    IssuingState(String),
}

impl IndexEntry {
    pub(super) fn partition(&self, scope: &Scope) -> String {
        match self {
            Self::Fingerprint(kind, value) => {
                format!("T#{scope}#F#{}#{}", kind.as_str(), value.as_str())
            }
            Self::NamePrefix(prefix) => format!("T#{scope}#N#{}", prefix.as_str()),
            Self::IssuingState(state) => format!("T#{scope}#C#{state}"),
        }
    }

    pub(super) fn key(&self, scope: &Scope, user: UserId) -> Key {
        Key::new(self.partition(scope), user.to_hex())
    }
}

/// What the sort keys of a user's events begin with.
pub(super) const EVENT_PREFIX: &str = "E#";

/// The claim on an e-mail address that is to be one user's alone.
pub(super) fn email_claim(scope: &Scope, email: &Fingerprint) -> Key {
    Key::new(format!("T#{scope}#M#{}", email.as_str()), "M")
}
/// What the sort keys of a user's verification sessions begin with.
pub(super) const SESSION_PREFIX: &str = "V#";

/// The claim on an external id: one item, so one owner.
pub(super) fn external_id_claim(scope: &Scope, name: &Fingerprint) -> Key {
    Key::new(format!("T#{scope}#X#{}", name.as_str()), "X")
}

/// The partition of a tenant's webhook destinations.
pub(super) fn destinations(scope: &Scope) -> String {
    format!("T#{scope}#W")
}

/// What the sort keys of destinations begin with.
pub(super) const DESTINATION_PREFIX: &str = "D#";

pub(super) fn destination(scope: &Scope, id: DestinationId) -> Key {
    Key::new(destinations(scope), format!("{DESTINATION_PREFIX}{id}"))
}

/// The partition of one destination: its health, its attempts, its dead letters.
pub(super) fn of_destination(scope: &Scope, id: DestinationId) -> String {
    format!("{}#{id}", destinations(scope))
}

/// How a destination is doing.
pub(super) fn health(scope: &Scope, id: DestinationId) -> Key {
    Key::new(of_destination(scope, id), HEALTH)
}

/// The sort key of [`health`].
pub(super) const HEALTH: &str = "H";

/// What the sort keys of attempts begin with.
pub(super) const ATTEMPT_PREFIX: &str = "A#";

/// An attempt: by event, and those of one event by time.
pub(super) fn attempt(delivery: &Delivery, at: Timestamp) -> Key {
    let partition = of_destination(&delivery.scope, delivery.destination);
    Key::new(partition, format!("{ATTEMPT_PREFIX}{}#{:015}", delivery.event, at.unix_millis()))
}

/// What the sort keys of dead letters begin with.
pub(super) const DEAD_LETTER_PREFIX: &str = "L#";

pub(super) fn dead_letter(scope: &Scope, id: DestinationId, event: uuid::Uuid) -> Key {
    Key::new(of_destination(scope, id), format!("{DEAD_LETTER_PREFIX}{event}"))
}

/// What the sort keys of deliveries that wait begin with.
const WAITING_PREFIX: &str = "P#";
/// What stands for the user of a test event.
const NOBODY: &str = "test";

/// A delivery that waits: a partition each, so that many at once spread.
pub(super) fn waiting(delivery: &Delivery) -> Key {
    let partition = of_destination(&delivery.scope, delivery.destination);
    let user = delivery.user.map_or_else(|| NOBODY.to_owned(), UserId::to_hex);
    Key::new(format!("{partition}#{}", delivery.event), format!("{WAITING_PREFIX}{user}"))
}

/// Reads the delivery back out of the key of [`waiting`].
pub(super) fn waiting_delivery(pk: &str, sk: &str) -> Option<Delivery> {
    let (scope, rest) = scope_of_destinations(pk)?;
    let (destination, event) = rest.split_once('#')?;
    let user = sk.strip_prefix(WAITING_PREFIX)?;
    let user = if user == NOBODY { None } else { Some(UserId::parse_hex(user).ok()?) };
    let destination = DestinationId::parse(destination).ok()?;
    Some(Delivery { scope, destination, event: event.parse().ok()?, user })
}

/// Reads scope and destination back out of the partition key of [`health`].
pub(super) fn destination_of(pk: &str) -> Option<(Scope, DestinationId)> {
    let (scope, id) = scope_of_destinations(pk)?;
    Some((scope, DestinationId::parse(id).ok()?))
}

fn scope_of_destinations(pk: &str) -> Option<(Scope, &str)> {
    let (scope, rest) = pk.strip_prefix("T#")?.split_once("#W#")?;
    let (tenant, mode) = scope.split_once('#')?;
    let (tenant, mode) = (TenantId::parse(tenant).ok()?, Mode::parse(mode).ok()?);
    Some((Scope { tenant, mode }, rest))
}

/// Into how many partitions of the index what is due is spread.
pub(super) const DUE_SHARDS: u8 = 16;

/// A partition of what is due: all of one destination is in one, so that its backlog holds up few others.
pub(super) fn due_shard(id: DestinationId) -> String {
    due_partition(id.spread(DUE_SHARDS))
}

/// The partition of this number.
pub(super) fn due_partition(shard: u8) -> String {
    format!("W#due#{shard}")
}

/// Into how many partitions of the index a waiting line is spread.
pub(super) const LINE_SHARDS: u8 = 4;

/// A partition of the line that waits for a destination while its breaker is open.
pub(super) fn line(scope: &Scope, id: DestinationId, shard: u8) -> String {
    format!("{}#line#{shard}", of_destination(scope, id))
}

/// The one that a delivery stands in.
pub(super) fn line_of(delivery: &Delivery) -> String {
    let [.., last] = delivery.event.into_bytes();
    line(&delivery.scope, delivery.destination, last.checked_rem(LINE_SHARDS).unwrap_or_default())
}

/// The claim on a destination's URL: one item, so one destination.
pub(super) fn webhook_url_claim(scope: &Scope, name: &Fingerprint) -> Key {
    Key::new(destinations(scope), format!("U#{}", name.as_str()))
}

/// How many destinations there are.
pub(super) fn destination_count(scope: &Scope) -> Key {
    Key::new(destinations(scope), "N")
}
