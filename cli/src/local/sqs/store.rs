//! The file: a table of queues and one of messages.

use std::path::Path;

use rusqlite::Connection;
use shared::clock::Clock;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS queues (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    attributes TEXT NOT NULL,
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    body TEXT NOT NULL,
    attributes TEXT,
    -- Empty where the sender named none.
    message_group TEXT NOT NULL,
    sent INTEGER NOT NULL,
    -- From when on it can be received.
    visible INTEGER NOT NULL,
    -- How often it was received, when first and when last, and under which receipt.
    received INTEGER NOT NULL DEFAULT 0,
    first_received INTEGER,
    last_received INTEGER,
    receipt TEXT,
    -- The ARN of the queue that gave it up.
    source TEXT
);
CREATE INDEX IF NOT EXISTS due ON messages (queue, message_group, visible, received);
";

/// The queues and their messages. Times are in milliseconds since 1970.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) connection: Connection,
    clock: Clock,
}

impl Store {
    pub(super) fn open(file: Option<&Path>, clock: Clock) -> rusqlite::Result<Self> {
        let connection = match file {
            None => Connection::open_in_memory(),
            Some(path) => Connection::open(path),
        }?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // What is committed outlives a loss of power too.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(SCHEMA)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self { connection, clock })
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now().unix_millis()
    }

    /// Runs some work as one change: on disk once this returns, unless it failed.
    pub(super) fn commit<T>(
        &self,
        work: impl FnOnce() -> Result<T, super::SqsError>,
    ) -> Result<T, super::SqsError> {
        self.connection.execute_batch("BEGIN")?;
        let outcome = work().and_then(|done| {
            self.connection.execute_batch("COMMIT")?;
            Ok(done)
        });
        if outcome.is_err() {
            // Fails where the failure has ended the transaction already.
            drop(self.connection.execute_batch("ROLLBACK"));
        }
        outcome
    }
}
