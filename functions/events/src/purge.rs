//! `events_purge`: when time to live, or an erasure, has taken a user, nothing of them stays.

use serde_json::Value;
use shared::store::removed_user;

use crate::worker::{Malformed, Workshop, records};

/// Removes the events that would stay for ever of each user of a batch, and the data key. The first record that fails ends the work:
/// the mapping comes back from there on.
pub(crate) async fn handle(shop: &Workshop, event: Value) -> Result<Vec<String>, Malformed> {
    for record in &records(event)? {
        let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str);
        let number = text("/dynamodb/SequenceNumber").ok_or(Malformed)?;
        if text("/eventName") != Some("REMOVE") {
            continue;
        }
        let key = text("/dynamodb/Keys/pk/S").zip(text("/dynamodb/Keys/sk/S"));
        let Some((scope, user)) = key.and_then(|(pk, sk)| removed_user(pk, sk)) else { continue };
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
