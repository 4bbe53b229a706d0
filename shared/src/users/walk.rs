//! Going through users in an order, forwards or backwards, from any place, at the cost of what is looked at.

use std::{
    cmp::Ordering,
    collections::{BTreeSet, HashMap},
};

use futures_util::future::try_join_all;

use crate::{
    App,
    domain::{Scope, User, UserId},
    error::{Error, Result},
    store::{Page, Partition, Window},
    vault::SealedDataKey,
};

/// How often a page is topped up when users that were looked at do not match.
pub(super) const PAGE_ROUNDS: usize = 4;

/// The same for a count, which is right as far as this reaches.
pub(super) const COUNT_ROUNDS: usize = 10;

/// How many users are looked at together at least, once some have turned out not to match.
const LOOK: usize = 50;

/// How many positions are skipped with one call.
const SKIP: usize = 1_000;

/// The same where they have to be looked at.
const SKIP_MATCHING: usize = 100;

/// Users of several partitions in one common order.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) partitions: Vec<Partition>,
    /// The lowest position, inclusive.
    pub(super) from: Option<String>,
    /// The highest position, inclusive.
    pub(super) to: Option<String>,
    pub(super) descending: bool,
}

/// A place in a walk: a segment, and a position within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: usize,
    pub(super) position: String,
}

/// Segments, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Walk(pub(super) Vec<Segment>);

/// A user with their data key, and where they stand.
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) user: User,
    pub(super) data_key: Option<SealedDataKey>,
}

/// A stretch of a walk.
pub(super) struct Stretch {
    pub(super) rows: Vec<Row>,
    /// The last place that was looked at, where there is more behind it.
    pub(super) more_behind: Option<Place>,
}

/// What to collect on a walk.
#[derive(Debug, Clone, Default)]
pub(super) struct Ask {
    /// Behind which place to start; `None` is the beginning.
    pub(super) start: Option<Place>,
    /// Whether to go backwards: then the nearest is the one just before the start.
    pub(super) backwards: bool,
    /// How many users.
    pub(super) limit: usize,
    /// In how many rounds at most.
    pub(super) rounds: usize,
    /// Whether to look for one more than wanted: where positions alone do not tell whether there are more.
    pub(super) peek: bool,
    /// Whether to read their data keys too.
    pub(super) data_keys: bool,
    /// How much metadata may stand on the page, in bytes as JSON; `None` where the page shows none.
    pub(super) room: Option<usize>,
}

impl Walk {
    /// The users that match, nearest first, until there are enough, or there are no more, or enough were looked at.
    pub(super) async fn collect(
        &self,
        app: &App,
        scope: &Scope,
        ask: &Ask,
        matches: impl Fn(&Place, &User) -> bool + Send + Sync,
    ) -> Result<Stretch> {
        let mut rows: Vec<Row> = Vec::new();
        let mut last = ask.start.clone();
        let mut room = ask.room;
        for round in 0..ask.rounds {
            let wanted = ask.limit.saturating_sub(rows.len());
            let wanted = wanted.saturating_add(usize::from(ask.peek));
            let wanted = if round > 0 { wanted.max(LOOK) } else { wanted };
            let read = self.read(app, scope, last.as_ref(), ask.backwards, wanted);
            let (entries, has_more) = read.await?;
            let mut found = load(app, scope, ask, &entries).await?;
            for (place, id) in entries {
                let fits = found.get(&id).is_some_and(|(user, _)| matches(&place, user));
                let found = fits.then(|| found.remove(&id)).flatten();
                if let Some((user, data_key)) = found {
                    if rows.len() >= ask.limit || !take_room(&mut room, &user) {
                        return Ok(Stretch { rows, more_behind: last });
                    }
                    rows.push(Row { place: place.clone(), user, data_key });
                }
                last = Some(place);
            }
            if !has_more {
                return Ok(Stretch { rows, more_behind: None });
            }
            if rows.len() >= ask.limit && !ask.peek {
                break;
            }
        }
        Ok(Stretch { rows, more_behind: last })
    }

    /// As [`Walk::skip`], where only those that match count.
    pub(super) async fn skip_matching(
        &self,
        app: &App,
        scope: &Scope,
        count: usize,
        matches: impl Fn(&Place, &User) -> bool + Send + Sync,
    ) -> Result<Option<Place>> {
        let mut place = None;
        let mut left = count;
        while left > 0 {
            let limit = left.min(SKIP_MATCHING);
            let ask = Ask { start: place.clone(), limit, rounds: 1, ..Ask::default() };
            let stretch = self.collect(app, scope, &ask, &matches).await?;
            left = left.saturating_sub(stretch.rows.len());
            let last = stretch.rows.into_iter().next_back().map(|row| row.place);
            match stretch.more_behind {
                Some(more) if left > 0 => place = Some(more),
                Some(_) | None => {
                    place = last.or(place);
                    break;
                }
            }
        }
        Ok(place)
    }

    /// The place of the last of `count` users from the beginning; fewer, where there are fewer. Costs what it skips.
    pub(super) async fn skip(
        &self,
        app: &App,
        scope: &Scope,
        count: usize,
    ) -> Result<Option<Place>> {
        let mut place = None;
        let mut left = count;
        while left > 0 {
            let (entries, has_more) =
                self.read(app, scope, place.as_ref(), false, left.min(SKIP)).await?;
            left = left.saturating_sub(entries.len());
            let Some((last, _)) = entries.into_iter().next_back() else { break };
            place = Some(last);
            if !has_more {
                break;
            }
        }
        Ok(place)
    }

