//! Deleting users: softly, many at once, and safe to repeat.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use futures_util::{StreamExt, future::try_join_all, join, stream, try_join};

use super::{ATTEMPTS, index_entries, pause};
use crate::{
    App,
    deadline::Deadline,
    domain::{Event, EventKind, ExternalId, Status, User, UserId},
    error::{Error, Result},
    http::Call,
    store::{HistoryKey, ListOrder, Partition, Rejected, Window},
    vault::{IndexKey, SealedDataKey},
};

/// How long one call goes on before it asks to be repeated: less where the request ends earlier. The gateway gives up after
/// 29 seconds, and many a client before that.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// What saying so may take.
const SAYING_SO: Duration = Duration::from_millis(250);

/// How long the event of a deletion stays at least: as long as receivers of webhooks are tried, and some.
const TOLD_WITHIN: time::Duration = time::Duration::days(2);

/// How many users are read together, and how many are deleted side by side.
const BATCH: usize = 100;
const SIDE_BY_SIDE: usize = 16;

/// Whom to delete.
#[derive(Debug)]
pub enum Selection {
    /// Everybody of the tenant and mode.
    All,
    /// Those with these external ids.
    ExternalIds(Vec<ExternalId>),
    /// Those with these ids.
    Ids(Vec<UserId>),
}

/// Deletes users and answers how many there were to delete. Those that are deleted already, or never were, count for
/// nothing, so a repeated call goes on where the one before ended. Where time runs out, or DynamoDB is too busy for some of
/// them, the others are deleted all the same, and the call says with [`Error::Unfinished`] that it is to be repeated.
///
/// Everything of a deleted user is kept for the retention period, then goes by TTL, the data key with it; with a period
/// of none the data key is destroyed at once. The external id is free again at once.
pub async fn delete_users(app: &App, call: &Call, selection: &Selection) -> Result<usize> {
    let index = app.keyring.index(call.scope()).await?;
    let limit = Deadline::after(TIME_LIMIT);
    let limit = Deadline::current().map_or(limit, |end| end.earlier(SAYING_SO).min(limit));
    // Each user is one transaction: what is given up half-way was carried out for some, and for the others not.
    let work = limit.bound(delete_selected(app, call, &index, selection)).await;
    match work.unwrap_or_else(|passed| Err(passed.into())) {
        Ok(Tally { deleted, left: 0 }) => Ok(deleted),
        Ok(_some_left) => Err(Error::Unfinished),
        Err(error) if passes(&error) => {
            tracing::warn!(cause = error.to_string(), "a deletion is unfinished");
            Err(Error::Unfinished)
        }
        Err(error) => Err(error),
    }
}

/// How far a deletion has come.
#[derive(Clone, Copy, Default)]
struct Tally {
    deleted: usize,
    /// Who could not be deleted for now.
    left: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.deleted = self.deleted.saturating_add(other.deleted);
        self.left = self.left.saturating_add(other.left);
    }

    /// Whether there is no use in trying others: nobody could be deleted.
    const fn is_stuck(self) -> bool {
        self.deleted == 0 && self.left > 0
    }
}

/// Whether the same may succeed a little later.
fn passes(error: &Error) -> bool {
    matches!(error, Error::Contended | Error::TimedOut(_))
        || matches!(error, Error::Aws(error) if error.is_transient())
}

async fn delete_selected(
    app: &App,
    call: &Call,
    index: &IndexKey,
    selection: &Selection,
) -> Result<Tally> {
    let ids = match selection {
        Selection::All => return delete_all(app, call, index).await,
        Selection::Ids(ids) => ids.iter().copied().collect::<BTreeSet<_>>(),
        Selection::ExternalIds(external_ids) => {
            let names: BTreeSet<_> = external_ids.iter().map(|id| index.external_id(id)).collect();
            let names: Vec<_> = names.into_iter().collect();
            app.store.external_id_owners(call.scope(), &names).await?.into_iter().collect()
        }
    };
    let mut tally = Tally::default();
    // Each once: DynamoDB refuses a batch that asks for an item twice.
    let ids: Vec<UserId> = ids.into_iter().collect();
    for batch in ids.chunks(BATCH) {
        let batch = delete_batch(app, call, index, batch).await?;
        tally.add(batch);
        if batch.is_stuck() {
            break;
        }
    }
    Ok(tally)
}

