//! All or nothing: everything that one request changes is one `TransactWriteItems`.

use std::collections::HashMap;

use super::{
    HistoryKey, IdempotencyRecord, IndexEntry, SessionRecord, Store,
    item::{EventItem, IdempotencyItem, SessionItem, UserItem},
    keys,
    users::read,
};
use crate::{
    aws::AwsError,
    domain::{Event, Scope, Status, Timestamp, User, UserId},
    vault::{Fingerprint, SealedDataKey},
};
use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    primitives::Blob,
    types::{
        AttributeValue, CancellationReason, ConditionCheck, Delete, Put,
        ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
        builders::{DeleteBuilder, PutBuilder},
    },
};
use serde::Serialize;

pub(super) const CALL: &str = "dynamodb:TransactWriteItems";

/// How many writes one transaction may hold.
const MAX_PARTS: usize = 100;

/// Why nothing was written.
#[derive(Debug)]
pub enum Rejected {
    /// A request with the same idempotency key was carried out before.
    Repeated(IdempotencyRecord),
    /// The external id belongs to somebody else.
    ExternalIdTaken,
    /// The e-mail address is claimed by somebody else.
    EmailTaken,
    /// The user, or one of their sessions, is not as it was read: it was changed meanwhile, or is gone.
    Stale,
    /// Another transaction was at the same items; the same may go through at once.
    Contended,
    /// The call failed.
    Aws(AwsError),
}

impl From<AwsError> for Rejected {
    fn from(error: AwsError) -> Self {
        Self::Aws(error)
    }
}

/// What an element of a transaction is for: what its refusal means.
enum Part {
    User,
    Session,
    Claim,
    EmailClaim,
    Idempotency(Fingerprint),
    Unconditional,
}

/// Writes to be made together.
#[must_use = "a transaction does nothing until it is committed"]
pub struct Transaction<'a> {
    store: &'a Store,
    scope: &'a Scope,
    parts: Vec<(Part, TransactWriteItem)>,
}

impl std::fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Transaction({} parts)", self.parts.len())
    }
}

impl Store {
    /// An empty transaction on the users of `scope`.
    pub fn transaction<'a>(&'a self, scope: &'a Scope) -> Transaction<'a> {
        Transaction { store: self, scope, parts: Vec::new() }
    }

    /// What is remembered under an idempotency key at `now`.
    pub async fn idempotency_record(
        &self,
        scope: &Scope,
        name: &Fingerprint,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, AwsError> {
        const CALL: &str = "dynamodb:GetItem";
        let item = self.get_item(&self.users_table, &keys::idempotency(scope, name)).await?;
        let Some(item) = item else { return Ok(None) };
        let record = read::<IdempotencyItem>(CALL, item)?.into_record(name);
        let record = record.ok_or_else(|| AwsError::unexpected(CALL, "an unreadable record"))?;
        Ok(Some(record).filter(|record| now < record.expires_at))
    }

    /// Writes an idempotency record, unless there is one that has not expired at `now`; then that one is reported.
    pub(super) fn idempotency_put(
        &self,
        scope: &Scope,
        record: &IdempotencyRecord,
        now: Timestamp,
    ) -> Result<PutBuilder, AwsError> {
        let item = to_item(IdempotencyItem::of(scope, record))?;
        let put = Put::builder().table_name(&self.users_table).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(pk) OR #ttl <= :now");
        let put = put.expression_attribute_names("#ttl", "ttl");
        let now = AttributeValue::N(now.unix_seconds().to_string());
        let put = put.expression_attribute_values(":now", now);
        let all_old = ReturnValuesOnConditionCheckFailure::AllOld;
        Ok(put.return_values_on_condition_check_failure(all_old))
    }
}

pub(super) type Item = HashMap<String, AttributeValue>;

impl Transaction<'_> {
    /// Writes a user who is not there yet.
    pub fn insert_user(&mut self, user: &User) -> Result<(), AwsError> {
        let put = Put::builder().condition_expression("attribute_not_exists(pk)");
        self.put_user(user, put)
    }

    /// Writes a user in place of the version before.
    pub fn replace_user(&mut self, user: &User) -> Result<(), AwsError> {
        let previous = AttributeValue::N(user.version.saturating_sub(1).to_string());
        let put = Put::builder().condition_expression("#version = :previous");
        let put = put.expression_attribute_names("#version", "version");
        self.put_user(user, put.expression_attribute_values(":previous", previous))
    }

    fn put_user(&mut self, user: &User, put: PutBuilder) -> Result<(), AwsError> {
        let item = to_item(UserItem::of(self.scope, user))?;
        self.put(Part::User, put.table_name(&self.store.users_table).set_item(Some(item)))
    }

