//! `PATCH /v1/users/{user_id}/`

use lambda_http::http::StatusCode;
use shared::{
    App, Result,
    auth::Action,
    domain::{Event, ExternalId, User},
    http::{Call, Response},
    users::{Change, ChangeKind, Disclosure, apply_fields, change_user, disclose},
};

use crate::{
    read::{self, Body, Profile},
    view::{self, SECRETS},
};

/// Changes a user: every documented member, and null erases one that is not required.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let id = read::user_id(&call)?;
    let profile = read::profile(&call, Body::Partial)?;
    let may_reveal = call.caller.permissions.contains(Action::Reveal);
    let shows: &'static [_] = if may_reveal { &SECRETS } else { &[] };
    let kind = ChangeKind { shows, ..ChangeKind::SEALED };
    let apply =
        |user: &mut User, event: &mut Event, keys: &Change<'_>| profile.apply(user, event, keys);
    let changed = change_user(app, &call, id, kind, apply).await?;
    // Where something changed, the showing was written along with it.
    let disclosure = match &changed.event {
        Some(_) if may_reveal => Disclosure::Clear,
        Some(_) => Disclosure::Masked,
        None => disclose(app, &call, &[&changed.user], &SECRETS).await?,
    };
    view::written(StatusCode::OK, &changed.user, changed.data_key.as_ref(), disclosure)
}

impl Profile {
    fn apply(&self, user: &mut User, event: &mut Event, keys: &Change<'_>) -> Result<()> {
        if let Some(id) = &self.external_id
            && user.external_id.as_ref() != Some(id)
        {
            let previous = user.external_id.as_ref().map(ExternalId::as_str);
            event.record_change("external_id", previous, id.as_str());
            user.external_id = Some(id.clone());
        }
        apply_fields(user, event, &self.fields, keys.data_key()?, keys.index, "")
    }
}
