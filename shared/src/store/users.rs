//! Reading users.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use futures_util::{future::try_join_all, try_join};
use serde::Deserialize;
use serde_bytes::ByteBuf;

use super::{Store, item::UserItem, keys};
use crate::{
    aws::AwsError,
    backoff::pause,
    domain::{Scope, Timestamp, User, UserId},
    vault::{Fingerprint, SealedDataKey},
};

type Item = HashMap<String, AttributeValue>;

const BATCH: &str = "dynamodb:BatchGetItem";

/// How many items one batch may ask for.
const MAX_BATCH: usize = 100;

impl Store {
    /// One user. A consistent read: whatever was answered before is seen.
    pub async fn user(&self, scope: &Scope, id: UserId) -> Result<Option<User>, AwsError> {
        let item = self.get_item(&self.users_table, &keys::user(scope, id)).await?;
        item.map_or(Ok(None), |item| live_user(item, self.clock.now()))
    }

    /// One user and their data key, read together.
    pub async fn user_and_data_key(
        &self,
        scope: &Scope,
        id: UserId,
    ) -> Result<Option<(User, Option<SealedDataKey>)>, AwsError> {
        let wanted = [
            (self.users_table.clone(), vec![keys::user(scope, id)]),
            (self.keys_table.clone(), vec![keys::data_key(scope, id)]),
        ];
        let mut found = self.batch_get(wanted.into()).await?;
        let item = found.remove(&self.users_table).unwrap_or_default().pop();
        let data_key =
            found.remove(&self.keys_table).unwrap_or_default().pop().map(data_key).transpose()?;
        let user = item.map_or(Ok(None), |item| live_user(item, self.clock.now()))?;
        Ok(user.map(|user| (user, data_key)))
    }

