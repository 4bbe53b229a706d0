//! Listing users with filters: by their latest session, as Didit does (then those without one), or by creation; the latest
//! first.

use futures_util::future::try_join_all;
use time::Duration;

use super::{
    change::open_data_key,
    cursor::Cursor,
    walk::{Ask, COUNT_ROUNDS, PAGE_ROUNDS, Place, Row, Segment, Stretch, Walk},
};
use crate::{
    App,
    domain::{
        NameQuery, Scope, Status, Timestamp, User, UserId,
        field::{FieldId, FingerprintKind},
        value::Value,
    },
    error::{Error, Result},
    store::{EXTERNAL_ID_CHARS, IndexEntry, ListOrder, Partition},
    vault::{DataKey, Digest, Fingerprint, IndexKey},
};

/// How far matches are counted where they have to be looked at one by one.
pub const COUNT_CAP: usize = 100;

/// From when to when, both inclusive. Times are compared to the second, as Didit shows them, or to the millisecond.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// Not before.
    pub after: Option<Timestamp>,
    /// Not later.
    pub before: Option<Timestamp>,
    /// To the millisecond.
    pub exact: bool,
}

/// In which order, where no filter makes another one cheaper. The latest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By the latest session, then by creation.
    Session,
    /// By creation.
    Creation,
}

/// Where a page begins.
#[derive(Debug, Clone)]
pub enum Start {
    /// Behind so many users.
    Offset(usize),
    /// Where a cursor says.
    Cursor(String),
}

/// Whom to list: all that is given must be true.
#[derive(Debug)]
pub struct List {
    /// Any of these.
    pub statuses: Vec<Status>,
    /// A text: the beginning of the external id, words that begin words of the names, or an e-mail address or a phone
    /// number as a whole.
    pub search: Option<String>,
    /// ISO 3166-1 alpha-3.
    pub issuing_state: Option<String>,
    /// When they were made.
    pub created: Period,
    /// When they were last seen.
    pub last_activity: Period,
    /// In which order.
    pub order: Order,
    /// How far to count those that can be counted without a look at each; at least [`COUNT_CAP`].
    pub count_cap: usize,
    /// Where to begin.
    pub start: Start,
    /// How many.
    pub limit: usize,
}

/// A page of users, each with their data key where they have one.
#[derive(Debug)]
pub struct Listed {
    /// Those on the page.
    pub users: Vec<(User, Option<DataKey>)>,
    /// How many there are in all, counted as far as was asked for. Beyond [`COUNT_CAP`] a period that is exact is counted to
    /// the second.
    pub count: usize,
    /// Where the next page begins.
    pub next: Option<String>,
    /// Where the page before begins.
    pub previous: Option<String>,
}

/// Lists a page of users. Costs two round trips and what is on the page; an offset costs what it skips, in keys only.
pub async fn list_users(app: &App, scope: &Scope, list: &List) -> Result<Listed> {
    let index = app.keyring.index(scope).await?;
    let terms = Terms::of(list, &index);
    let digest = list.digest(&index);
    let walk = list.walk(&terms, &index);
    let matches = |place: &Place, user: &User| list.matches(&terms, place, user);
    let cursor = match &list.start {
        Start::Offset(_) => None,
        Start::Cursor(cursor) => Some(Cursor::open(cursor, &digest, &index)?),
    };
    let (start, backwards) = match (&list.start, &cursor) {
        (_, Some(cursor)) => (Some(cursor.place()), cursor.backwards),
        (Start::Offset(0) | Start::Cursor(_), None) => (None, false),
        (Start::Offset(count), None) => {
            let place = if list.needs_a_look() {
                walk.skip_matching(app, scope, *count, matches).await?
            } else {
                walk.skip(app, scope, *count).await?
            };
            // Where there is nobody to skip there is nobody behind.
            let Some(place) = place else { return Ok(Listed::empty()) };
            (Some(place), false)
        }
    };
    let from_the_beginning = start.is_none();
    let ask = Ask {
        start,
        backwards,
        limit: list.limit,
        rounds: PAGE_ROUNDS,
        peek: list.needs_a_look(),
        data_keys: true,
        ..Ask::default()
    };
    let page = walk.collect(app, scope, &ask, matches);
    let count = async {
        if let Some(cursor) = &cursor {
            // Counted for the first page, and carried along.
            Ok(cursor.count)
        } else if terms.tell_all(list) {
            walk.count_each_once(app, scope, COUNT_CAP).await
        } else if list.needs_a_look() {
            let ask = Ask { limit: COUNT_CAP, rounds: COUNT_ROUNDS, ..Ask::default() };
            let counted = walk.collect(app, scope, &ask, matches).await?.rows.len();
            let more = counted >= COUNT_CAP && list.count_cap > COUNT_CAP;
            if more { walk.count(app, scope, list.count_cap).await } else { Ok(counted) }
        } else {
            walk.count(app, scope, list.count_cap).await
        }
    };
    let (Stretch { mut rows, mut more_behind }, count) = futures_util::try_join!(page, count)?;
    if rows.len() > list.limit {
        rows.truncate(list.limit);
        more_behind = rows.last().map(|row| row.place.clone());
    }
    let (mut next, mut previous) = (more_behind, None);
    if backwards {
        rows.reverse();
        (next, previous) = (rows.last().map(|row| row.place.clone()), next);
    } else if !from_the_beginning {
        previous = rows.first().map(|row| row.place.clone());
    }
    let seal = |place: Option<Place>, backwards| {
        let cursor = place.map(|place| Cursor::new(place, backwards, count));
        cursor.map(|cursor| cursor.seal(&digest, &index)).transpose()
    };
    let (next, previous) = (seal(next, false)?, seal(previous, true)?);
    let users = rows.into_iter().map(|Row { user, data_key, .. }| async move {
        let data_key = match &data_key {
            Some(sealed) => Some(open_data_key(app, scope, user.id, sealed).await?),
            None => None,
        };
        Ok::<_, Error>((user, data_key))
    });
    Ok(Listed { users: try_join_all(users).await?, count, next, previous })
}

