//! `PATCH /v3/users/{vendor_data}/update-status/`

use lambda_http::http::StatusCode;
use shared::{
    App, Result,
    domain::{Event, Status, User},
    http::{Call, Response},
    users::{Change, ChangeKind, change_with_history},
};

use crate::{
    get_user::HISTORY,
    read::{self, Body},
    view,
};

/// The greatest length of a reason, in characters.
const MAX_REASON_CHARS: usize = 512;

/// Changes where a user stands, and notes why. From any status to any; to the one that there is, nothing happens.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let (status, reason) = wanted(&call)?;
    let id = read::user_id(app, &call).await?;
    let apply = |user: &mut User, event: &mut Event, _keys: &Change<'_>| {
        if user.status != status {
            event.statuses = Some((user.status, status));
            event.name_field("status");
            event.reason.clone_from(&reason);
            user.status = status;
        }
        Ok(())
    };
    let (changed, events) =
        change_with_history(app, &call, id, ChangeKind::STATUS, HISTORY, apply).await?;
    view::detail(StatusCode::OK, &changed.user, changed.data_key.as_ref(), &events)
}

fn wanted(call: &Call) -> Result<(Status, Option<String>)> {
    let mut body = Body::of(call)?;
    let status = body.status(|_| read::INVALID_STATUS.to_owned());
    if status.is_none() && body.faults.is_empty() {
        body.fault("status", "This field is required.");
    }
    let reason = body.nullable_text("reason", MAX_REASON_CHARS).flatten();
    body.faults.check()?;
    Ok((status.unwrap_or(Status::Active), reason))
}
