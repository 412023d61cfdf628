//! The producer's end of an edge: the credit it has, and the batch it fills.
//!
//! 1. The buffer never holds more than the credit.
//! 2. One terminal signal, after the data; none after a cancel.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::{Ask, Credit, Downstream, Link, SPARES, Signal};
use crate::context::{Cause, drop_each};

#[derive(Debug)]
enum Output {
    Open,
    Ended,
    Cancelled(Cause),
}

/// The producer's end of an edge.
pub(crate) struct OutPort<T> {
    down: Box<dyn Downstream<T>>,
    link: Arc<Link>,
    credit: Credit,
    buffer: Vec<T>,
    spares: Vec<Vec<T>>,
    /// The length of the largest batch so far.
    largest: usize,
    state: Output,
    emitted: u64,
    batches: u64,
}

impl<T> fmt::Debug for OutPort<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutPort")
            .field("state", &self.state)
            .field("credit", &self.credit)
            .field("emitted", &self.emitted)
            .finish_non_exhaustive()
    }
}

impl<T> OutPort<T> {
    pub(crate) fn new(down: Box<dyn Downstream<T>>, link: Arc<Link>) -> Self {
        Self {
            down,
            link,
            credit: Credit::default(),
            buffer: Vec::new(),
            spares: Vec::new(),
            largest: 0,
            state: Output::Open,
            emitted: 0,
            batches: 0,
        }
    }

    pub(crate) fn on(&mut self, ask: Ask<T>) {
        match ask {
            Ask::Request(items, spare) => {
                self.credit.grant(items);
                if self.spares.len() < SPARES {
                    self.spares.extend(spare);
                }
            }
            Ask::Cancel(cause) => {
                if matches!(self.state, Output::Open) {
                    self.state = Output::Cancelled(cause);
                    self.discard_buffer();
                }
            }
        }
    }

    /// How many items may be pushed now.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.credit.available() - self.buffer.len()
    }

    /// Adds an item to the batch; the caller has seen that there is room.
    #[inline]
    pub(crate) fn push(&mut self, item: T) {
        if self.buffer.len() == self.buffer.capacity() {
            self.grow(1);
        }
        self.buffer.push(item);
    }

    /// Makes a buffer as large as the largest batch so far at once, not by steps.
    #[cold]
    fn grow(&mut self, items: usize) {
        let usual = self.largest.saturating_sub(self.buffer.len());
        self.buffer.reserve(usual.max(items));
    }

    /// Gives the batch away to be filled, with space for `items` more; there is room for these.
    #[inline]
    pub(crate) fn lend(&mut self, items: usize) -> Vec<T> {
        if self.buffer.capacity() - self.buffer.len() < items {
            self.grow(items);
        }
        std::mem::take(&mut self.buffer)
    }

    /// Takes the batch back.
    #[inline]
    pub(crate) fn take_back(&mut self, batch: Vec<T>) {
        self.buffer = batch;
    }

    /// Whether its consumer has not started yet.
    pub(crate) fn is_awaited(&self) -> bool {
        self.is_open() && !self.credit.is_granted()
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, Output::Open)
    }

    /// Why the reader left, where it did.
    pub(crate) fn cancelled(&self) -> Option<&Cause> {
        match &self.state {
            Output::Cancelled(cause) => Some(cause),
            _ => None,
        }
    }

    fn discard_buffer(&mut self) {
        let dropped = drop_each(&mut self.buffer);
        if dropped > 0 {
            self.link.counters.add_sent(dropped, 0);
            self.link.counters.add_discarded(dropped);
            self.emitted += dropped;
        }
    }

    fn end(&mut self, signal: Signal<T>, now: Instant) {
        if self.is_open() {
            self.ship(now);
            self.state = Output::Ended;
            self.down.feed(&self.link, signal, now);
        }
    }
}

/// What a stage does with an output, whatever its items are.
pub(crate) trait OutEnd {
    /// Sends what was pushed as one batch.
    fn ship(&mut self, now: Instant);
    /// Sends what was pushed, and that no more comes.
    fn complete(&mut self, now: Instant);
    /// Sends what was pushed, and that no more comes since a stage failed.
    fn fail(&mut self, cause: &Cause, now: Instant);
    /// Drops what was pushed and not sent, counted as sent and discarded.
    fn discard(&mut self);
    /// Items and batches sent so far.
    fn emitted(&self) -> (u64, u64);
}

impl<T> OutEnd for OutPort<T> {
    #[inline]
    fn ship(&mut self, now: Instant) {
        let items = self.buffer.len();
        if items == 0 || !self.is_open() {
            return;
        }
        let in_flight = self.credit.spend(items);
        self.link.counters.add_sent(items as u64, in_flight as u64);
        self.emitted += items as u64;
        self.batches += 1;
        self.largest = self.largest.max(items);
        let next = self.spares.pop().unwrap_or_default();
        let batch = std::mem::replace(&mut self.buffer, next);
        self.down.feed(&self.link, Signal::Batch(batch), now);
    }

    fn complete(&mut self, now: Instant) {
        self.end(Signal::Completed, now);
    }

    fn fail(&mut self, cause: &Cause, now: Instant) {
        self.end(Signal::Failed(cause.clone()), now);
    }

    fn discard(&mut self) {
        self.discard_buffer();
    }

    fn emitted(&self) -> (u64, u64) {
        (self.emitted, self.batches)
    }
}

impl<T> Drop for OutPort<T> {
    fn drop(&mut self) {
        self.discard_buffer();
    }
}
