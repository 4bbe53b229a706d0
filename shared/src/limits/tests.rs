//! The limiter in a model: sandboxes side by side, each request with the time that its calls take, in virtual time.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    reason = "a model in virtual time, with numbers that are far from any end"
)]

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use super::*;
use crate::{domain::Timestamp, error::Throttled};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
/// How long a call of the table takes.
const CALL: i64 = 5;
const START: i64 = 1_764_208_800_000;

/// The item, as DynamoDB changes it.
fn apply(item: &mut Window, change: &Change) -> bool {
    if item.taken != 0 && item.taken >= change.bound {
        return false;
    }
    item.taken += change.taken;
    for (slice, permits) in &change.slices {
        *item.slices.entry(*slice).or_default() += permits;
    }
    item.slices.retain(|slice, _| !change.old_slices.contains(slice));
    item.blocks.retain(|block, _| !change.old_blocks.contains(block));
    item.blocks.extend(change.block);
    true
}

/// One sandbox: its clock, what it knows, and what it is busy with.
#[derive(Default)]
struct Sandbox {
    ahead: i64,
    held: Held,
    waiting: VecDeque<i64>,
    busy: bool,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Asked,
    Looked,
    Planned,
}

#[derive(Default)]
struct Model {
    limit: u32,
    item: Window,
    sandboxes: Vec<Sandbox>,
    events: BinaryHeap<Reverse<(i64, usize, Event)>>,
    changes: std::collections::HashMap<usize, Change>,
    answered: Vec<i64>,
    /// When permits were taken of the item.
    taken: Vec<i64>,
    refused: Vec<(i64, Throttled)>,
    reads: usize,
    writes: usize,
    ids: u32,
}

impl Model {
    fn new(limit: u32, sandboxes: usize) -> Self {
        let sandboxes = (0..sandboxes).map(|_| Sandbox::default()).collect();
        Self { limit, sandboxes, ..Self::default() }
    }

    /// A request of a sandbox, so long after the start.
    fn ask(&mut self, sandbox: usize, at: i64) {
        self.events.push(Reverse((START + at, sandbox, Event::Asked)));
    }

    fn run(&mut self) {
        while let Some(Reverse((time, number, event))) = self.events.pop() {
            let sandbox = &mut self.sandboxes[number];
            let now = Timestamp::from_unix_millis(time + sandbox.ahead);
            match event {
                // One request at a time, as in Lambda.
                Event::Asked if sandbox.busy => sandbox.waiting.push_back(time),
                Event::Asked => match sandbox.held.at_hand(now) {
                    Some(Ok(())) => self.answered.push(time),
                    Some(Err(throttled)) => self.refused.push((time, throttled)),
                    None => {
                        sandbox.busy = true;
                        let look = sandbox.held.must_look(self.limit, now);
                        let next = if look { Event::Looked } else { Event::Planned };
                        let after = if look { CALL } else { 0 };
                        self.events.push(Reverse((time + after, number, next)));
                    }
                },
                Event::Looked => {
                    self.reads += 1;
                    sandbox.held.look(self.item.clone(), now);
                    self.events.push(Reverse((time, number, Event::Planned)));
                }
                Event::Planned => {
                    if let Some(change) = self.changes.remove(&number) {
                        self.writes += 1;
                        let written = apply(&mut self.item, &change);
                        let item = self.item.clone();
                        if written {
                            sandbox.held.took(self.limit, &change, item);
                            self.answered.push(time);
                            self.taken.push(time);
                        } else {
                            let throttled = sandbox.held.refused(self.limit, item, now);
                            self.refused.push((time, throttled));
                        }
                        self.done(time, number);
                        continue;
                    }
                    self.ids += 1;
                    match sandbox.held.plan(self.limit, now, self.ids) {
                        Ok(change) => {
                            self.changes.insert(number, change);
                            self.events.push(Reverse((time + CALL, number, Event::Planned)));
                        }
                        Err(throttled) => {
                            self.refused.push((time, throttled));
                            self.done(time, number);
                        }
                    }
                }
            }
        }
        self.answered.sort_unstable();
        self.refused.sort_unstable_by_key(|(at, _)| *at);
    }

    fn done(&mut self, time: i64, number: usize) {
        let sandbox = &mut self.sandboxes[number];
        sandbox.busy = false;
        if sandbox.waiting.pop_front().is_some() {
            self.events.push(Reverse((time, number, Event::Asked)));
        }
    }

    /// How many were answered from `from` on, for so long.
    fn answered_within(&self, from: i64, long: i64) -> i64 {
        let before = |at: i64| self.answered.partition_point(|answered| *answered < at);
        i64::try_from(before(from + long) - before(from)).unwrap()
    }

    /// Never more than 105 % in any `minute`; no refusal while fewer than 95 % were answered in the minute before it, with
    /// the second for clocks that differ.
    #[track_caller]
    fn keeps_the_limit(&self, minute: i64) {
        let limit = i64::from(self.limit);
        for at in &self.answered {
            let within = self.answered_within(*at, minute);
            assert!(within * 100 <= limit * 105, "{within} of {limit} from {} ms", at - START);
        }
        let lag = 2 * SECOND;
        for (at, _) in &self.refused {
            let before = self.answered_within(at - MINUTE - lag, MINUTE + lag + 1);
            assert!(before * 100 >= limit * 95, "refused after {before}, at {} ms", at - START);
        }
    }

