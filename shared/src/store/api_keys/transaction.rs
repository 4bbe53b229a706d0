//! Changes of API keys: the key, its entry in the register and the count of lasting owners together, or not at all.

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        AttributeValue, CancellationReason, Put, TransactWriteItem, Update,
        builders::{PutBuilder, UpdateBuilder},
    },
};

use super::{ApiKeyItem, ApiKeyRecord};
use crate::{
    aws::AwsError,
    domain::{Scope, Timestamp},
    store::{
        IdempotencyRecord, Store, keys,
        transaction::{CALL, incomplete, repeated, to_item},
    },
    vault::Fingerprint,
};

/// Why no key was changed.
#[derive(Debug)]
pub enum Refused {
    /// A request with the same idempotency key was carried out before.
    Repeated(IdempotencyRecord),
    /// The key is not as it was read.
    Stale,
    /// The count of lasting owner keys does not allow it: the last one would go, or the first one is there already.
    Owners,
    /// Another transaction was at the same items; the same may go through at once.
    Contended,
    /// The call failed.
    Aws(AwsError),
}

impl From<AwsError> for Refused {
    fn from(error: AwsError) -> Self {
        Self::Aws(error)
    }
}

/// What an element of a transaction is for: what its refusal means.
enum Part {
    Idempotency(Fingerprint),
    Key,
    Owners,
}

/// Changes of API keys of one tenant and mode, to be made together.
#[must_use = "a transaction does nothing until it is committed"]
pub struct ApiKeyTransaction<'a> {
    store: &'a Store,
    scope: &'a Scope,
    parts: Vec<(Part, TransactWriteItem)>,
    more_owners: i64,
    only_the_first: bool,
}

impl std::fmt::Debug for ApiKeyTransaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApiKeyTransaction({} parts)", self.parts.len())
    }
}

impl Store {
    /// An empty transaction on the API keys of `scope`.
    pub fn api_key_transaction<'a>(&'a self, scope: &'a Scope) -> ApiKeyTransaction<'a> {
        ApiKeyTransaction {
            store: self,
            scope,
            parts: Vec::new(),
            more_owners: 0,
            only_the_first: false,
        }
    }
}

