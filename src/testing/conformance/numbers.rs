//! What a part that is checked is fed with.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures::task::AtomicWaker;

use super::super::{Census, Tracked};

/// How many turns the other task has in vain before it rests; more than tokio lets tasks have before
/// it looks at those that have yielded.
const PATIENCE: u64 = 100;

/// How many of slow numbers are slow.
const SLOW: u64 = 500;

/// What is known of numbers, wherever they are.
#[derive(Debug, Default)]
struct Taken {
    taken: AtomicU64,
    /// Counts the turns that others had.
    turns: AtomicU64,
    turn: AtomicU64,
    in_turn: AtomicU64,
    most_in_turn: AtomicU64,
    /// The other task, where it rests.
    other: AtomicWaker,
    dropped: AtomicBool,
}

/// `Numbers` is the iterator that a source under check makes its items of: 0, 1, 2 and so on, each a
/// [`Tracked`] value.
///
/// It sees how many were taken, and when, and that it is dropped.
#[derive(Debug)]
pub struct Numbers {
    next: u64,
    end: u64,
    slow: Duration,
    census: Census,
    taken: Arc<Taken>,
}

impl Iterator for Numbers {
    type Item = Tracked<u64>;

    fn next(&mut self) -> Option<Tracked<u64>> {
        if self.next == self.end {
            return None;
        }
        let begun = Instant::now();
        while self.next < SLOW && begun.elapsed() < self.slow {
            std::hint::spin_loop();
        }
        self.next += 1;
        self.taken.note();
        Some(self.census.track(self.next - 1))
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        self.taken.dropped.store(true, SeqCst);
    }
}

impl Taken {
    fn note(&self) {
        self.taken.fetch_add(1, SeqCst);
        let turn = self.turns.load(SeqCst);
        if self.turn.swap(turn, SeqCst) != turn {
            self.in_turn.store(0, SeqCst);
        }
        let in_turn = self.in_turn.fetch_add(1, SeqCst) + 1;
        self.most_in_turn.fetch_max(in_turn, SeqCst);
        self.other.wake();
    }
}

/// The other side of numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    census: Census,
    taken: Arc<Taken>,
}

impl Ledger {
    pub(super) fn numbers(&self, end: u64) -> Numbers {
        Numbers {
            next: 0,
            end,
            slow: Duration::ZERO,
            census: self.census.clone(),
            taken: Arc::clone(&self.taken),
        }
    }

    /// Numbers the first 500 of which take a while to make, in which the thread is busy.
    pub(super) fn slow_numbers(&self, end: u64) -> Numbers {
        let mut numbers = self.numbers(end);
        numbers.slow = Duration::from_micros(300);
        numbers
    }

    pub(super) fn taken(&self) -> u64 {
        self.taken.taken.load(SeqCst)
    }

    pub(super) fn is_dropped(&self) -> bool {
        self.taken.dropped.load(SeqCst)
    }

    pub(super) fn alive(&self) -> u64 {
        self.census.alive()
    }

    /// A task that stands in one line with whoever takes numbers, and notes its turns. It rests where
    /// none are taken, so that a clock that is paused can move.
    pub(super) fn other_task(&self) -> impl Future<Output = ()> + 'static {
        let taken = Arc::clone(&self.taken);
        let (mut seen, mut in_vain) = (0, 0);
        poll_fn(move |cx| {
            taken.turns.fetch_add(1, SeqCst);
            // Registered first: what is taken after the look wakes.
            taken.other.register(cx.waker());
            let now = taken.taken.load(SeqCst);
            in_vain = if now == seen { in_vain + 1 } else { 0 };
            seen = now;
            if in_vain < PATIENCE {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        })
    }

    /// The most that were taken without a turn of others in between.
    pub(super) fn most_in_turn(&self) -> u64 {
        self.taken.most_in_turn.load(SeqCst)
    }
}