    /// When who was refused is told to come back, give or take two seconds, there is a permit to be had. Until then there are
    /// no others than what somebody has left or gives back.
    #[track_caller]
    fn tells_when_to_come_back(&self, end: i64) {
        let before = |at: i64| self.taken.partition_point(|taken| *taken < at);
        for (at, throttled) in &self.refused {
            let told = at + i64::try_from(throttled.retry_after.as_millis()).unwrap();
            if told > START + end - 2 * SECOND {
                continue;
            }
            assert!(before(told + 2 * SECOND) > before(told - 2 * SECOND), "told {}", told - START);
            let early = self.answered_within(*at + 1, (told - 2 * SECOND - at).max(0));
            assert!(early * 20 <= i64::from(self.limit), "{early} before {}", told - START);
        }
    }
}

#[test]
fn fresh_sandboxes_at_once_are_answered_to_the_limit_and_not_beyond() {
    for limit in [300_u32, 600] {
        for sandboxes in [1, 10, 50, 200] {
            let mut model = Model::new(limit, sandboxes);
            // Everybody at once, and then ten times a second each but not in step, for two and a half minutes.
            for sandbox in 0..sandboxes {
                let own = i64::try_from(sandbox * 37 % 100).unwrap();
                let every = if sandboxes == 1 { 20 } else { 200 };
                for number in 0..150 * SECOND / every {
                    model.ask(sandbox, if number == 0 { 0 } else { own + number * every });
                }
            }
            model.run();
            let first = model.answered_within(START, MINUTE);
            let limit = i64::from(limit);
            assert!((limit * 95..=limit * 105).contains(&(first * 100)), "{sandboxes}: {first}");
            model.keeps_the_limit(MINUTE);
            model.tells_when_to_come_back(150 * SECOND);
            let requests = model.answered.len() + model.refused.len();
            assert!(model.writes <= requests, "{} writes for {requests}", model.writes);
        }
    }
}

/// Each request starts a sandbox, which is never asked again.
#[test]
fn sandboxes_that_serve_one_request_each() {
    for every in [1, 20, 100] {
        let requests = 700_usize;
        let mut model = Model::new(300, requests);
        for number in 0..requests {
            model.ask(number, i64::try_from(number).unwrap() * every);
        }
        model.run();
        assert_eq!(model.answered.len() + model.refused.len(), requests);
        assert_eq!(model.answered_within(START, MINUTE), 300);
        assert!(model.writes <= requests && model.writes < 300 + 100, "{}", model.writes);
        model.keeps_the_limit(MINUTE);
    }
}

#[test]
fn one_warm_sandbox_writes_for_a_tenth_of_its_requests_at_most() {
    for (limit, every) in [(300, 250), (300, 500), (300, 1_000), (600, 110), (600, 500)] {
        let mut model = Model::new(limit, 1);
        let requests = 10 * MINUTE / every;
        for number in 0..requests {
            model.ask(0, number * every);
        }
        model.run();
        assert!(model.refused.is_empty(), "{limit} every {every} ms: {:?}", model.refused[0]);
        let requests = usize::try_from(requests).unwrap();
        assert!(model.writes * 10 <= requests + 30, "{} writes for {requests}", model.writes);
        assert!(model.reads * 10 <= requests, "{} reads for {requests}", model.reads);
    }
}

/// What is taken in bursts, by other sandboxes each time, which keep what they have not used.
#[test]
fn what_is_left_unused_is_little() {
    let mut model = Model::new(300, 60);
    for burst in 0..60 {
        for number in 0..25 {
            model.ask(burst, i64::try_from(burst).unwrap() * 3 * SECOND + number * 30);
        }
    }
    model.run();
    assert!(!model.refused.is_empty());
    model.keeps_the_limit(MINUTE);
}

#[test]
fn clocks_may_be_a_second_apart() {
    for sandboxes in [10, 200] {
        let mut model = Model::new(300, sandboxes);
        for sandbox in 0..sandboxes {
            model.sandboxes[sandbox].ahead = i64::try_from(sandbox % 11).unwrap() * 100 - 500;
            for number in 0..600 {
                model.ask(sandbox, i64::try_from(sandbox * 13 % 200).unwrap() + number * 200);
            }
        }
        model.run();
        let first = model.answered_within(START, MINUTE);
        assert!((285..=315).contains(&first), "{first}");
        model.keeps_the_limit(MINUTE);
    }
}

#[test]
fn a_frozen_sandbox_and_one_whose_clock_was_set_back_know_nothing() {
    for jump in [30 * MINUTE, -30 * MINUTE] {
        let mut model = Model::new(300, 1);
        for number in 0..400 {
            model.ask(0, number * 10);
        }
        model.run();
        assert_eq!(model.answered.len(), 300);
        model.sandboxes[0].ahead = jump;
        model.ask(0, 5 * SECOND);
        let (reads, refused) = (model.reads, model.refused.len());
        model.run();
        assert_eq!(model.reads, reads + 1, "it has looked");
        // By a clock that was set back all of them are still to come, and count.
        assert_eq!(model.refused.len() - refused, usize::from(jump < 0));
    }
}

#[test]
fn a_limit_of_none_asks_nobody() {
    let mut model = Model::new(0, 1);
    model.ask(0, 0);
    model.run();
    assert_eq!((model.reads, model.writes, model.refused.len()), (0, 0, 1));
}