    /// Demands that a user is there at `now`, and not deleted.
    pub fn require_user(&mut self, id: UserId, now: Timestamp) -> Result<(), AwsError> {
        let check = ConditionCheck::builder().table_name(&self.store.users_table);
        let check = check.set_key(Some(keys::user(self.scope, id).attributes()));
        let check = check.condition_expression(
            "attribute_exists(pk) AND #status <> :deleted AND (attribute_not_exists(#ttl) OR #ttl > :now)",
        );
        let check = check.expression_attribute_names("#status", "status");
        let check = check.expression_attribute_names("#ttl", "ttl");
        let deleted = AttributeValue::S(Status::Deleted.as_str().to_owned());
        let check = check.expression_attribute_values(":deleted", deleted);
        let now = AttributeValue::N(now.unix_seconds().to_string());
        let check = check.expression_attribute_values(":now", now).build().map_err(incomplete)?;
        self.parts.push((Part::User, TransactWriteItem::builder().condition_check(check).build()));
        Ok(())
    }

    /// Writes an event of a user.
    pub fn insert_event(&mut self, user: UserId, event: &Event) -> Result<(), AwsError> {
        let item = to_item(EventItem::of(self.scope, user, event))?;
        self.put(
            Part::Unconditional,
            Put::builder().table_name(&self.store.users_table).set_item(Some(item)),
        )
    }

    /// Writes a user's data key.
    pub fn insert_data_key(&mut self, user: UserId, key: &SealedDataKey) -> Result<(), AwsError> {
        let put = Put::builder().table_name(&self.store.keys_table);
        let put = put.set_item(Some(keys::data_key(self.scope, user).attributes()));
        let put = put.item("branch_version", AttributeValue::N(key.branch_version.to_string()));
        let put = put.item("envelope", AttributeValue::B(Blob::new(key.envelope.clone())));
        self.put(Part::Unconditional, put)
    }

    /// Makes a user findable under an entry.
    pub fn insert_index_entry(&mut self, entry: &IndexEntry, user: UserId) -> Result<(), AwsError> {
        let item = entry.key(self.scope, user).attributes();
        self.put(
            Part::Unconditional,
            Put::builder().table_name(&self.store.users_table).set_item(Some(item)),
        )
    }

    /// Undoes [`Transaction::insert_index_entry`].
    pub fn delete_index_entry(&mut self, entry: &IndexEntry, user: UserId) -> Result<(), AwsError> {
        let delete = Delete::builder().table_name(&self.store.users_table);
        self.delete(delete, &entry.key(self.scope, user))
    }

    fn delete(&mut self, delete: DeleteBuilder, key: &keys::Key) -> Result<(), AwsError> {
        let delete = delete.set_key(Some(key.attributes())).build().map_err(incomplete)?;
        self.parts.push((Part::Unconditional, TransactWriteItem::builder().delete(delete).build()));
        Ok(())
    }

    /// Claims an external id for a user.
    pub fn claim_external_id(&mut self, name: &Fingerprint, user: UserId) -> Result<(), AwsError> {
        let put = Put::builder().table_name(&self.store.users_table);
        let put = put.set_item(Some(keys::external_id_claim(self.scope, name).attributes()));
        let put = put.item("user", AttributeValue::S(user.to_hex()));
        self.put(Part::Claim, put.condition_expression("attribute_not_exists(pk)"))
    }

    /// Gives an external id free.
    pub fn release_external_id(&mut self, name: &Fingerprint) -> Result<(), AwsError> {
        let delete = Delete::builder().table_name(&self.store.users_table);
        self.delete(delete, &keys::external_id_claim(self.scope, name))
    }

    /// Claims an e-mail address, by its fingerprint, for a user alone.
    pub fn claim_email(&mut self, email: &Fingerprint, user: UserId) -> Result<(), AwsError> {
        let put = Put::builder().table_name(&self.store.users_table);
        let put = put.set_item(Some(keys::email_claim(self.scope, email).attributes()));
        let put = put.item("user", AttributeValue::S(user.to_hex()));
        self.put(Part::EmailClaim, put.condition_expression("attribute_not_exists(pk)"))
    }

    /// Gives an e-mail address free.
    pub fn release_email(&mut self, email: &Fingerprint) -> Result<(), AwsError> {
        let delete = Delete::builder().table_name(&self.store.users_table);
        self.delete(delete, &keys::email_claim(self.scope, email))
    }

    /// Destroys a data key: every sealed field of that user is noise from then on.
    pub fn delete_data_key(&mut self, user: UserId) -> Result<(), AwsError> {
        let delete = Delete::builder().table_name(&self.store.keys_table);
        self.delete(delete, &keys::data_key(self.scope, user))
    }

    /// Lets a data key go at a time to come.
    pub fn expire_data_key(&mut self, user: UserId, at: Timestamp) -> Result<(), AwsError> {
        let table = self.store.keys_table.clone();
        self.expire(table, &keys::data_key(self.scope, user), at)
    }

    /// Lets a part of a user's history go at a time to come.
    pub fn expire_history(
        &mut self,
        user: UserId,
        part: &HistoryKey,
        at: Timestamp,
    ) -> Result<(), AwsError> {
        let table = self.store.users_table.clone();
        self.expire(table, &keys::of_user(self.scope, user, part.as_str()), at)
    }

