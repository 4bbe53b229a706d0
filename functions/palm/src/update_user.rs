//! `PATCH /v1/user/{user_id}`

use lambda_http::http::StatusCode;
use shared::{
    App, Result,
    domain::{Event, Metadata, User},
    error::Faults,
    http::{Call, Object, Response},
    users::{Change, ChangeKind, change_user},
};

use crate::{read, view};

/// What is to change: `None` stays as it is.
struct Update {
    display_name: Option<Option<String>>,
    metadata: Option<Metadata>,
}

/// Changes a user's display name and metadata.
pub(crate) async fn handle(app: &App, call: Call) -> Result<Response> {
    let id = read::user_id(&call)?;
    let update = update(&call)?;
    let apply = |user: &mut User, event: &mut Event, _keys: &Change<'_>| update.apply(user, event);
    let changed = change_user(app, &call, id, ChangeKind::PLAIN, apply).await?;
    Ok(view::single(StatusCode::OK, &changed.user))
}

fn update(call: &Call) -> Result<Update> {
    let mut faults = Faults::default();
    let mut body = Object::body(call.json()?, &mut faults);
    let display_name = read::display_name(&mut body, &mut faults);
    let metadata = read::metadata(&mut body, &mut faults);
    body.finish(&["display_name", "metadata"], &mut faults);
    faults.check()?;
    Ok(Update { display_name, metadata })
}

impl Update {
    fn apply(&self, user: &mut User, event: &mut Event) -> Result<()> {
        if let Some(name) = &self.display_name
            && *name != user.display_name
        {
            event.record_change("display_name", user.display_name.clone(), name.clone());
            user.display_name.clone_from(name);
        }
        if let Some(change) = &self.metadata {
            let merged = user.metadata.merged(change);
            read::check_size(&merged)?;
            if merged != user.metadata {
                event.record_change(
                    "metadata",
                    user.metadata.as_object().clone(),
                    merged.as_object().clone(),
                );
                user.metadata = merged;
            }
        }
        Ok(())
    }
}
