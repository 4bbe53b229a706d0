//! `DELETE /v1/users/{user_id}/`

use shared::{
    App, Error, Result,
    http::{self, Call, Response},
    users::{Selection, delete_users},
};

use crate::read;

/// Deletes a user: softly, as every API does. There is nobody to delete a second time.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let id = read::user_id(&call)?;
    match delete_users(app, &call, &Selection::Ids(vec![id])).await? {
        0 => Err(Error::NotFound),
        _one => Ok(http::no_content()),
    }
}
