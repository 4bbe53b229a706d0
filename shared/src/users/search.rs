//! Finding users, page by page.

use std::{cmp::Ordering, collections::BTreeSet, sync::Arc};

use data_encoding::BASE64URL_NOPAD;
use futures_util::future::try_join_all;

use super::walk::{Ask, PAGE_ROUNDS, Place, Segment, Walk, directed, take_room};
use crate::{
    App,
    domain::{
        ExternalId, NameQuery, Scope, Status, User, UserId, field::FingerprintKind, value::Value,
    },
    error::{Error, Result},
    store::{IndexEntry, ListOrder, Page, Partition, Window, position},
    vault::{Digest, Fingerprint, IndexKey},
};

/// How many matches are sorted by anything but creation. The index entries of e-mail, phone, ssn and name are sorted
/// by creation; any other order has to read all matches.
const MAX_SORTED: usize = 500;

/// How much metadata stands on one page: with all else that a hundred users show, it stays below the 6 MB that Lambda
/// lets a function answer.
const MAX_PAGE_BYTES: usize = 4 * 1024 * 1024;

/// What to find: all that is given must match.
#[derive(Debug)]
pub struct Search {
    /// Words that begin words of the display name.
    pub display_name: Option<NameQuery>,
    /// The e-mail address, or one of the approved ones.
    pub email: Option<Value>,
    /// The phone number, or one of the approved ones.
    pub phone: Option<Value>,
    /// The social security number.
    pub ssn: Option<Value>,
    /// The external id.
    pub external_id: Option<ExternalId>,
    /// Any of these.
    pub statuses: Vec<Status>,
    /// In which order.
    pub order: ListOrder,
    /// Greatest first.
    pub descending: bool,
    /// How many, 1 to 100.
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// A page of users.
#[derive(Debug)]
pub struct Found {
    /// Those on this page.
    pub users: Vec<User>,
    /// Where the next page starts, where there is one.
    pub next: Option<String>,
}

/// The query with its values fingerprinted.
struct Terms {
    email: Option<Fingerprint>,
    phone: Option<Fingerprint>,
    ssn: Option<Fingerprint>,
    digest: Digest,
}

/// Finds a page of users. Costs two round trips and what is on the page, however many users there are.
pub async fn search_users(app: &App, scope: &Scope, search: &Search) -> Result<Found> {
    let index = app.keyring.index(scope).await?;
    let terms = Terms::of(search, &index);
    let after =
        search.cursor.as_deref().map(|cursor| open_cursor(&index, &terms, cursor)).transpose()?;
    let (users, position) = if let Some(id) = &search.external_id {
        (by_external_id(app, scope, search, &terms, &index.external_id(id)).await?, None)
    } else if let Some(entry) = terms.entry(search, &index) {
        if search.order == ListOrder::Created {
            pages(app, scope, search, &terms, vec![Partition::Indexed(entry)], after).await?
        } else {
            sorted(app, scope, search, &terms, entry, after).await?
        }
    } else {
        let listed = |status: &Status| Partition::Listed(*status, search.order);
        let partitions = search.statuses.iter().map(listed).collect();
        pages(app, scope, search, &terms, partitions, after).await?
    };
    let next = position.map(|position| seal_cursor(&index, &terms, &position)).transpose()?;
    Ok(Found { users, next })
}

impl Terms {
    fn of(search: &Search, index: &Arc<IndexKey>) -> Self {
        let fingerprint = |kind, value: &Option<Value>| {
            value.as_ref().map(|value| index.fingerprint(kind, value))
        };
        let email = fingerprint(FingerprintKind::Email, &search.email);
        let phone = fingerprint(FingerprintKind::Phone, &search.phone);
        let ssn = fingerprint(FingerprintKind::Ssn, &search.ssn);
        let external_id = search.external_id.as_ref().map(|id| index.external_id(id));
        let fingerprints = [&email, &phone, &ssn, &external_id]
            .map(|value| value.as_ref().map(Fingerprint::as_str));
        // Everything but the limit and the cursor itself: a cursor goes with its query only.
        let canonical = format!(
            "{fingerprints:?} {:?} {:?} {:?} {}",
            search.display_name, search.statuses, search.order, search.descending
        );
        Self { digest: index.query(&canonical), email, phone, ssn }
    }

    /// The index entry that narrows the search most.
    fn entry(&self, search: &Search, index: &IndexKey) -> Option<IndexEntry> {
        let exact = [
            (FingerprintKind::Ssn, &self.ssn),
            (FingerprintKind::Email, &self.email),
            (FingerprintKind::Phone, &self.phone),
        ];
        let exact =
            exact.into_iter().find_map(|(kind, value)| value.clone().map(|value| (kind, value)));
        let by_name =
            || search.display_name.as_ref().map(|query| index.name_prefix(&query.selector()));
        match exact {
            Some((kind, value)) => Some(IndexEntry::Fingerprint(kind, value)),
            None => by_name().map(IndexEntry::NamePrefix),
        }
    }

