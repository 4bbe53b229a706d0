//! What the item of a window says, and what is to be written into it.

use std::collections::BTreeMap;

use crate::domain::Timestamp;

/// How long a permit counts, in milliseconds: the minute that is promised, and a second by which the clocks of sandboxes may
/// differ.
pub(crate) const COUNTS_MS: i64 = 61_000;

/// Permits that are taken one by one are counted by quarters of a second, in milliseconds.
const SLICE_MS: i64 = 250;

/// A block of permits in the item: when it was taken, in milliseconds since the epoch, and a random number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlockName {
    /// When.
    pub at: i64,
    /// Random.
    pub id: u32,
}

/// The item of a window as it was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// How many permits were ever taken, less those that were given back. It only means something beside the rest: what of it
    /// does not count any more is whatever the slices and the blocks do not say.
    pub taken: i64,
    /// The permits whose use is known, by the number of the quarter of a second since the epoch that they were taken in.
    pub slices: BTreeMap<i64, i64>,
    /// The permits of which only their sandbox knows whether they are used.
    pub blocks: BTreeMap<BlockName, i64>,
}

/// One write to a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When it is planned: when the caller was last here.
    pub at: Timestamp,
    /// It is refused where as many as this are taken.
    pub bound: i64,
    /// What is added to [`Window::taken`].
    pub taken: i64,
    /// What is added to slices.
    pub slices: BTreeMap<i64, i64>,
    /// A new block, and its permits.
    pub block: Option<(BlockName, i64)>,
    /// Slices that do not count any more.
    pub old_slices: Vec<i64>,
    /// Blocks that do not count any more, or whose use is known now.
    pub old_blocks: Vec<BlockName>,
}

/// The quarter of a second that a moment is in.
pub(super) const fn slice_of(at: i64) -> i64 {
    at.div_euclid(SLICE_MS)
}

/// When what was taken in a slice counts no more: a minute and a second after its end.
const fn slice_ends(slice: i64) -> i64 {
    slice.saturating_add(1).saturating_mul(SLICE_MS).saturating_add(COUNTS_MS)
}

impl BlockName {
    const fn ends(self) -> i64 {
        self.at.saturating_add(COUNTS_MS)
    }
}

impl Window {
    /// How many permits count.
    pub(super) fn counting(&self, now: i64) -> i64 {
        let slices = self.slices.iter().filter(|(slice, _)| now < slice_ends(**slice));
        let blocks = self.blocks.iter().filter(|(block, _)| now < block.ends());
        let counting = slices.map(|(_, n)| n).chain(blocks.map(|(_, n)| n));
        counting.fold(0, |sum: i64, n| sum.saturating_add(*n))
    }

    /// How many of [`Window::taken`] do not count any more. Nobody changes that part: what another sandbox takes meanwhile
    /// counts, and what one gives back still counts, too.
    pub(super) fn past(&self, now: i64) -> i64 {
        self.taken.saturating_sub(self.counting(now))
    }

    /// How many permits of blocks may be unused.
    pub(super) fn unsettled(&self, now: i64) -> i64 {
        let live = self.blocks.iter().filter(|(block, _)| now < block.ends());
        live.fold(0, |sum: i64, (_, n)| sum.saturating_add(n.saturating_sub(1)))
    }

    /// When fewer than `limit` count, in milliseconds since the epoch, if nobody takes any meanwhile.
    pub(super) fn free_at(&self, limit: i64, now: i64) -> i64 {
        let slices = self.slices.iter().map(|(slice, n)| (slice_ends(*slice), *n));
        let blocks = self.blocks.iter().map(|(block, n)| (block.ends(), *n));
        let mut ends: Vec<_> = slices.chain(blocks).filter(|(end, _)| now < *end).collect();
        ends.sort_unstable();
        let mut counting = self.counting(now);
        if counting < limit {
            return now;
        }
        for (end, n) in ends {
            counting = counting.saturating_sub(n);
            if counting < limit {
                return end;
            }
        }
        now.saturating_add(COUNTS_MS)
    }

    /// The slices and the blocks that do not count any more: the oldest first, at most as many as fit into one write.
    pub(super) fn outdated(&self, now: i64) -> (Vec<i64>, Vec<BlockName>) {
        /// An expression may have 4 KB.
        const MOST: usize = 100;
        let slices = self.slices.keys().copied().filter(|slice| now >= slice_ends(*slice));
        let blocks = self.blocks.keys().copied().filter(|block| now >= block.ends());
        (slices.take(MOST).collect(), blocks.take(MOST.div_euclid(2)).collect())
    }
}