impl Listed {
    const fn empty() -> Self {
        Self { users: Vec::new(), count: 0, next: None, previous: None }
    }
}

/// The searched text in every sense that it has.
struct Terms {
    external_id: Option<String>,
    name: Option<NameQuery>,
    email: Option<Fingerprint>,
    phone: Option<Fingerprint>,
}

impl Terms {
    fn of(list: &List, index: &IndexKey) -> Self {
        let text = list.search.as_deref();
        let field = |id: &str, kind| {
            let value: Option<Value> = FieldId::parse(id).ok()?.value(text?).ok();
            value.map(|value| index.fingerprint(kind, &value))
        };
        Self {
            external_id: text.map(str::to_owned),
            name: text.and_then(NameQuery::parse),
            email: field("identity.email", FingerprintKind::Email),
            phone: field("identity.phone_number", FingerprintKind::Phone),
        }
    }

    /// Whether everybody who is found for them, and nobody else, matches the list: to count those takes no look at any.
    fn tell_all(&self, list: &List) -> bool {
        let all_statuses = list.statuses == [Status::Active, Status::Flagged, Status::Blocked];
        // A `#` ends the external id in a position, and what is too long is cut off there.
        let whole = self.external_id.as_deref().is_some_and(|start| {
            !start.contains('#') && start.chars().count() <= EXTERNAL_ID_CHARS
        });
        whole
            && all_statuses
            && self.name.as_ref().is_none_or(NameQuery::is_selector)
            && list.issuing_state.is_none()
            && list.created.is_open()
            && list.last_activity.is_open()
    }

    fn begins_external_id(&self, user: &User) -> bool {
        let start = self.external_id.as_deref();
        start.is_some_and(|start| {
            user.external_id.as_ref().is_some_and(|id| id.as_str().starts_with(start))
        })
    }

    fn match_user(&self, user: &User) -> bool {
        let fingerprints = &user.fingerprints;
        let named = |name: &NameQuery| {
            let names = user.display_name.iter().chain(user.plain.values());
            let names: Vec<&str> = names.map(String::as_str).collect();
            name.matches(&names.join(" "))
        };
        let has = |wanted: &Option<Fingerprint>, own: &Option<Fingerprint>| {
            wanted.is_some() && wanted == own
        };
        self.begins_external_id(user)
            || self.name.as_ref().is_some_and(named)
            || has(&self.email, &fingerprints.email)
            || has(&self.phone, &fingerprints.phone)
            || self.email.as_ref().is_some_and(|email| fingerprints.approved_emails.contains(email))
            || self.phone.as_ref().is_some_and(|phone| fingerprints.approved_phones.contains(phone))
    }
}

impl List {
    /// What stands for the query: everything but where it begins and how many.
    fn digest(&self, index: &IndexKey) -> Digest {
        index.query(&format!(
            "list {:?} {:?} {:?} {:?} {:?} {:?}",
            self.statuses,
            self.search,
            self.issuing_state,
            self.created,
            self.last_activity,
            self.order
        ))
    }

    /// Whether users have to be looked at to tell whether they match: the positions alone do not.
    fn needs_a_look(&self) -> bool {
        let narrowed = self.statuses != [Status::Active, Status::Flagged, Status::Blocked];
        let (by_creation, by_activity) = (!self.created.is_open(), !self.last_activity.is_open());
        self.search.is_some()
            || (self.issuing_state.is_some() && (narrowed || by_creation || by_activity))
            || (by_creation && by_activity)
            || (by_creation && self.created.exact)
    }

