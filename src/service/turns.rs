//! Who is stopped next and who is started next, as a function of who waits for it.
//!
//! 1. Children are numbered in the order in which they were started first.
//! 2. They stop one after the other, the last first; while one has to stop none is started.
//! 3. Where a failure concerns others, all of them wait until the last backoff is over.

use std::collections::BTreeSet;

use crate::supervise::Strategy;

#[derive(Debug, Default)]
pub(super) struct Turns {
    strategy: Strategy,
    leaving: BTreeSet<u64>,
    ready: BTreeSet<u64>,
}

impl Turns {
    pub(super) fn new(strategy: Strategy) -> Self {
        Self {
            strategy,
            ..Self::default()
        }
    }

    /// Whether the failure of one has another restarted.
    pub(super) fn reaches(&self, failed: u64, other: u64) -> bool {
        match self.strategy {
            Strategy::OneForOne => false,
            Strategy::RestForOne => other > failed,
            Strategy::OneForAll => other != failed,
        }
    }

    /// One is to be stopped, in its turn.
    pub(super) fn leave(&mut self, child: u64) {
        self.leaving.insert(child);
    }

    /// One is to be started, in its turn.
    pub(super) fn ready(&mut self, child: u64) {
        self.ready.insert(child);
    }

    /// One is down, and need not be waited for.
    pub(super) fn left(&mut self, child: u64) {
        self.leaving.remove(&child);
    }

    /// One will not come back.
    pub(super) fn forget(&mut self, child: u64) {
        self.leaving.remove(&child);
        self.ready.remove(&child);
    }

    /// The one whose turn it is to stop.
    pub(super) fn next_stop(&self) -> Option<u64> {
        self.leaving.last().copied()
    }

    /// The one whose turn it is to start, while others are or are not in their backoff.
    pub(super) fn next_start(&mut self, in_backoff: bool) -> Option<u64> {
        let held = !self.leaving.is_empty();
        let waits = in_backoff && self.strategy != Strategy::OneForOne;
        if held || waits {
            return None;
        }
        self.ready.pop_first()
    }

    /// The next to be started, out of turn.
    pub(super) fn take_ready(&mut self) -> Option<u64> {
        self.ready.pop_first()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(turns: &mut Turns, in_backoff: bool) -> Vec<u64> {
        std::iter::from_fn(|| turns.next_start(in_backoff)).collect()
    }

    #[test]
    fn r6_3_a_strategy_reaches_none_those_started_later_or_all() {
        let reached = |strategy| {
            let turns = Turns::new(strategy);
            (0..4).filter(|&n| turns.reaches(1, n)).collect::<Vec<_>>()
        };
        assert_eq!(reached(Strategy::OneForOne), []);
        assert_eq!(reached(Strategy::RestForOne), [2, 3]);
        assert_eq!(reached(Strategy::OneForAll), [0, 2, 3]);
    }

    #[test]
    fn the_last_stops_first_and_none_starts_meanwhile() {
        let mut turns = Turns::new(Strategy::OneForAll);
        turns.ready(1);
        turns.leave(0);
        turns.leave(2);
        assert_eq!(turns.next_stop(), Some(2));
        assert_eq!(starts(&mut turns, false), []);
        turns.left(2);
        turns.ready(2);
        assert_eq!(turns.next_stop(), Some(0));
        turns.left(0);
        turns.ready(0);
        assert_eq!(turns.next_stop(), None);
        assert_eq!(starts(&mut turns, true), []);
        assert_eq!(starts(&mut turns, false), [0, 1, 2]);
    }

    #[test]
    fn where_each_stands_for_itself_none_waits_for_the_backoff_of_another() {
        let mut turns = Turns::new(Strategy::OneForOne);
        turns.ready(1);
        assert_eq!(starts(&mut turns, true), [1]);
    }
}