    /// Writes what a verification session was reported as, in place of `previous`, the report before.
    pub fn put_session(
        &mut self,
        user: UserId,
        record: &SessionRecord,
        previous: Option<&SessionRecord>,
    ) -> Result<(), AwsError> {
        let item = to_item(SessionItem::of(self.scope, user, record))?;
        let put = Put::builder().table_name(&self.store.users_table).set_item(Some(item));
        let put = match previous {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(previous) => {
                let version = AttributeValue::N(previous.version.to_string());
                let put = put.condition_expression("#version = :previous");
                let put = put.expression_attribute_names("#version", "version");
                put.expression_attribute_values(":previous", version)
            }
        };
        self.put(Part::Session, put)
    }

    fn expire(&mut self, table: String, key: &keys::Key, at: Timestamp) -> Result<(), AwsError> {
        let update = Update::builder().table_name(table).set_key(Some(key.attributes()));
        let update = update.condition_expression("attribute_exists(pk)");
        let update = update.update_expression("SET #ttl = :at");
        let update = update.expression_attribute_names("#ttl", "ttl");
        let at = AttributeValue::N(at.unix_seconds().to_string());
        let update = update.expression_attribute_values(":at", at).build().map_err(incomplete)?;
        self.parts.push((Part::Unconditional, TransactWriteItem::builder().update(update).build()));
        Ok(())
    }

    /// Whether it holds more writes than DynamoDB takes at once.
    pub fn is_too_large(&self) -> bool {
        self.parts.len() > MAX_PARTS
    }

    /// How many more writes fit into it.
    pub fn room(&self) -> usize {
        MAX_PARTS.saturating_sub(self.parts.len())
    }

    /// Records that a request with an idempotency key was carried out; at `now` an older, expired record counts as none.
    pub fn insert_idempotency(
        &mut self,
        record: &IdempotencyRecord,
        now: Timestamp,
    ) -> Result<(), AwsError> {
        let put = self.store.idempotency_put(self.scope, record, now)?;
        self.put(Part::Idempotency(record.name.clone()), put)
    }

    fn put(&mut self, part: Part, put: PutBuilder) -> Result<(), AwsError> {
        let put = put.build().map_err(incomplete)?;
        self.parts.push((part, TransactWriteItem::builder().put(put).build()));
        Ok(())
    }

    /// Writes all of it, or nothing. The SDK's own retries carry one client request token, so that a call whose answer
    /// was lost is not carried out twice.
    pub async fn commit(self) -> Result<(), Rejected> {
        let (parts, items): (Vec<_>, Vec<_>) = self.parts.into_iter().unzip();
        let call = self.store.client.transact_write_items().set_transact_items(Some(items));
        let Err(error) = call.send().await else { return Ok(()) };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                Err(reason(&parts, cancelled.cancellation_reasons()))
            }
            Some(_) | None => Err(AwsError::of(CALL, &error).into()),
        }
    }
}

/// What a cancellation means. A repeated request outweighs everything: it explains whatever else was refused.
fn reason(parts: &[Part], reasons: &[CancellationReason]) -> Rejected {
    let mut stale = None;
    let mut other = None;
    for (part, reason) in parts.iter().zip(reasons) {
        match (reason.code().unwrap_or("None"), part) {
            ("None", _) => {}
            ("ConditionalCheckFailed", Part::Idempotency(name)) => {
                return match repeated(name, reason) {
                    Ok(record) => Rejected::Repeated(record),
                    Err(error) => error.into(),
                };
            }
            ("ConditionalCheckFailed", Part::Claim) => stale = Some(Rejected::ExternalIdTaken),
            ("ConditionalCheckFailed", Part::EmailClaim) => {
                stale = Some(Rejected::EmailTaken);
            }
            ("ConditionalCheckFailed", Part::User | Part::Session | Part::Unconditional) => {
                stale.get_or_insert(Rejected::Stale);
            }
            ("TransactionConflict", _) => {
                other.get_or_insert(Rejected::Contended);
            }
            ("ThrottlingError" | "ProvisionedThroughputExceeded", _) => {
                other = Some(AwsError::transient(CALL, "throttled").into());
            }
            _unknown => other = Some(AwsError::unexpected(CALL, "cancelled").into()),
        }
    }
    stale
        .or(other)
        .unwrap_or_else(|| AwsError::unexpected(CALL, "cancelled without a reason").into())
}

pub(super) fn repeated(
    name: &Fingerprint,
    reason: &CancellationReason,
) -> Result<IdempotencyRecord, AwsError> {
    let unreadable = || AwsError::unexpected(CALL, "an unreadable idempotency record");
    let item = reason.item.clone().ok_or_else(unreadable)?;
    read::<IdempotencyItem>(CALL, item)?.into_record(name).ok_or_else(unreadable)
}

pub(super) fn to_item(value: impl Serialize) -> Result<Item, AwsError> {
    serde_dynamo::to_item(value).map_err(|_| AwsError::unexpected(CALL, "an unwritable item"))
}

pub(super) fn incomplete(_error: aws_sdk_dynamodb::error::BuildError) -> AwsError {
    AwsError::unexpected(CALL, "an incomplete request")
}
