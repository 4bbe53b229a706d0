//! Deleting users: softly, many at once, and safe to repeat.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use futures_util::{StreamExt, TryStreamExt, future::try_join_all, stream, try_join};

use super::{ATTEMPTS, index_entries, pause};
use crate::{
    App,
    domain::{Event, EventKind, ExternalId, Status, User, UserId},
    error::{Error, Result},
    http::Call,
    store::{HistoryKey, ListOrder, Partition, Rejected, Window},
    vault::{IndexKey, SealedDataKey},
};

/// How long one call goes on before it asks to be repeated. API Gateway gives up after 30 seconds.
const TIME_LIMIT: Duration = Duration::from_secs(20);

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
/// nothing, so a repeated call goes on where the one before ended. A call that runs out of time says so with
/// [`Error::Unfinished`].
///
/// Everything of a deleted user is kept for the retention period, then goes by TTL, the data key with it; with a period
/// of none the data key is destroyed at once. The external id is free again at once.
pub async fn delete_users(app: &App, call: &Call, selection: &Selection) -> Result<usize> {
    let deadline = Instant::now().checked_add(TIME_LIMIT);
    let scope = call.scope();
    let index = app.keyring.index(scope).await?;
    let ids = match selection {
        Selection::All => return delete_all(app, call, &index, deadline).await,
        Selection::Ids(ids) => ids.iter().copied().collect::<BTreeSet<_>>(),
        Selection::ExternalIds(external_ids) => {
            let names: BTreeSet<_> = external_ids.iter().map(|id| index.external_id(id)).collect();
            let names: Vec<_> = names.into_iter().collect();
            app.store.external_id_owners(scope, &names).await?.into_iter().collect()
        }
    };
    let mut deleted = 0_usize;
    // Each once: DynamoDB refuses a batch that asks for an item twice.
    let ids: Vec<UserId> = ids.into_iter().collect();
    for batch in ids.chunks(BATCH) {
        check_time(deadline)?;
        deleted = deleted.saturating_add(delete_batch(app, call, &index, batch).await?);
    }
    Ok(deleted)
}

async fn delete_all(
    app: &App,
    call: &Call,
    index: &IndexKey,
    deadline: Option<Instant>,
) -> Result<usize> {
    let mut deleted = 0_usize;
    for status in [Status::Active, Status::Flagged, Status::Blocked] {
        let partition = Partition::Listed(status, ListOrder::Created);
        let mut window = Window { limit: BATCH, ..Window::default() };
        loop {
            check_time(deadline)?;
            let page = app.store.page(call.scope(), &partition, &window).await?;
            let ids: Vec<_> = page.entries.iter().map(|(_, id)| *id).collect();
            deleted = deleted.saturating_add(delete_batch(app, call, index, &ids).await?);
            match page.entries.into_iter().next_back() {
                Some((position, _)) if page.has_more => window.after = Some(position),
                Some(_) | None => break,
            }
        }
    }
    Ok(deleted)
}

fn check_time(deadline: Option<Instant>) -> Result<()> {
    if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
        return Err(Error::Unfinished);
    }
    Ok(())
}

async fn delete_batch(app: &App, call: &Call, index: &IndexKey, ids: &[UserId]) -> Result<usize> {
    let scope = call.scope();
    let history = stream::iter(ids.iter().copied())
        .map(async |id| Ok::<_, Error>((id, app.store.history_keys(scope, id).await?)))
        .buffer_unordered(SIDE_BY_SIDE)
        .try_collect::<HashMap<_, _>>();
    let found = async { Ok(app.store.users_and_data_keys(scope, ids).await?) };
    let (found, mut history) = try_join!(found, history)?;
    let deletions = found.into_iter().map(|(user, data_key)| {
        let history = history.remove(&user.id).unwrap_or_default();
        delete_user(app, call, index, Doomed { user, data_key, history })
    });
    let deletions = stream::iter(deletions).buffer_unordered(SIDE_BY_SIDE);
    let count = async |sum: usize, deleted| Ok(sum.saturating_add(usize::from(deleted)));
    deletions.try_fold(0, count).await
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
