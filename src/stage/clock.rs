//! How long a turn lasts: about 100 µs, found out with few looks at the clock.
//!
//! The clock is read after 1, 2, 4 ... at most 256 items; after an overrun it starts again at 1,
//! so that slow items are shipped one by one.

use std::time::Duration;

use super::schedule;
use crate::report::Moment;

const TURN: Duration = Duration::from_micros(100);
const MOST_UNSEEN: usize = 256;

#[derive(Debug)]
pub(crate) struct Clock {
    start: Moment,
    done: usize,
    next: usize,
    step: usize,
}

impl Clock {
    pub(crate) fn new(now: Moment) -> Self {
        Self {
            start: now,
            done: 0,
            next: 1,
            step: 1,
        }
    }

    /// Begins a turn.
    pub(crate) fn begin(&mut self, now: Moment) {
        self.start = now;
        self.done = 0;
        self.next = self.step;
    }

    /// How many items may be done before the next look.
    #[inline]
    pub(crate) fn left(&self) -> usize {
        self.next - self.done
    }

    /// Notes items done, at most [`left`](Self::left); says whether the turn is over.
    #[inline]
    pub(crate) fn spend(&mut self, items: usize) -> bool {
        self.done += items;
        self.done >= self.next && self.look(Moment::now())
    }

    /// Whether a look found the turn over.
    pub(crate) fn is_over(&self) -> bool {
        self.done >= self.next
    }

    #[cold]
    fn look(&mut self, now: Moment) -> bool {
        if schedule::ends_turn().unwrap_or_else(|| now > self.start + TURN) {
            self.step = 1;
            return true;
        }
        self.step = (self.step * 2).min(MOST_UNSEEN);
        self.next = self.done + self.step;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_rare_for_fast_items_and_start_again_after_an_overrun() {
        let start = Moment::now();
        let mut clock = Clock::new(start);
        clock.begin(start);
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 256] {
            assert_eq!(clock.left(), expected);
            clock.done += expected;
            assert!(!clock.look(start));
        }
        clock.done += 256;
        assert!(clock.look(start + TURN * 2));
        clock.begin(start);
        assert_eq!(clock.left(), 1);
    }
}
