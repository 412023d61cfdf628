//! The consumer's end of an edge: a queue of batches, and the credit given for it.
//!
//! 1. Items leave the queue only as the next of the front batch: a panic in between leaves the rest
//!    whole and countable.
//! 2. Items taken are counted as the difference of the front batch's lengths, so that counting
//!    costs nothing per item.
//! 3. After the end, or after a cancel, late items are tolerated: dropped and counted.

use std::collections::VecDeque;
use std::fmt;
use std::iter;
use std::sync::Arc;
use std::vec;

use super::{Ask, Dispatch, Grant, Grants, Link, Signal, Spare, Upstream};
use crate::context::Cause;

/// The address and the shared half that a consumer needs of its producer.
pub(crate) struct UpLink<T> {
    pub(crate) address: Box<dyn Upstream<T>>,
    pub(crate) link: Arc<Link>,
}

#[derive(Debug)]
enum Input {
    Open,
    Completed,
    /// Boxed, so that the port is small where all goes well.
    Failed(Box<Cause>),
    Cancelled,
}

/// Which items are missing.
#[derive(Default)]
struct Gaps {
    /// Items that came in so far.
    arrived: u64,
    /// Behind how many of them one is missing.
    places: VecDeque<u64>,
}

/// The consumer's end of an edge.
pub(crate) struct InPort<T: Send + 'static> {
    /// The batch that items are taken from, and those behind it: no more than this one, mostly.
    batch: vec::IntoIter<T>,
    queue: VecDeque<vec::IntoIter<T>>,
    /// The batch's length when items were last counted.
    counted: usize,
    up: UpLink<T>,
    grants: Grants,
    /// An emptied buffer that goes back with the next request.
    spare: Spare<T>,
    /// What the last message held the edge by, for the next one up.
    spare_link: Option<Arc<Link>>,
    state: Input,
    taken: u64,
    /// Where the producer marks that items are missing: which are.
    gaps: Option<Box<Gaps>>,
    /// How an item is copied that may be needed again.
    copy: Option<fn(&T) -> T>,
}

impl<T: Send + 'static> fmt::Debug for InPort<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InPort")
            .field("state", &self.state)
            .field("grants", &self.grants)
            .field("taken", &self.taken)
            .finish_non_exhaustive()
    }
}

impl<T: Send + 'static> InPort<T> {
    pub(crate) fn new(up: UpLink<T>) -> Self {
        Self::limited(up, None)
    }

    /// A port that never asks for more than `limit` items in all.
    pub(crate) fn limited(up: UpLink<T>, limit: Option<u64>) -> Self {
        Self {
            batch: Vec::new().into_iter(),
            queue: VecDeque::new(),
            counted: 0,
            grants: Grants::new(up.link.window(), limit, up.link.max_weight().is_some()),
            copy: up.link.terms::<T>().and_then(|terms| terms.copy),
            gaps: up.link.marks_gaps().then(Box::default),
            up,
            spare: Spare::default(),
            spare_link: None,
            state: Input::Open,
            taken: 0,
        }
    }

    pub(crate) fn on(&mut self, signal: Signal<T>, link: Arc<Link>) {
        self.spare_link = Some(link);
        match (signal, &self.state) {
            // Nothing ships an empty batch but the mark of a gap.
            (Signal::Batch(items), Input::Open) if items.is_empty() => {
                if let Some(gaps) = &mut self.gaps {
                    gaps.places.push_back(gaps.arrived);
                }
            }
            (Signal::Batch(items), Input::Open) => {
                if let Some(gaps) = &mut self.gaps {
                    gaps.arrived += items.len() as u64;
                }
                self.grants.arrived();
                let batch = items.into_iter();
                if self.is_ready() {
                    self.queue.push_back(batch);
                } else {
                    self.go_on_with(batch);
                }
            }
            (Signal::Batch(mut late), _) => {
                self.up.link.discard(&mut late);
            }
            (Signal::Completed, Input::Open) => self.state = Input::Completed,
            (Signal::Failed(cause), Input::Open) => self.state = Input::Failed(Box::new(cause)),
            (Signal::Completed | Signal::Failed(_), _) => {}
        }
    }

    /// Goes on with the next batch, as that in work is used up.
    #[cold]
    fn advance(&mut self) {
        let next = self.queue.pop_front();
        self.go_on_with(next.unwrap_or_default());
    }

    /// Puts the next batch in the place of one that is used up.
    fn go_on_with(&mut self, next: vec::IntoIter<T>) {
        self.count_taken();
        self.counted = next.len();
        let emptied = std::mem::replace(&mut self.batch, next);
        self.spare.keep(buffer_of(emptied));
    }

    /// Gives the front batch away to be worked on, none if there is no item.
    #[inline]
    pub(crate) fn lend(&mut self) -> Option<vec::IntoIter<T>> {
        if self.batch.len() == 0 {
            self.advance();
        }
        (self.batch.len() > 0).then(|| std::mem::take(&mut self.batch))
    }

    /// Takes what is left of it back.
    #[inline]
    pub(crate) fn take_back(&mut self, batch: vec::IntoIter<T>) {
        self.batch = batch;
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<T> {
        let item = self.batch.next();
        if item.is_some() {
            return item;
        }
        self.advance();
        self.batch.next()
    }

    /// The item that a pop would give.
    pub(crate) fn peek(&self) -> Option<&T> {
        let first = self.batch.as_slice().first();
        first.or_else(|| self.queue.front()?.as_slice().first())
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.peek().is_some()
    }

    /// Whether the item that would be next is missing; asked once for each.
    pub(crate) fn take_gap(&mut self) -> bool {
        let taken = self.taken_by_now();
        let Some(gaps) = &mut self.gaps else {
            return false;
        };
        let missing = gaps.places.front() == Some(&taken);
        if missing {
            gaps.places.pop_front();
        }
        missing
    }

    /// How an item is copied that may be needed again.
    #[inline]
    pub(crate) fn copy(&self) -> Option<fn(&T) -> T> {
        self.copy
    }

    /// Gives up an item that it took, or what is known of it.
    pub(crate) fn give_up(&self, item: Option<T>, cause: Option<&Cause>) {
        self.up.link.give_up(item, cause);
    }

    /// Whether no item will ever come any more.
    pub(crate) fn is_drained(&self) -> bool {
        !matches!(self.state, Input::Open) && !self.is_ready()
    }

    /// The failure it ended with, once its items are used up.
    pub(crate) fn failure(&self) -> Option<&Cause> {
        match &self.state {
            Input::Failed(cause) if !self.is_ready() => Some(cause),
            _ => None,
        }
    }

    /// Gives credit back for items that left the queue for good.
    #[inline]
    pub(crate) fn credit(&mut self, items: usize) {
        self.grants.owe(items);
    }

    fn taken_by_now(&self) -> u64 {
        self.taken + (self.counted - self.batch.len()) as u64
    }

    fn count_taken(&mut self) {
        self.taken = self.taken_by_now();
        self.counted = self.batch.len();
    }

    /// Asks for items more.
    pub(crate) fn request(&mut self, grant: Grant, by: &mut Dispatch) {
        let ask = Ask::Request(grant, self.spare.take());
        self.ask(ask, by);
    }

    fn ask(&mut self, ask: Ask<T>, by: &mut Dispatch) {
        let link = self.spare_link.take();
        let link = link.unwrap_or_else(|| Arc::clone(&self.up.link));
        self.up.address.demand(link, ask, by);
    }

    fn discard_queue(&mut self) {
        self.count_taken();
        let batch = std::mem::take(&mut self.batch);
        self.counted = 0;
        for items in iter::once(batch).chain(self.queue.drain(..)) {
            if items.len() > 0 {
                self.up.link.discard(&mut items.collect());
            }
        }
        self.up.link.counters.store_received(self.taken);
    }
}

