//! The producer's end of an edge: the credit it has, and the batch it fills.
//!
//! 1. The buffer never holds more than the credit.
//! 2. One terminal signal, after the data; none after a cancel.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::{Ask, Credit, Dispatch, Downstream, Link, Signal, Spare, Weight};
use crate::context::{Cause, discard_payload, panic_text};

#[derive(Debug)]
enum Output {
    Open,
    Ended,
    /// Boxed, so that the port is small.
    Cancelled(Box<Cause>),
}

/// The producer's end of an edge.
pub(crate) struct OutPort<T: Send + 'static> {
    down: Box<dyn Downstream<T>>,
    link: Arc<Link>,
    /// What the last message held the edge by, for the next one down.
    spare_link: Option<Arc<Link>>,
    credit: Credit,
    buffer: Vec<T>,
    spare: Spare<T>,
    /// The length of the largest batch so far.
    largest: usize,
    state: Output,
    emitted: u64,
    batches: u64,
    /// Where the edge is bounded by weight: what its items weigh.
    weight: Option<Box<Weight>>,
}

impl<T: Send + 'static> fmt::Debug for OutPort<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutPort")
            .field("state", &self.state)
            .field("credit", &self.credit)
            .field("emitted", &self.emitted)
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> OutPort<T> {
    pub(crate) fn new(down: Box<dyn Downstream<T>>, link: Arc<Link>) -> Self {
        let weight = link.max_weight().map(|most| Box::new(Weight::new(most)));
        Self {
            weight,
            down,
            link,
            spare_link: None,
            credit: Credit::default(),
            buffer: Vec::new(),
            spare: Spare::default(),
            largest: 0,
            state: Output::Open,
            emitted: 0,
            batches: 0,
        }
    }

    pub(crate) fn on(&mut self, ask: Ask<T>, link: Arc<Link>) {
        self.spare_link = Some(link);
        match ask {
            Ask::Request(grant, spare) => {
                self.credit.grant(grant.items);
                if let Some(weight) = &mut self.weight {
                    weight.credit(grant.freed);
                }
                self.spare.keep(spare);
            }
            Ask::Cancel(cause) => {
                if matches!(self.state, Output::Open) {
                    self.state = Output::Cancelled(Box::new(cause));
                    self.discard_buffer();
                }
            }
        }
    }

    /// How many items may be pushed now.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        let room = self.credit.available() - self.buffer.len();
        match &self.weight {
            None => room,
            // One at a time: what it weighs is known when it is made.
            Some(weight) => room.min(usize::from(!weight.is_full())),
        }
    }

    /// Adds an item to the batch; the caller has seen that there is room.
    #[inline]
    pub(crate) fn push(&mut self, item: T) {
        if self.buffer.len() == self.buffer.capacity() {
            self.grow(1);
        }
        self.buffer.push(item);
        self.weigh();
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
        self.weigh();
    }

    /// Weighs what was made; of an edge that is not bounded by weight, nothing.
    #[inline]
    fn weigh(&mut self) {
        if self.weight.is_some() {
            self.weigh_new();
        }
    }

    #[cold]
    fn weigh_new(&mut self) {
        let (Some(weight), Some((weigh, most))) = (
            &mut self.weight,
            self.link
                .terms::<T>()
                .and_then(|terms| terms.weight.as_ref()),
        ) else {
            return;
        };
        for item in self.buffer.iter().skip(weight.known()) {
            // Not a failure of the stage: the item is made, and can be sent by itself.
            let weighed = catch_unwind(AssertUnwindSafe(|| weigh(item)));
            weight.add(weighed.unwrap_or_else(|panic| {
                let text = panic_text(&*panic);
                log::error!("weighing an item panicked, it is sent by itself: {text}");
                discard_payload(panic);
                *most
            }));
        }
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
        let items = self.buffer.len() as u64;
        if items > 0 {
            self.link.counters.add_sent(items, 0);
            self.link.discard(&mut self.buffer);
            self.emitted += items;
        }
    }

    fn feed(&mut self, signal: Signal<T>, by: &mut Dispatch) {
        let link = self.spare_link.take();
        let link = link.unwrap_or_else(|| Arc::clone(&self.link));
        self.down.feed(link, signal, by);
    }

    fn end(&mut self, signal: Signal<T>, by: &mut Dispatch) {
        if self.is_open() {
            self.ship(by);
            self.state = Output::Ended;
            self.feed(signal, by);
        }
    }
}

/// What a stage does with an output, whatever its items are.
pub(crate) trait OutEnd {
    /// Sends what was pushed as one batch.
    fn ship(&mut self, by: &mut Dispatch);
    /// Sends what was pushed, and that no more comes.
    fn complete(&mut self, by: &mut Dispatch);
    /// Sends what was pushed, and that no more comes since a stage failed.
    fn fail(&mut self, cause: &Cause, by: &mut Dispatch);
    /// Drops what was pushed and not sent, counted as sent and discarded.
    fn discard(&mut self);
    /// Tells the reader, where it goes by that, that an item that came in has no output.
    fn skip(&mut self, by: &mut Dispatch) {
        let _ = by;
    }
    /// Whether an item waits for the weight of others to be given back: the end must wait too.
    fn is_pending(&self) -> bool {
        false
    }
    /// Items and batches sent so far.
    fn emitted(&self) -> (u64, u64);
}

impl<T: Send + 'static> OutEnd for OutPort<T> {
    #[inline]
    fn ship(&mut self, by: &mut Dispatch) {
        if self.buffer.is_empty() || !self.is_open() {
            return;
        }
        let rest = match &mut self.weight {
            None => Vec::new(),
            Some(weight) => {
                let (items, in_flight) = weight.ship();
                if items == 0 {
                    return;
                }
                self.link.counters.note_weight(in_flight as u64);
                self.buffer.split_off(items)
            }
        };
        let items = self.buffer.len();
        let in_flight = self.credit.spend(items);
        self.link.counters.add_sent(items as u64, in_flight as u64);
        self.emitted += items as u64;
        self.batches += 1;
        self.largest = self.largest.max(items);
        let mut next = self.spare.take();
        next.extend(rest);
        let batch = std::mem::replace(&mut self.buffer, next);
        self.feed(Signal::Batch(batch), by);
    }

    fn complete(&mut self, by: &mut Dispatch) {
        self.end(Signal::Completed, by);
    }

    fn fail(&mut self, cause: &Cause, by: &mut Dispatch) {
        self.end(Signal::Failed(cause.clone()), by);
    }

    fn discard(&mut self) {
        self.discard_buffer();
    }

    fn skip(&mut self, by: &mut Dispatch) {
        if self.link.marks_gaps() && self.is_open() {
            self.ship(by);
            self.feed(Signal::Batch(Vec::new()), by);
        }
    }

    fn is_pending(&self) -> bool {
        self.is_open() && self.weight.as_ref().is_some_and(|weight| weight.is_full())
    }

    fn emitted(&self) -> (u64, u64) {
        (self.emitted, self.batches)
    }
}

impl<T: Send + 'static> Drop for OutPort<T> {
    fn drop(&mut self) {
        self.discard_buffer();
    }
}