    fn matches(&self, terms: &Terms, place: &Place, user: &User) -> bool {
        // Whoever is found by the external id stands in the first segment and not in the second too.
        let once = place.segment == 0 || !terms.begins_external_id(user);
        once && self.statuses.contains(&user.status)
            && (self.search.is_none() || terms.match_user(user))
            && self.issuing_state.as_ref().is_none_or(|state| user.issuing_states.contains(state))
            && self.created.contains(user.created_at)
            && self.last_activity.contains(user.last_activity_at())
    }

    /// The cheapest way to everybody who can match.
    fn walk(&self, terms: &Terms, index: &IndexKey) -> Walk {
        let listed =
            |order| self.statuses.iter().map(|status| Partition::Listed(*status, order)).collect();
        let segment = |partitions, from, to| Segment { partitions, from, to, descending: true };
        if let Some(start) = &terms.external_id {
            let start: String = start.chars().take(EXTERNAL_ID_CHARS).collect();
            let end = format!("{start}{}", char::MAX);
            let by_external_id = Segment {
                descending: false,
                ..segment(listed(ListOrder::ExternalId), Some(start), Some(end))
            };
            let name = terms
                .name
                .as_ref()
                .map(|name| IndexEntry::NamePrefix(index.name_prefix(&name.selector())));
            let exact = |kind, value: &Option<Fingerprint>| {
                value.clone().map(|value| IndexEntry::Fingerprint(kind, value))
            };
            let email = exact(FingerprintKind::Email, &terms.email);
            let phone = exact(FingerprintKind::Phone, &terms.phone);
            let entries =
                name.into_iter().chain(email).chain(phone).map(Partition::Indexed).collect();
            return Walk(vec![by_external_id, segment(entries, None, None)]);
        }
        if let Some(state) = &self.issuing_state {
            let entry = Partition::Indexed(IndexEntry::IssuingState(state.clone()));
            return Walk(vec![segment(vec![entry], None, None)]);
        }
        // By the last activity goes first: it keeps the order of sessions.
        let by_creation = self.order == Order::Creation || !self.created.is_open();
        if by_creation && self.last_activity.is_open() {
            let (from, to) = self.created.ids();
            return Walk(vec![segment(listed(ListOrder::Created), from, to)]);
        }
        if self.last_activity.is_open() {
            return Walk(vec![segment(listed(ListOrder::Session), None, None)]);
        }
        let Period { after, before, .. } = self.last_activity;
        let millis = |at: Timestamp| format!("1{:015}", at.unix_millis().max(0));
        let from = after.map_or_else(|| "1".to_owned(), |after| millis(second_from(after)));
        let to = before.map_or_else(
            || "2".to_owned(),
            |before| format!("{}~", millis(second_of(before).plus(LAST_OF_SECOND))),
        );
        let with_session = segment(listed(ListOrder::Session), Some(from), Some(to));
        let (from, to) = self.last_activity.ids();
        let from = format!("0#{}", from.unwrap_or_default());
        let to = format!("0#{}", to.unwrap_or_else(|| "~".to_owned()));
        Walk(vec![with_session, segment(listed(ListOrder::Session), Some(from), Some(to))])
    }
}

/// The last millisecond of a second.
const LAST_OF_SECOND: Duration = Duration::milliseconds(999);

/// The beginning of the second that an instant is in: what is shown of it.
fn second_of(at: Timestamp) -> Timestamp {
    Timestamp::from_unix_millis(at.unix_seconds().saturating_mul(1000))
}

/// The first beginning of a second from an instant on.
fn second_from(at: Timestamp) -> Timestamp {
    second_of(at.plus(LAST_OF_SECOND))
}

impl Period {
    /// Whether it is all of time.
    const fn is_open(self) -> bool {
        self.after.is_none() && self.before.is_none()
    }

    /// Whether `at` is in it.
    pub fn contains(self, at: Timestamp) -> bool {
        let at = if self.exact { at } else { second_of(at) };
        self.after.is_none_or(|after| at >= after) && self.before.is_none_or(|before| at <= before)
    }

    /// The ids of users made in it, to the second: where it is exact, also of those who were made in the same second as
    /// its first or last moment, and not in it.
    fn ids(self) -> (Option<String>, Option<String>) {
        let id = |at, random| UserId::make(at, random).to_hex();
        let first = |after| if self.exact { second_of(after) } else { second_from(after) };
        let after = self.after.map(|after| id(first(after), [0; 8]));
        (after, self.before.map(|before| id(before, [0xff; 8])))
    }
}
