//! What is trusted for a while, and then no longer.
//!
//! An age is measured with the wall clock that is handed in ([`Clock`]), when the value is asked for: a sandbox may have
//! been frozen in between, and no timer runs meanwhile. A clock that was set back tells no age at all, so that what is
//! younger than nothing has expired.

use std::{
    borrow::Borrow,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::{future::Cache, ops::compute::Op};

use crate::{clock::Clock, domain::Timestamp};

/// How long, and how often, a value is trusted before it is had anew.
#[derive(Debug, Clone, Copy)]
pub struct Lifetime {
    /// The age at which it has expired.
    pub max_age: Duration,
    /// The greatest number of uses.
    pub max_uses: u64,
}

impl Lifetime {
    /// So long, however often.
    pub const fn of(max_age: Duration) -> Self {
        Self { max_age, max_uses: u64::MAX }
    }
}

/// A value with its lifetime.
#[derive(Debug)]
pub struct Expiring<T> {
    value: T,
    since: Timestamp,
    until: Timestamp,
    uses_left: AtomicU64,
}

impl<T> Expiring<T> {
    /// A value that was true at `since`: where it is fetched, when it was asked for.
    pub fn new(value: T, since: Timestamp, lifetime: Lifetime) -> Self {
        let age = i64::try_from(lifetime.max_age.as_millis()).unwrap_or(i64::MAX);
        let until = Timestamp::from_unix_millis(since.unix_millis().saturating_add(age));
        Self { value, since, until, uses_left: AtomicU64::new(lifetime.max_uses) }
    }

    /// The value, where it has not expired. Counts as a use.
    pub fn get(&self, now: Timestamp) -> Option<&T> {
        if now < self.since || now >= self.until {
            return None;
        }
        let one_less = |left: u64| left.checked_sub(1);
        let used = self.uses_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
        used.is_ok().then_some(&self.value)
    }
}

/// Expiring values by key, as many as there is room for.
pub struct ExpiringCache<K, V> {
    entries: Cache<K, Arc<Expiring<V>>>,
    lifetime: Lifetime,
    clock: Clock,
}

impl<K, V> std::fmt::Debug for ExpiringCache<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ExpiringCache({:?})", self.lifetime)
    }
}

impl<K, V> ExpiringCache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// An empty cache.
    pub fn new(capacity: u64, lifetime: Lifetime, clock: Clock) -> Self {
        // The cache's own timer stands still while the sandbox does. It promises nothing; it frees the memory of what nobody
        // asks for any more.
        let entries = Cache::builder().max_capacity(capacity).time_to_live(lifetime.max_age);
        Self { entries: entries.build(), lifetime, clock }
    }

    /// The value of `key`, where there is one that has not expired.
    pub async fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let found = self.entries.get(key).await?;
        found.get(self.clock.now()).cloned()
    }

    /// Keeps a value that was true at `since`.
    pub async fn insert(&self, key: K, value: V, since: Timestamp) {
        self.entries.insert(key, Arc::new(Expiring::new(value, since, self.lifetime))).await;
    }

    /// Drops the value of `key`.
    pub async fn forget<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.entries.invalidate(key).await;
    }

    /// The value of `key`, fetched where there is none that has not expired: by one, however many ask at once.
    pub async fn get_or_fetch<E, F>(&self, key: &K, fetch: impl Fn() -> F) -> Result<V, E>
    where
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<V, E>>,
    {
        loop {
            let mut fetched = false;
            let load = async {
                fetched = true;
                let since = self.clock.now();
                Ok(Arc::new(Expiring::new(fetch().await?, since, self.lifetime)))
            };
            let found = self.entries.try_get_with(key.clone(), load).await;
            let found = found.map_err(|error: Arc<E>| E::clone(&error))?;
            // Read after the value was found: before, it could be younger than nothing.
            if let Some(value) = found.get(self.clock.now()) {
                return Ok(value.clone());
            }
            if fetched {
                return Ok(found.value.clone());
            }
            self.drop_expired(key, &found).await;
        }
    }

    /// Drops an entry, unless somebody has put another in its place.
    async fn drop_expired(&self, key: &K, expired: &Arc<Expiring<V>>) {
        let entry = self.entries.entry(key.clone());
        let drop_it = |found: Option<moka::Entry<K, Arc<Expiring<V>>>>| {
            let same = found.is_some_and(|found| Arc::ptr_eq(found.value(), expired));
            std::future::ready(if same { Op::Remove } else { Op::Nop })
        };
        entry.and_compute_with(drop_it).await;
    }
}

#[cfg(test)]
mod tests;