async fn delete_all(app: &App, call: &Call, index: &IndexKey) -> Result<Tally> {
    let mut tally = Tally::default();
    for status in [Status::Active, Status::Flagged, Status::Blocked] {
        let partition = Partition::Listed(status, ListOrder::Created);
        let mut window = Window { limit: BATCH, ..Window::default() };
        loop {
            let page = app.store.page(call.scope(), &partition, &window).await?;
            let ids: Vec<_> = page.entries.iter().map(|(_, id)| *id).collect();
            let batch = delete_batch(app, call, index, &ids).await?;
            tally.add(batch);
            if batch.is_stuck() {
                return Ok(tally);
            }
            match page.entries.into_iter().next_back() {
                Some((position, _)) if page.has_more => window.after = Some(position),
                Some(_) | None => break,
            }
        }
    }
    Ok(tally)
}

/// Deletes those of some users who are there. One who cannot be deleted for now keeps nobody else.
async fn delete_batch(app: &App, call: &Call, index: &IndexKey, ids: &[UserId]) -> Result<Tally> {
    let scope = call.scope();
    let history = stream::iter(ids.iter().copied())
        .map(async |id| (id, app.store.history_keys(scope, id).await))
        .buffer_unordered(SIDE_BY_SIDE)
        .collect::<HashMap<_, _>>();
    let (found, mut history) = join!(app.store.users_and_data_keys(scope, ids), history);
    let deletions = found?.into_iter().map(|(user, data_key)| {
        let history = history.remove(&user.id).unwrap_or_else(|| Ok(Vec::new()));
        async move {
            let doomed = Doomed { user, data_key, history: history? };
            delete_user(app, call, index, doomed).await
        }
    });
    let mut tally = Tally::default();
    let mut deletions = stream::iter(deletions).buffer_unordered(SIDE_BY_SIDE);
    while let Some(outcome) = deletions.next().await {
        match outcome {
            Ok(deleted) => tally.add(Tally { deleted: deleted.into(), left: 0 }),
            Err(error) if passes(&error) => tally.add(Tally { deleted: 0, left: 1 }),
            Err(error) => return Err(error),
        }
    }
    Ok(tally)
}

/// What one user's deletion is about.
struct Doomed {
    user: User,
    data_key: Option<SealedDataKey>,
    history: Vec<HistoryKey>,
}

/// Deletes one user; answers whether there was one to delete.
async fn delete_user(app: &App, call: &Call, index: &IndexKey, doomed: Doomed) -> Result<bool> {
    let scope = call.scope();
    let id = doomed.user.id;
    let mut current = Some(doomed);
    for attempt in 1..=ATTEMPTS {
        let living = current.filter(|doomed| doomed.user.status != Status::Deleted);
        let Some(doomed) = living else { return Ok(false) };
        match delete_once(app, call, index, &doomed).await {
            Ok(()) => return Ok(true),
            Err(Rejected::Aws(error)) => return Err(error.into()),
            Err(_changed_meanwhile) => pause(attempt).await,
        }
        let history = app.store.history_keys(scope, id);
        let (found, history) = try_join!(app.store.user_and_data_key(scope, id), history)?;
        current = found.map(|(user, data_key)| Doomed { user, data_key, history });
    }
    Err(Error::Contended)
}

async fn delete_once(
    app: &App,
    call: &Call,
    index: &IndexKey,
    doomed: &Doomed,
) -> Result<(), Rejected> {
    let (scope, before, now) = (call.scope(), &doomed.user, app.clock.now());
    let purge_at = now.plus(app.config.retention);
    let mut user = before.clone();
    user.status = Status::Deleted;
    user.purge_at = Some(purge_at);
    user.touch(now);
    let mut event = Event::new(EventKind::Deleted, now, call.origin());
    event.version = Some(user.version);
    event.external_id.clone_from(&user.external_id);
    event.statuses = Some((before.status, Status::Deleted));
    event.purge_at = Some(purge_at.max(now.plus(TOLD_WITHIN)));

    let mut transaction = app.store.transaction(scope);
    transaction.replace_user(&user)?;
    transaction.insert_event(user.id, &event)?;
    if let Some(id) = &before.external_id {
        transaction.release_external_id(&index.external_id(id))?;
    }
    if let Some(email) = before.claimed_email() {
        transaction.release_email(email)?;
    }
    for entry in index_entries(before, index) {
        transaction.delete_index_entry(&entry, user.id)?;
    }
    match &doomed.data_key {
        Some(_) if app.config.retention.is_zero() => transaction.delete_data_key(user.id)?,
        Some(_) => transaction.expire_data_key(user.id, purge_at)?,
        None => {}
    }
    let (within, after) = doomed.history.split_at(transaction.room().min(doomed.history.len()));
    for part in within {
        transaction.expire_history(user.id, part, purge_at)?;
    }
    transaction.commit().await?;
    // More than fit into the transaction.
    for rest in after.chunks(BATCH) {
        let expire = |part| app.store.expire_history(scope, user.id, part, purge_at);
        try_join_all(rest.iter().map(expire)).await?;
    }
    Ok(())
}