    /// Whether all that was asked for is true of `user`.
    fn match_user(&self, search: &Search, user: &User) -> bool {
        let prints = &user.fingerprints;
        let fits = |wanted: &Option<Fingerprint>, has: &Option<Fingerprint>| {
            wanted.is_none() || wanted == has
        };
        let approved = |wanted: &Option<Fingerprint>, approved: &BTreeSet<Fingerprint>| {
            wanted.as_ref().is_some_and(|wanted| approved.contains(wanted))
        };
        let named = |query: &NameQuery| {
            user.display_name.as_deref().is_some_and(|name| query.matches(name))
        };
        search.statuses.contains(&user.status)
            && (fits(&self.email, &prints.email) || approved(&self.email, &prints.approved_emails))
            && (fits(&self.phone, &prints.phone) || approved(&self.phone, &prints.approved_phones))
            && fits(&self.ssn, &prints.ssn)
            && search.external_id.as_ref().is_none_or(|id| user.external_id.as_ref() == Some(id))
            && search.display_name.as_ref().is_none_or(named)
    }
}

type Stretch = (Vec<User>, Option<String>);

async fn by_external_id(
    app: &App,
    scope: &Scope,
    search: &Search,
    terms: &Terms,
    name: &Fingerprint,
) -> Result<Vec<User>> {
    let Some(owner) = app.store.external_id_owner(scope, name).await? else {
        return Ok(Vec::new());
    };
    let user = app.store.user(scope, owner).await?;
    Ok(user.into_iter().filter(|user| terms.match_user(search, user)).collect())
}

/// Walks through `partitions`, merged, in the order of their positions.
async fn pages(
    app: &App,
    scope: &Scope,
    search: &Search,
    terms: &Terms,
    partitions: Vec<Partition>,
    after: Option<String>,
) -> Result<Stretch> {
    let segment = Segment { partitions, from: None, to: None, descending: search.descending };
    let ask = Ask {
        start: after.map(|position| Place { segment: 0, position }),
        limit: search.limit,
        rounds: PAGE_ROUNDS,
        room: Some(MAX_PAGE_BYTES),
        ..Ask::default()
    };
    let matches = |_place: &Place, user: &User| terms.match_user(search, user);
    let stretch = Walk(vec![segment]).collect(app, scope, &ask, matches).await?;
    let users = stretch.rows.into_iter().map(|row| row.user).collect();
    Ok((users, stretch.more_behind.map(|place| place.position)))
}

/// Reads every match under an index entry and sorts them here.
async fn sorted(
    app: &App,
    scope: &Scope,
    search: &Search,
    terms: &Terms,
    entry: IndexEntry,
    after: Option<String>,
) -> Result<Stretch> {
    let window = Window { descending: true, limit: MAX_SORTED, ..Window::default() };
    let Page { entries, has_more } =
        app.store.page(scope, &Partition::Indexed(entry), &window).await?;
    if has_more {
        let detail = format!(
            "more than {MAX_SORTED} users may match: narrow the search, or sort by created_at"
        );
        return Err(Error::body("/sort", detail));
    }
    let ids: Vec<UserId> = entries.into_iter().map(|(_, id)| id).collect();
    let batches = try_join_all(ids.chunks(100).map(|ids| app.store.users(scope, ids))).await?;
    let matching = batches.into_iter().flatten().filter(|user| terms.match_user(search, user));
    let mut placed: Vec<_> = matching.map(|user| (position(&user, search.order), user)).collect();
    placed.sort_by(|(left, _), (right, _)| directed(left, right, search.descending));
    if let Some(after) = after {
        placed.retain(|(position, _)| {
            directed(position, &after, search.descending) == Ordering::Greater
        });
    }
    let mut room = Some(MAX_PAGE_BYTES);
    let fits = |(_, user): &&(String, User)| take_room(&mut room, user);
    let fitting = placed.iter().take(search.limit).take_while(fits).count();
    let has_more = placed.len() > fitting;
    placed.truncate(fitting);
    let next = placed.last().filter(|_| has_more).map(|(position, _)| position.clone());
    Ok((placed.into_iter().map(|(_, user)| user).collect(), next))
}

fn seal_cursor(index: &IndexKey, terms: &Terms, position: &str) -> Result<String> {
    let sealed = index.seal_cursor(&terms.digest, position)?;
    Ok(format!("crs_{}", BASE64URL_NOPAD.encode(&sealed)))
}

fn open_cursor(index: &IndexKey, terms: &Terms, cursor: &str) -> Result<String> {
    let foreign = || Error::body("/cursor", "is not the next_cursor of a page of this very query");
    let sealed =
        cursor.strip_prefix("crs_").and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok());
    let opened =
        index.open_cursor(&terms.digest, &sealed.ok_or_else(foreign)?).map_err(|_| foreign())?;
    String::from_utf8(opened.to_vec()).map_err(|_| foreign())
}
