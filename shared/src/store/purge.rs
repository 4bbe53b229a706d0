//! Removing what is left of a user who is gone.

use futures_util::future::try_join_all;

use super::{HistoryKey, Store, keys};
use crate::{
    aws::AwsError,
    domain::{Scope, UserId},
};

/// How many items are removed side by side.
const SIDE_BY_SIDE: usize = 25;

/// The user whose own item had this key; `None` for any other item.
pub fn removed_user(pk: &str, sk: &str) -> Option<(Scope, UserId)> {
    let (scope, user) = keys::scope_and_user(pk)?;
    (keys::user(&scope, user) == keys::Key { pk: pk.to_owned(), sk: sk.to_owned() })
        .then_some((scope, user))
}

impl Store {
    /// Removes the data key of a user who is gone, and those events and verification sessions that have no date of their
    /// own. Answers how many these were. What has a date goes at it: somebody may still have to be told.
    pub async fn purge(&self, scope: &Scope, user: UserId) -> Result<usize, AwsError> {
        self.delete_item(&self.keys_table, &keys::data_key(scope, user)).await?;
        let history = self.undated_history_keys(scope, user).await?;
        for some in history.chunks(SIDE_BY_SIDE) {
            let delete = async |key: &HistoryKey| {
                let key = keys::of_user(scope, user, key.as_str());
                self.delete_item(&self.users_table, &key).await
            };
            try_join_all(some.iter().map(delete)).await?;
        }
        Ok(history.len())
    }

    pub(super) async fn delete_item(&self, table: &str, key: &keys::Key) -> Result<(), AwsError> {
        let call = self.client.delete_item().table_name(table).set_key(Some(key.attributes()));
        let answer = call.send().await;
        answer.map(drop).map_err(|error| AwsError::of("dynamodb:DeleteItem", &error))
    }
}
