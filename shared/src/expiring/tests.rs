use std::sync::atomic::{AtomicI64, AtomicUsize};

use futures_util::future::join_all;

use super::*;

const MINUTE: Lifetime = Lifetime::of(Duration::from_mins(1));

fn at(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

#[test]
fn fresh_from_its_moment_to_its_age() {
    let value = Expiring::new("value", at(1_000), MINUTE);
    for (now, fresh) in
        [(999, false), (1_000, true), (60_999, true), (61_000, false), (i64::MAX, false)]
    {
        assert_eq!(value.get(at(now)).is_some(), fresh, "{now}");
    }
    let forever = Expiring::new((), at(i64::MAX), Lifetime::of(Duration::MAX));
    assert!(forever.get(at(0)).is_none());
}

#[test]
fn used_up_after_so_many_uses() {
    let value = Expiring::new("value", at(0), Lifetime { max_uses: 2, ..MINUTE });
    assert!(value.get(at(60_000)).is_none(), "what has expired costs no use");
    assert!(value.get(at(1)).is_some());
    assert!(value.get(at(2)).is_some());
    assert!(value.get(at(3)).is_none());
}

/// A cache, how often it has fetched, and what time it is.
struct Bench {
    cache: ExpiringCache<&'static str, usize>,
    fetches: AtomicUsize,
    now: Arc<AtomicI64>,
}

impl Bench {
    fn new(lifetime: Lifetime) -> Self {
        let now = Arc::new(AtomicI64::new(1_000_000));
        let clock = Clock::new({
            let now = Arc::clone(&now);
            move || at(now.load(Ordering::Relaxed))
        });
        Self { cache: ExpiringCache::new(10, lifetime, clock), fetches: AtomicUsize::new(0), now }
    }

    /// The number of the fetch that brought what is answered.
    async fn ask(&self) -> usize {
        let fetch = || async {
            tokio::task::yield_now().await;
            let earlier = self.fetches.fetch_add(1, Ordering::Relaxed);
            Ok::<_, ()>(earlier.saturating_add(1))
        };
        self.cache.get_or_fetch(&"key", fetch).await.unwrap()
    }

    fn pass(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn fetched_once_for_each_lifetime_however_many_ask() {
    let bench = Bench::new(MINUTE);
    for (pass, fetches) in [(0, 1), (59_999, 1), (1, 2), (30 * 60_000, 3), (-1, 4), (0, 4)] {
        bench.pass(pass);
        let answers = join_all((0..16).map(|_| bench.ask())).await;
        assert_eq!(answers, [fetches; 16], "{pass}");
    }
}

#[tokio::test]
async fn what_was_just_fetched_is_answered_even_if_it_is_never_kept() {
    for lifetime in [Lifetime::of(Duration::ZERO), Lifetime { max_uses: 0, ..MINUTE }] {
        let bench = Bench::new(lifetime);
        assert_eq!((bench.ask().await, bench.ask().await), (1, 2));
    }
}

#[tokio::test]
async fn a_failure_is_not_kept() {
    let bench = Bench::new(MINUTE);
    let failed = bench.cache.get_or_fetch(&"key", || async { Err("away") }).await;
    assert_eq!(failed, Err("away"));
    assert_eq!(bench.ask().await, 1);
}

#[tokio::test]
async fn what_is_put_in_expires_too() {
    let bench = Bench::new(MINUTE);
    bench.cache.insert("key", 7, at(1_000_000 - 59_999)).await;
    assert_eq!(bench.cache.get("key").await, Some(7));
    bench.pass(1);
    assert_eq!(bench.cache.get("key").await, None);
    bench.cache.insert("key", 8, at(1_000_001)).await;
    bench.cache.forget("key").await;
    assert_eq!(bench.cache.get("key").await, None);
}
