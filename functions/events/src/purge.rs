//! `events_purge`: when time to live, or an erasure, has taken a user, nothing of them stays.

use serde_json::Value;
use shared::store::{StreamedKey, removed_user};

use crate::{
    change::{Change, sequence_number},
    worker::{Failed, Workshop, records},
};

/// Removes the events that would stay for ever of each user of a batch, and the data key. The first record that fails ends the work:
/// the mapping comes back from there on.
pub(crate) async fn handle(shop: &Workshop, event: Value) -> Result<Vec<String>, Failed> {
    for record in &records(event)? {
        let number = sequence_number(record)?;
        let Some(change) = Change::read(record) else {
            let cause = "an unreadable record";
            tracing::error!(
                operation = "events_purge",
                sequence_number = number,
                cause,
                "record passed over"
            );
            continue;
        };
        let StreamedKey { pk, sk } = &change.key;
        let removed = removed_user(pk, sk).filter(|_| change.is_removal());
        let Some((scope, user)) = removed else { continue };
        match shop.app.store.purge(&scope, user).await {
            Ok(events) => tracing::info!(
                operation = "events_purge",
                tenant = scope.tenant.as_str(),
                mode = scope.mode.as_str(),
                user_id = user.to_hex(),
                events,
                "purged"
            ),
            Err(error) => {
                let cause = error.to_string();
                tracing::error!(
                    operation = "events_purge",
                    sequence_number = number,
                    cause,
                    "record failed"
                );
                return Ok(vec![number.to_owned()]);
            }
        }
    }
    Ok(Vec::new())
}
