//! Which messages are received next.
//!
//! In the order in which they became visible, and fairly: where senders have named groups, a group with few messages in
//! flight comes before one with many, so that nobody's backlog delays the others (a fair queue).

use rusqlite::params;

use super::{error::SqsError, queue::Queue, store::Store};

/// About how many messages of a queue can be in flight; beyond that, receives find nothing.
pub(super) const MAX_IN_FLIGHT: i64 = 120_000;

/// A group with what can be received of it.
struct Group {
    in_flight: i64,
    /// Times and numbers of its messages, the next one last.
    waiting: Vec<(i64, i64)>,
}

/// The numbers of up to so many messages that can be received.
pub(super) fn pick(
    store: &Store,
    queue: &Queue,
    count: usize,
    now: i64,
) -> Result<Vec<i64>, SqsError> {
    let mut groups = Vec::new();
    for name in names(store, queue)? {
        groups.push(Group {
            in_flight: in_flight(store, queue, &name, now)?,
            waiting: waiting(store, queue, &name, count, now)?,
        });
    }
    let all = groups.iter().map(|group| group.in_flight).fold(0, i64::saturating_add);
    let room = usize::try_from(MAX_IN_FLIGHT.saturating_sub(all)).unwrap_or(0);
    let mut picked = Vec::new();
    while picked.len() < count.min(room) {
        let with_messages = groups.iter_mut().filter(|group| !group.waiting.is_empty());
        let next =
            with_messages.min_by_key(|group| (group.in_flight, group.waiting.last().copied()));
        let Some(group) = next else { break };
        picked.extend(group.waiting.pop().map(|(_, id)| id));
        group.in_flight = group.in_flight.saturating_add(1);
    }
    Ok(picked)
}

/// The groups that have messages, found by as many steps in the index as there are groups.
fn names(store: &Store, queue: &Queue) -> Result<Vec<String>, SqsError> {
    let sql = "
        WITH RECURSIVE names (name) AS (
            SELECT min(message_group) FROM messages WHERE queue = ?1
            UNION ALL
            SELECT (SELECT min(message_group) FROM messages WHERE queue = ?1 AND message_group > name)
            FROM names WHERE name IS NOT NULL
        )
        SELECT name FROM names WHERE name IS NOT NULL";
    let mut statement = store.connection.prepare_cached(sql)?;
    let names = statement.query_map([queue.id], |row| row.get(0))?;
    Ok(names.collect::<rusqlite::Result<_>>()?)
}

fn in_flight(store: &Store, queue: &Queue, group: &str, now: i64) -> Result<i64, SqsError> {
    let sql = "SELECT count(*) FROM messages
        WHERE queue = ?1 AND message_group = ?2 AND visible > ?3 AND received > 0";
    let mut statement = store.connection.prepare_cached(sql)?;
    Ok(statement.query_row(params![queue.id, group, now], |row| row.get(0))?)
}

fn waiting(
    store: &Store,
    queue: &Queue,
    group: &str,
    count: usize,
    now: i64,
) -> Result<Vec<(i64, i64)>, SqsError> {
    let sql = "SELECT visible, id FROM messages
        WHERE queue = ?1 AND message_group = ?2 AND visible <= ?3 ORDER BY visible, id LIMIT ?4";
    let count = i64::try_from(count).unwrap_or(1);
    let mut statement = store.connection.prepare_cached(sql)?;
    let found = statement
        .query_map(params![queue.id, group, now, count], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut found = found.collect::<rusqlite::Result<Vec<_>>>()?;
    found.reverse();
    Ok(found)
}