impl ApiKeyTransaction<'_> {
    /// Keeps a new key.
    pub fn insert(&mut self, record: &ApiKeyRecord) -> Result<(), AwsError> {
        let item = to_item(ApiKeyItem::of(record))?;
        let put = Put::builder().table_name(&self.store.keys_table).set_item(Some(item));
        self.put(Part::Key, put.condition_expression("attribute_not_exists(pk)"))?;
        let entry = keys::api_key_entry(self.scope, record.created_at, &record.id);
        let put = Put::builder().table_name(&self.store.keys_table);
        let mut put = put.set_item(Some(entry.attributes()));
        if let Some(ttl) = record.ttl() {
            put = put.item("ttl", number(ttl));
        }
        self.more_owners = self.more_owners.saturating_add(record.is_lasting_owner().into());
        self.put(Part::Key, put)
    }

    /// Writes how a key ends, on the condition that it is as it was read.
    pub fn end(&mut self, before: &ApiKeyRecord, after: &ApiKeyRecord) -> Result<(), AwsError> {
        let update = Update::builder().table_name(&self.store.keys_table);
        let update = update.set_key(Some(keys::api_key(&after.id).attributes()));
        let millis = |at: Option<Timestamp>| at.map(|at| number(at.unix_millis()));
        let text = |text: &Option<String>| text.clone().map(AttributeValue::S);
        let members = [
            ("expires_at", millis(before.expires_at), millis(after.expires_at)),
            ("revoked_at", millis(before.revoked_at), millis(after.revoked_at)),
            ("revoked_by", text(&before.revoked_by), text(&after.revoked_by)),
            ("replaced_by", text(&before.replaced_by), text(&after.replaced_by)),
            ("ttl", before.ttl().map(number), after.ttl().map(number)),
        ];
        self.update(Part::Key, changing(update, members))?;
        let lasting = |record: &ApiKeyRecord| i64::from(record.is_lasting_owner());
        let more = lasting(after).saturating_sub(lasting(before));
        self.more_owners = self.more_owners.saturating_add(more);
        if before.ttl() == after.ttl() {
            return Ok(());
        }
        let entry = keys::api_key_entry(self.scope, after.created_at, &after.id);
        let update = Update::builder().table_name(&self.store.keys_table);
        let update = update.set_key(Some(entry.attributes()));
        let ttl = [("ttl", before.ttl().map(number), after.ttl().map(number))];
        self.update(Part::Key, changing(update, ttl))
    }

    /// Holds only if there never was a lasting owner key before.
    pub const fn only_the_first_owner(&mut self) {
        self.only_the_first = true;
    }

    /// Records that a request with an idempotency key of `scope` was carried out.
    pub fn insert_idempotency(
        &mut self,
        scope: &Scope,
        record: &IdempotencyRecord,
        now: Timestamp,
    ) -> Result<(), AwsError> {
        let put = self.store.idempotency_put(scope, record, now)?;
        self.put(Part::Idempotency(record.name.clone()), put)
    }

    fn put(&mut self, part: Part, put: PutBuilder) -> Result<(), AwsError> {
        let put = put.build().map_err(incomplete)?;
        self.parts.push((part, TransactWriteItem::builder().put(put).build()));
        Ok(())
    }

    fn update(&mut self, part: Part, update: UpdateBuilder) -> Result<(), AwsError> {
        let update = update.build().map_err(incomplete)?;
        self.parts.push((part, TransactWriteItem::builder().update(update).build()));
        Ok(())
    }

    /// Counts the lasting owners anew. The last one does not go: of two who both try, one is refused.
    fn count_owners(&mut self) -> Result<(), AwsError> {
        let update = Update::builder().table_name(&self.store.keys_table);
        let update = update.set_key(Some(keys::lasting_owners(self.scope).attributes()));
        let change = number(self.more_owners.saturating_abs());
        let update = update.expression_attribute_values(":change", change);
        let update = match self.more_owners {
            0 => return Ok(()),
            1.. if self.only_the_first => update
                .update_expression("ADD lasting :change")
                .condition_expression("attribute_not_exists(pk)"),
            1.. => update.update_expression("ADD lasting :change"),
            _fewer => update
                .update_expression("SET lasting = lasting - :change")
                .condition_expression("lasting > :change"),
        };
        self.update(Part::Owners, update)
    }

    /// Writes all of it, or nothing.
    pub async fn commit(mut self) -> Result<(), Refused> {
        self.count_owners()?;
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

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Sets members that change, or removes them, on the condition that all are as they were.
fn changing<const N: usize>(
    mut update: UpdateBuilder,
    members: [(&str, Option<AttributeValue>, Option<AttributeValue>); N],
) -> UpdateBuilder {
    let (mut conditions, mut set, mut removed) =
        (vec!["attribute_exists(pk)".to_owned()], vec![], vec![]);
    for (name, before, after) in members {
        update = update.expression_attribute_names(format!("#{name}"), name);
        let changes = before != after;
        match before {
            None => conditions.push(format!("attribute_not_exists(#{name})")),
            Some(before) => {
                conditions.push(format!("#{name} = :old_{name}"));
                update = update.expression_attribute_values(format!(":old_{name}"), before);
            }
        }
        match after.filter(|_| changes) {
            Some(after) => {
                set.push(format!("#{name} = :{name}"));
                update = update.expression_attribute_values(format!(":{name}"), after);
            }
            None if changes => removed.push(format!("#{name}")),
            None => {}
        }
    }
    let clause = |word: &str, all: Vec<String>| {
        (!all.is_empty()).then(|| format!("{word} {}", all.join(", ")))
    };
    let clauses = [clause("SET", set), clause("REMOVE", removed)];
    let expression = clauses.into_iter().flatten().collect::<Vec<_>>().join(" ");
    update
        .condition_expression(conditions.join(" AND "))
        .set_update_expression((!expression.is_empty()).then_some(expression))
}

/// What a cancellation means. A repeated request outweighs everything, and a key that has changed meanwhile the count.
fn reason(parts: &[Part], reasons: &[CancellationReason]) -> Refused {
    let mut refused = None;
    for (part, reason) in parts.iter().zip(reasons) {
        match (reason.code().unwrap_or("None"), part) {
            ("None", _) => {}
            ("ConditionalCheckFailed", Part::Idempotency(name)) => {
                return repeated(name, reason).map_or_else(Refused::Aws, Refused::Repeated);
            }
            ("ConditionalCheckFailed", Part::Key) => refused = Some(Refused::Stale),
            ("ConditionalCheckFailed", Part::Owners) => {
                refused.get_or_insert(Refused::Owners);
            }
            ("TransactionConflict", _) => {
                refused.get_or_insert(Refused::Contended);
            }
            ("ThrottlingError" | "ProvisionedThroughputExceeded", _) => {
                refused.get_or_insert(AwsError::transient(CALL, "throttled").into());
            }
            _unknown => {
                refused.get_or_insert(AwsError::unexpected(CALL, "cancelled").into());
            }
        }
    }
    refused.unwrap_or_else(|| AwsError::unexpected(CALL, "cancelled without a reason").into())
}
