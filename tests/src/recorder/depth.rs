//! Counting round trips.

use std::time::Instant;

use super::Call;

/// How many round trips happened one after the other: the longest chain of calls in which each arrived after the one
/// before it had ended.
///
/// Why the figure is exact, and not a matter of luck:
///
/// - A call that needs another's answer cannot be sent before that answer was handed over, and [`Call::ended`] is taken
///   just before that. So dependent calls are always counted as two.
/// - Calls made without waiting for each other arrive within a moment. With
///   [`set_latency`](super::Recorder::set_latency) each answer is held for far longer than that moment (40 ms will do),
///   so every one of them has arrived before the first has ended, and they count as one. The hold comes after upstream
///   has answered, so it changes nothing about the order in which the server saw them.
///
/// Without a latency the figure can be too high (a fast answer to the first of two concurrent calls), never too low.
/// Calls of several recorders may be put together: the clock is the same.
pub fn depth(calls: &[Call]) -> usize {
    let mut spans: Vec<(Instant, Instant)> =
        calls.iter().map(|call| (call.ended, call.started)).collect();
    // The call that ends first leaves the most room for the rest: taking it each time gives the longest chain.
    spans.sort_unstable();
    let mut last = None;
    let mut depth = 0;
    for (ended, started) in spans {
        if last.is_none_or(|last| started >= last) {
            last = Some(ended);
            depth += 1;
        }
    }
    depth
}