    /// How many users there are, counted up to `cap`.
    pub(super) async fn count(&self, app: &App, scope: &Scope, cap: usize) -> Result<usize> {
        let windows = self.0.iter().map(|segment| {
            let (from, to) = (segment.from.clone(), segment.to.clone());
            (segment, Window { from, to, limit: cap, ..Window::default() })
        });
        let windows: Vec<_> = windows.collect();
        let counts = windows.iter().flat_map(|(segment, window)| {
            segment.partitions.iter().map(|partition| app.store.count(scope, partition, window))
        });
        let counts = try_join_all(counts).await?;
        Ok(counts.into_iter().fold(0_usize, usize::saturating_add).min(cap))
    }

    /// As [`Walk::count`], where one user may stand in two segments.
    pub(super) async fn count_each_once(
        &self,
        app: &App,
        scope: &Scope,
        cap: usize,
    ) -> Result<usize> {
        // Nobody stands in more than two, so that many entries are enough.
        let segments = self.0.len().max(1);
        let limit = cap.saturating_mul(segments);
        let (entries, _has_more) = self.read(app, scope, None, false, limit).await?;
        let users: BTreeSet<UserId> = entries.into_iter().map(|(_, id)| id).collect();
        Ok(users.len().min(cap))
    }

    /// The next entries behind `start`. All segments from there on are read together: what the first ones do not fill,
    /// the next ones do, without another round trip.
    async fn read(
        &self,
        app: &App,
        scope: &Scope,
        start: Option<&Place>,
        backwards: bool,
        limit: usize,
    ) -> Result<(Vec<(Place, UserId)>, bool)> {
        let mut segments: Vec<(usize, &Segment)> = self.0.iter().enumerate().collect();
        if backwards {
            segments.reverse();
        }
        let number = start.map(|start| start.segment);
        let first = segments.iter().position(|(segment, _)| Some(*segment) == number).unwrap_or(0);
        let reads = segments.into_iter().skip(first).map(|(number, segment)| async move {
            let after = start.filter(|start| start.segment == number);
            let window = Window {
                after: after.map(|start| start.position.clone()),
                from: segment.from.clone(),
                to: segment.to.clone(),
                descending: segment.descending != backwards,
                limit,
            };
            let partitions = segment.partitions.iter();
            let pages = partitions.map(|partition| app.store.page(scope, partition, &window));
            Ok::<_, Error>((number, merge(try_join_all(pages).await?, &window)))
        });
        let mut entries = Vec::new();
        for (segment, page) in try_join_all(reads).await? {
            let room = limit.saturating_sub(entries.len());
            let has_more = page.has_more || page.entries.len() > room;
            let place = |(position, id)| (Place { segment, position }, id);
            entries.extend(page.entries.into_iter().take(room).map(place));
            if has_more {
                return Ok((entries, true));
            }
        }
        Ok((entries, false))
    }
}

type Found = HashMap<UserId, (User, Option<SealedDataKey>)>;

async fn load(app: &App, scope: &Scope, ask: &Ask, entries: &[(Place, UserId)]) -> Result<Found> {
    // Each once: one who stands in two segments can be in both of one stretch.
    let ids: BTreeSet<UserId> = entries.iter().map(|(_, id)| *id).collect();
    let ids: Vec<UserId> = ids.into_iter().collect();
    let found = if ask.data_keys {
        app.store.users_and_data_keys(scope, &ids).await?
    } else {
        let users = app.store.users(scope, &ids).await?;
        users.into_iter().map(|user| (user, None)).collect()
    };
    Ok(found.into_iter().map(|found| (found.0.id, found)).collect())
}

/// Whether there is room for a user. The last one to have it may take more than was left, so that no page is empty.
pub(super) fn take_room(room: &mut Option<usize>, user: &User) -> bool {
    let Some(room) = room else { return true };
    let fits = *room > 0;
    let size = serde_json::to_string(user.metadata.as_object()).map_or(0, |text| text.len());
    *room = room.saturating_sub(size);
    fits
}

/// The first entries of several sorted pages, in their common order; one that is on two pages is there once.
pub(super) fn merge(pages: Vec<Page>, window: &Window) -> Page {
    let mut has_more = pages.iter().any(|page| page.has_more);
    // Behind the end of a page that was cut off there may be entries that belong before others' last ones.
    let horizon = pages.iter().filter(|page| page.has_more);
    let horizon =
        horizon.filter_map(|page| page.entries.last().map(|(position, _)| position.clone()));
    let horizon = horizon.min_by(|left, right| directed(left, right, window.descending));
    let mut entries: Vec<_> = pages.into_iter().flat_map(|page| page.entries).collect();
    entries.sort_by(|(left, _), (right, _)| directed(left, right, window.descending));
    entries.dedup_by(|(left, _), (right, _)| left == right);
    if let Some(horizon) = horizon {
        let within = |(position, _): &(String, UserId)| {
            directed(position, &horizon, window.descending) != Ordering::Greater
        };
        entries.retain(within);
    }
    has_more |= entries.len() > window.limit;
    entries.truncate(window.limit);
    Page { entries, has_more }
}

/// Which of two positions comes first.
pub(super) fn directed(left: &str, right: &str, descending: bool) -> Ordering {
    if descending { right.cmp(left) } else { left.cmp(right) }
}
