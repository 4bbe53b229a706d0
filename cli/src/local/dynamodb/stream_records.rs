//! The records of streams in the embedded DynamoDB's file: what keeps many of them from being felt.

use std::{path::Path, time::Duration};

use rusqlite::Connection;
use shared::domain::Timestamp;
use tokio::{task::spawn_blocking, time::sleep};

/// How long a stream keeps a record, in seconds: a day, as DynamoDB says.
const KEPT_SECONDS: i64 = 86_400;
/// How many records are removed at once, so that nobody waits long for the file.
const AT_ONCE: i64 = 500;
const PAUSE: Duration = Duration::from_millis(50);

/// A change is numbered by the greatest number of the changes before it. This finds it without looking at all of them,
/// which a store that was written to a hundred thousand times feels.
pub(super) fn index(file: &Path) -> rusqlite::Result<()> {
    Connection::open(file)?.execute_batch(
        "CREATE INDEX IF NOT EXISTS stream_record_numbers
         ON _stream_records (table_name, CAST(sequence_number AS INTEGER))",
    )
}

/// Removes the records that a stream no longer keeps. The oldest are looked at alone: they come first in the file.
pub(super) async fn trim(file: &Path) -> rusqlite::Result<()> {
    loop {
        let path = file.to_owned();
        let oldest = Timestamp::now().unix_seconds().saturating_sub(KEPT_SECONDS);
        let removed = spawn_blocking(move || {
            Connection::open(path)?.execute(
                "DELETE FROM _stream_records WHERE id IN (
                     SELECT id FROM (SELECT id, created_at FROM _stream_records ORDER BY id LIMIT ?1)
                     WHERE created_at < ?2)",
                [AT_ONCE, oldest],
            )
        });
        // A task that is dropped with its runtime has nobody to tell.
        if removed.await.unwrap_or(Ok(0))? == 0 {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
}
