//! One user together with the key of their sealed fields.

use super::change::open_data_key;
use crate::{
    App,
    domain::{ExternalId, Scope, Status, User, UserId},
    error::{Error, Result},
    vault::{DataKey, SealedDataKey},
};

/// A user who is not deleted, and their data key: read together.
pub async fn get_user_with_data_key(
    app: &App,
    scope: &Scope,
    id: UserId,
) -> Result<(User, Option<DataKey>)> {
    opened(app, scope, app.store.user_and_data_key(scope, id).await?).await
}

/// The user with an external id, if there is one: who holds it first, then the user and their data key together.
pub async fn find_user(
    app: &App,
    scope: &Scope,
    external_id: &ExternalId,
) -> Result<Option<(User, Option<DataKey>)>> {
    let index = app.keyring.index(scope).await?;
    let owner = app.store.external_id_owner(scope, &index.external_id(external_id)).await?;
    let Some(owner) = owner else { return Ok(None) };
    match get_user_with_data_key(app, scope, owner).await {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What was read of a user, with the data key opened; nobody, where they are deleted.
pub(super) async fn opened(
    app: &App,
    scope: &Scope,
    found: Option<(User, Option<SealedDataKey>)>,
) -> Result<(User, Option<DataKey>)> {
    let found = found.filter(|(user, _)| user.status != Status::Deleted);
    let (user, sealed_data_key) = found.ok_or(Error::NotFound)?;
    let data_key = match &sealed_data_key {
        Some(sealed) => Some(open_data_key(app, scope, user.id, sealed).await?),
        None => None,
    };
    Ok((user, data_key))
}
