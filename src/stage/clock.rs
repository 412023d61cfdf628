//! How long a turn lasts: about 100 µs, found out with few looks at the clock.
//!
//! The clock is read after 1, 2, 4 ... at most 256 items, and after 1024 where 256 are nothing; after an
//! overrun it starts again at 1, so that slow items are shipped one by one.
//!
//! What a stage that has an arbiter of its own ships wakes a thread, which costs as much as a short item,
//! and nobody else waits there for it to yield. Where its items are short its turn goes on until it has done
//! as many as it is said to, at most 500 µs; one that takes a turn is shipped by itself there too.

use std::time::Duration;

use super::schedule;
use crate::report::Moment;

const TURN: Duration = Duration::from_micros(100);
/// How long it is where few items were done.
const LONG_TURN: Duration = Duration::from_micros(500);
const MOST_UNSEEN: u32 = 256;
/// For items of which `MOST_UNSEEN` take less than `NOTHING`: a look costs as much as several of them.
const MOST_UNSEEN_FAST: u32 = 1024;
const NOTHING: Duration = Duration::from_micros(3);

#[derive(Debug)]
pub(crate) struct Clock {
    /// How many items are few for a turn.
    few: u32,
    start: Moment,
    /// The last look.
    looked: Moment,
    done: usize,
    next: usize,
    step: u32,
}

impl Clock {
    pub(crate) fn new(now: Moment, few: usize) -> Self {
        Self {
            few: u32::try_from(few).unwrap_or(u32::MAX),
            start: now,
            looked: now,
            done: 0,
            next: 1,
            step: 1,
        }
    }

    /// Begins a turn.
    pub(crate) fn begin(&mut self, now: Moment) {
        self.start = now;
        self.looked = now;
        self.done = 0;
        self.next = self.step as usize;
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
        let drawn = schedule::ends_turn();
        // A run by a seed is the same however long it takes.
        let now = if drawn.is_some() { self.start } else { now };
        let long = now > self.start + TURN;
        let few = (2..self.few as usize).contains(&self.done) && now <= self.start + LONG_TURN;
        if drawn.unwrap_or(long && !few) {
            self.step = 1;
            return true;
        }
        let fast = now < self.looked + NOTHING;
        let most = if fast { MOST_UNSEEN_FAST } else { MOST_UNSEEN };
        self.step = if long { 1 } else { (self.step * 2).min(most) };
        self.looked = now;
        self.next = self.done + self.step as usize;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_rare_for_fast_items_and_start_again_after_an_overrun() {
        let start = Moment::now();
        let mut clock = Clock::new(start, 0);
        clock.begin(start);
        let mut now = start;
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 256] {
            assert_eq!(clock.left(), expected);
            clock.done += expected;
            now = now + NOTHING;
            assert!(!clock.look(now));
        }
        clock.done += 256;
        assert!(clock.look(start + TURN * 2));
        clock.begin(start);
        assert_eq!(clock.left(), 1);
    }

    #[test]
    fn a_turn_with_few_items_is_longer() {
        let start = Moment::now();
        let mut clock = Clock::new(start, 5);
        let looks = |clock: &mut Clock, after: &[Duration]| -> Vec<(usize, bool)> {
            clock.begin(start);
            let looks = after.iter().map(|&after| {
                clock.done = clock.next;
                let over = clock.look(start + after);
                (clock.done, over)
            });
            looks.collect()
        };
        // As soon as it is as long as others each item is looked at.
        let short = [TURN / 2, TURN * 3 / 2, TURN * 2, TURN * 5 / 2];
        let expected = [(1, false), (3, false), (4, false), (5, true)];
        assert_eq!(looks(&mut clock, &short), expected);
        // Never longer than it may be, and not for one that takes a turn by itself.
        let slow = [TURN / 2, LONG_TURN * 2];
        assert_eq!(looks(&mut clock, &slow), [(1, false), (3, true)]);
        assert_eq!(looks(&mut clock, &[TURN * 2]), [(1, true)]);
    }

    #[cfg(feature = "testing")]
    #[test]
    fn by_a_seed_a_turn_is_the_same_however_long_it_takes() {
        let start = Moment::now();
        let looks = |each: Duration| -> Vec<(usize, bool)> {
            let _scheduled = schedule::Scheduled::by(7);
            let mut clock = Clock::new(start, 5);
            let mut now = start;
            let looks = (0..500).map(|_| {
                clock.done = clock.next;
                now = now + each;
                let over = clock.look(now);
                if over {
                    clock.begin(now);
                }
                (clock.left(), over)
            });
            looks.collect()
        };
        let expected = looks(Duration::ZERO);
        assert_eq!(looks(NOTHING * 2), expected);
        assert_eq!(looks(TURN * 2), expected);
        assert_eq!(looks(LONG_TURN * 2), expected);
    }

    #[test]
    fn looks_are_rarer_still_as_long_as_many_items_are_nothing() {
        let start = Moment::now();
        let mut clock = Clock::new(start, 0);
        clock.begin(start);
        for _ in 0..9 {
            clock.done = clock.next;
            assert!(!clock.look(start));
        }
        assert_eq!(clock.left(), 512);
        clock.done = clock.next;
        assert!(!clock.look(start));
        assert_eq!(clock.left(), 1024);
        clock.done = clock.next;
        assert!(!clock.look(start + NOTHING));
        assert_eq!(clock.left(), 256);
    }
}