/// The buffer of a batch that is used up. The standard library collects into the memory of the items
/// that it reads, of which there are none left.
#[expect(
    clippy::map_identity,
    reason = "of a mapped batch alone all memory is kept"
)]
fn buffer_of<T>(batch: vec::IntoIter<T>) -> Vec<T> {
    batch.map(|item| item).collect()
}

/// What a stage does with an input, whatever its items are.
pub(crate) trait InEnd {
    /// Counts what was taken and asks for more where enough was given back.
    fn settle(&mut self, by: &mut Dispatch);
    /// Gives back all credit it owes; says whether it owed any.
    fn return_all(&mut self, by: &mut Dispatch) -> bool;
    /// Takes no more: drops the queue, and tells the producer unless it has ended.
    fn cancel(&mut self, cause: &Cause, by: &mut Dispatch);
    /// Drops the queue, and tells nobody: the whole flow ends.
    fn discard(&mut self);
    /// Items taken from the queue so far.
    fn taken(&self) -> u64;
}

impl<T: Send + 'static> InEnd for InPort<T> {
    fn settle(&mut self, by: &mut Dispatch) {
        self.count_taken();
        self.up.link.counters.store_received(self.taken);
        if matches!(self.state, Input::Open)
            && let Some(grant) = self.grants.due()
        {
            self.request(grant, by);
        }
    }

    fn return_all(&mut self, by: &mut Dispatch) -> bool {
        let owed = match self.state {
            Input::Open => self.grants.all(),
            _ => None,
        };
        if let Some(grant) = owed {
            self.request(grant, by);
        }
        owed.is_some()
    }

    fn cancel(&mut self, cause: &Cause, by: &mut Dispatch) {
        self.discard_queue();
        if matches!(self.state, Input::Open) {
            let ask = Ask::Cancel(cause.clone());
            self.ask(ask, by);
        }
        self.state = Input::Cancelled;
    }

    fn discard(&mut self) {
        self.discard_queue();
        self.state = Input::Cancelled;
    }

    fn taken(&self) -> u64 {
        self.taken
    }
}

impl<T: Send + 'static> Drop for InPort<T> {
    fn drop(&mut self) {
        self.discard_queue();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buffer_of_a_batch_that_is_used_up_is_kept() {
        let mut batch = Vec::with_capacity(64);
        batch.extend((0..40).map(Box::new));
        let memory = batch.as_ptr();
        let mut batch = batch.into_iter();
        batch.by_ref().for_each(drop);
        let buffer = buffer_of(batch);
        assert_eq!(
            (buffer.len(), buffer.capacity(), buffer.as_ptr()),
            (0, 64, memory)
        );
    }
}