    /// Many users, at most 100, in the order of `ids`; those that are gone are left out.
    pub async fn users(&self, scope: &Scope, ids: &[UserId]) -> Result<Vec<User>, AwsError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = ids.iter().map(|id| keys::user(scope, *id)).collect();
        let mut found = self.batch_get(HashMap::from([(self.users_table.clone(), wanted)])).await?;
        let now = self.clock.now();
        let items = found.remove(&self.users_table).unwrap_or_default();
        let users =
            items.into_iter().map(|item| live_user(item, now)).collect::<Result<Vec<_>, _>>()?;
        let mut by_id: HashMap<_, _> =
            users.into_iter().flatten().map(|user| (user.id, user)).collect();
        Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
    }

    /// Many users with their data keys, in the order of `ids`; those that are gone are left out.
    pub async fn users_and_data_keys(
        &self,
        scope: &Scope,
        ids: &[UserId],
    ) -> Result<Vec<(User, Option<SealedDataKey>)>, AwsError> {
        let users = async {
            let batches = ids.chunks(MAX_BATCH).map(|ids| self.users(scope, ids));
            Ok::<_, AwsError>(try_join_all(batches).await?.into_iter().flatten())
        };
        let data_keys = async {
            let batches = ids.chunks(MAX_BATCH).map(|ids| self.data_keys(scope, ids));
            Ok(try_join_all(batches).await?.into_iter().flatten().collect::<HashMap<_, _>>())
        };
        let (users, mut data_keys) = try_join!(users, data_keys)?;
        let with_key = |user: User| {
            let data_key = data_keys.remove(&user.id);
            (user, data_key)
        };
        Ok(users.map(with_key).collect())
    }

    async fn data_keys(
        &self,
        scope: &Scope,
        ids: &[UserId],
    ) -> Result<Vec<(UserId, SealedDataKey)>, AwsError> {
        let wanted = ids.iter().map(|id| keys::data_key(scope, *id)).collect();
        let items = self.batch_get(HashMap::from([(self.keys_table.clone(), wanted)])).await?;
        let items = items.into_values().flatten();
        let owned = |item: Item| {
            let unreadable = || AwsError::unexpected(BATCH, "an unreadable data key");
            let pk = item.get("pk").and_then(|pk| pk.as_s().ok()).ok_or_else(unreadable)?;
            let owner = keys::user_id(pk).ok_or_else(unreadable)?;
            Ok((owner, data_key(item)?))
        };
        items.map(owned).collect()
    }

    /// Who holds an external id.
    pub async fn external_id_owner(
        &self,
        scope: &Scope,
        name: &Fingerprint,
    ) -> Result<Option<UserId>, AwsError> {
        let item = self.get_item(&self.users_table, &keys::external_id_claim(scope, name)).await?;
        item.map(owner).transpose()
    }

    /// Who holds any of many external ids.
    pub async fn external_id_owners(
        &self,
        scope: &Scope,
        names: &[Fingerprint],
    ) -> Result<Vec<UserId>, AwsError> {
        let batches = names.chunks(MAX_BATCH).map(|names| {
            let wanted = names.iter().map(|name| keys::external_id_claim(scope, name)).collect();
            self.batch_get(HashMap::from([(self.users_table.clone(), wanted)]))
        });
        let found = try_join_all(batches).await?.into_iter().flat_map(HashMap::into_values);
        found.flatten().map(owner).collect()
    }

    pub(super) async fn get_item(
        &self,
        table: &str,
        key: &keys::Key,
    ) -> Result<Option<Item>, AwsError> {
        let call = self
            .client
            .get_item()
            .table_name(table)
            .set_key(Some(key.attributes()))
            .consistent_read(true);
        call.send()
            .await
            .map(|answer| answer.item)
            .map_err(|error| AwsError::of("dynamodb:GetItem", &error))
    }

    pub(super) async fn batch_get(
        &self,
        wanted: HashMap<String, Vec<keys::Key>>,
    ) -> Result<HashMap<String, Vec<Item>>, AwsError> {
        const ATTEMPTS: usize = 6;
        let request = wanted.into_iter().map(|(table, keys)| {
            let keys = keys.iter().map(keys::Key::attributes).collect();
            let request =
                KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
            request
                .map(|request| (table, request))
                .map_err(|_| AwsError::unexpected(BATCH, "no keys"))
        });
        let mut pending = request.collect::<Result<HashMap<_, _>, _>>()?;
        let mut found: HashMap<String, Vec<Item>> = HashMap::new();
        for attempt in 1..=ATTEMPTS {
            let answer = self.client.batch_get_item().set_request_items(Some(pending)).send().await;
            let answer = answer.map_err(|error| AwsError::of(BATCH, &error))?;
            for (table, items) in answer.responses.unwrap_or_default() {
                found.entry(table).or_default().extend(items);
            }
            pending = answer.unprocessed_keys.unwrap_or_default();
            if pending.is_empty() {
                return Ok(found);
            }
            // They come back at once and without an error, which the SDK does not know for a refusal.
            pause(attempt).await;
        }
        Err(AwsError::transient(BATCH, "unprocessed keys"))
    }
}

pub(super) fn read<'a, T: Deserialize<'a>>(call: &'static str, item: Item) -> Result<T, AwsError> {
    serde_dynamo::from_item(item).map_err(|_| AwsError::unexpected(call, "an unreadable item"))
}

pub(super) fn live_user(item: Item, now: Timestamp) -> Result<Option<User>, AwsError> {
    read::<UserItem>("dynamodb:GetItem", item)?.into_live_user(now)
}

pub(super) fn data_key(item: Item) -> Result<SealedDataKey, AwsError> {
    #[derive(Deserialize)]
    struct DataKeyItem {
        branch_version: u32,
        envelope: ByteBuf,
    }
    let DataKeyItem { branch_version, envelope } = read("dynamodb:BatchGetItem", item)?;
    Ok(SealedDataKey { branch_version, envelope: envelope.into_vec() })
}

/// The user that a claim names.
fn owner(item: Item) -> Result<UserId, AwsError> {
    #[derive(Deserialize)]
    struct Claim {
        user: String,
    }
    let Claim { user } = read("dynamodb:GetItem", item)?;
    UserId::parse_hex(&user).map_err(|_| AwsError::unexpected(BATCH, "an unreadable claim"))
}
