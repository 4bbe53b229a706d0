//! Reading verification sessions.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{
    IdempotencyRecord, SessionRecord, Store,
    item::{IdempotencyItem, SessionItem},
    keys,
    users::{data_key, live_user, read},
};
use crate::{
    aws::AwsError,
    domain::{Scope, User, UserId},
    vault::{Fingerprint, SealedDataKey},
};

/// A user, their data key, and what was recorded of one session and of one request: read together.
#[derive(Debug)]
pub struct UserAndSession {
    /// The user.
    pub user: User,
    /// Their data key.
    pub data_key: Option<SealedDataKey>,
    /// The session, where it was reported before.
    pub session: Option<SessionRecord>,
    /// The request, where it was carried out before.
    pub request: Option<IdempotencyRecord>,
}

impl Store {
    /// One user with one of their sessions, and with the record of an idempotency key where there is one.
    pub async fn user_and_session(
        &self,
        scope: &Scope,
        id: UserId,
        session: &Fingerprint,
        request: Option<&Fingerprint>,
    ) -> Result<Option<UserAndSession>, AwsError> {
        const CALL: &str = "dynamodb:BatchGetItem";
        let mut wanted = vec![keys::user(scope, id), keys::session(scope, id, session)];
        wanted.extend(request.map(|name| keys::idempotency(scope, name)));
        let wanted = [
            (self.users_table.clone(), wanted),
            (self.keys_table.clone(), vec![keys::data_key(scope, id)]),
        ];
        let mut found = self.batch_get(wanted.into()).await?;
        let key = found.remove(&self.keys_table).unwrap_or_default().pop();
        let items = found.remove(&self.users_table).unwrap_or_default();
        let mut items: HashMap<String, _> =
            items.into_iter().map(|it| (sort_key(&it), it)).collect();
        let mut take = |key: &keys::Key| items.remove(&key.sk);
        let session = take(&keys::session(scope, id, session)).map(record).transpose()?;
        let request = match request {
            Some(name) => match take(&keys::idempotency(scope, name)) {
                Some(item) => Some(
                    read::<IdempotencyItem>(CALL, item)?
                        .into_record(name)
                        .ok_or_else(|| AwsError::unexpected(CALL, "an unreadable record"))?,
                ),
                None => None,
            },
            None => None,
        };
        let user = take(&keys::user(scope, id));
        let user = user.map_or(Ok(None), |item| live_user(item, self.clock.now()))?;
        let data_key = key.map(data_key).transpose()?;
        Ok(user.map(|user| UserAndSession { user, data_key, session, request }))
    }

    /// All sessions of a user.
    pub async fn sessions(
        &self,
        scope: &Scope,
        user: UserId,
    ) -> Result<Vec<SessionRecord>, AwsError> {
        const CALL: &str = "dynamodb:Query";
        let mut sessions = Vec::new();
        let mut start = None;
        loop {
            let query = self.user_query(scope, user, keys::SESSION_PREFIX);
            let answer = query.set_exclusive_start_key(start).send().await;
            let answer = answer.map_err(|error| AwsError::of(CALL, &error))?;
            for item in answer.items.into_iter().flatten() {
                sessions.push(record(item)?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(sessions);
            }
        }
    }
}

type Item = HashMap<String, AttributeValue>;

fn sort_key(item: &Item) -> String {
    item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default()
}

fn record(item: Item) -> Result<SessionRecord, AwsError> {
    const CALL: &str = "dynamodb:BatchGetItem";
    let unreadable = || AwsError::unexpected(CALL, "an unreadable session");
    read::<SessionItem>(CALL, item)?.into_record().ok_or_else(unreadable)
}
