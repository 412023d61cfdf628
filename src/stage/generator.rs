//! The kernels of sources: items are made only when they were asked for.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::{Core, End, Held, Kernel, Outputs, Remake, Turn};
use crate::context::{BoxError, Cause};
use crate::edge::{InEnd, OutEnd, OutPort};
use crate::supervise::{Directive, Wait};

/// A source over an iterator.
pub(crate) struct Generator<I: Iterator<Item: Send + 'static>> {
    /// None only while it makes items.
    items: Option<I>,
    out: OutPort<I::Item>,
    ended: bool,
    remake: Option<Remake<I>>,
}

impl<I: Iterator<Item: Send + 'static>> Generator<I> {
    pub(crate) fn new(items: I, out: OutPort<I::Item>) -> Self {
        Self {
            items: Some(items),
            out,
            ended: false,
            remake: None,
        }
    }

    /// Makes items, at most so many; says how many.
    fn make(&mut self, core: &Core, most: usize) -> usize {
        // Out of their cells, as in the loop of a unary stage.
        let (mark, state, seen) = (core.context.mark(), &*core.state, core.seen);
        let mut stretch = Stretch::new(&mut self.out, most);
        let mut held = Held::of(&mut self.items);
        let mut made = 0;
        // The last condition always holds; it spares the push its own look.
        while made < most
            && !mark.is_set()
            && !state.is_marked_beyond(seen)
            && stretch.batch.len() < stretch.batch.capacity()
        {
            let Some(item) = held.value.as_mut().and_then(Iterator::next) else {
                self.ended = true;
                break;
            };
            stretch.batch.push(item);
            made += 1;
        }
        made
    }

    /// Says how the iterator is made anew.
    pub(crate) fn remade_by(mut self, remake: Remake<I>) -> Self {
        self.remake = Some(remake);
        self
    }
}

/// A stretch of work: the batch is its own for as long as it lasts, so that the loop keeps its
/// length in a register. Whatever ends it, a panic too, gives it back.
struct Stretch<'a, T: Send + 'static> {
    out: &'a mut OutPort<T>,
    batch: Vec<T>,
}

impl<'a, T: Send + 'static> Stretch<'a, T> {
    fn new(out: &'a mut OutPort<T>, items: usize) -> Self {
        let batch = out.lend(items);
        Self { out, batch }
    }
}

impl<T: Send + 'static> Drop for Stretch<'_, T> {
    fn drop(&mut self) {
        self.out.take_back(std::mem::take(&mut self.batch));
    }
}

impl<I> Kernel for Generator<I>
where
    I: Iterator + 'static,
    I::Item: Send + 'static,
{
    fn turn(&mut self, core: &mut Core, _: &mut Context<'_>) -> Result<Turn, BoxError> {
        loop {
            if let Some(cause) = self.out.cancelled() {
                return Ok(Turn::Done(End::Unread(cause.clone())));
            }
            if self.ended {
                return Ok(Turn::Done(End::Completed));
            }
            let room = self.out.room();
            if room == 0 {
                return Ok(Turn::Park(Wait::Credit(Some(0))));
            }
            let most = room.min(core.clock.left());
            let made = self.make(core, most);
            if self.ended {
                return Ok(Turn::Done(End::Completed));
            }
            if core.is_marked() {
                return Ok(Turn::Marked);
            }
            if core.clock.spend(made) {
                return Ok(Turn::More);
            }
        }
    }

    fn recover(&mut self, core: &mut Core, how: Directive, _: &Cause) -> bool {
        if how == Directive::Restart {
            self.renew(core);
        }
        true
    }

    fn renew(&mut self, core: &mut Core) {
        if let (Some(remake), Some(items)) = (&mut self.remake, &mut self.items) {
            remake(&core.context, items);
            self.ended = false;
        }
    }

    fn inputs(&mut self, _: &mut dyn FnMut(&mut dyn InEnd)) {}

    fn outputs(&mut self, visit: &mut dyn FnMut(&mut dyn OutEnd)) {
        visit(&mut self.out);
    }
}

impl<I> Outputs<I::Item, 0> for Generator<I>
where
    I: Iterator + 'static,
    I::Item: Send + 'static,
{
    fn output(&mut self, _: u32) -> &mut OutPort<I::Item> {
        &mut self.out
    }
}

/// What came into a source from outside.
pub(crate) struct Accepted {
    pub(crate) items: u64,
    /// How many of these it has dropped since, and will never give.
    pub(crate) lost: u64,
}

/// What an asynchronous source takes its items from.
pub(crate) trait Supply: 'static {
    type Item: Send + 'static;

    /// The next item; asked for only when it can be sent.
    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Self::Item, BoxError>>>;

    /// Takes in no more; says whether there can be anything left to deliver.
    fn close(self: Pin<&mut Self>) -> bool {
        false
    }

    /// How many items it has accepted from outside, where it keeps count.
    fn accepted(&self) -> Option<Accepted> {
        None
    }

    /// Drops what it has accepted and not given; says how many items that was.
    fn discard(self: Pin<&mut Self>) -> u64 {
        0
    }
}

/// A source over something that is polled.
pub(crate) struct Supplied<S: Supply> {
    supply: Pin<Box<S>>,
    ended: bool,
    /// How many lost items are counted as discarded.
    lost: u64,
    out: OutPort<S::Item>,
}

impl<S: Supply> Supplied<S> {
    pub(crate) fn new(supply: S, out: OutPort<S::Item>) -> Self {
        let supply = Box::pin(supply);
        Self {
            supply,
            ended: false,
            lost: 0,
            out,
        }
    }

    fn count(&mut self, core: &mut Core) {
        if let Some(Accepted { items, lost }) = self.supply.accepted() {
            core.counts.received = items;
            core.counts.discarded += lost - self.lost;
            self.lost = lost;
        }
    }

    fn send_on(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Result<Turn, BoxError> {
        let counted = self.supply.accepted().is_some();
        loop {
            if let Some(cause) = self.out.cancelled() {
                return Ok(Turn::Done(End::Unread(cause.clone())));
            }
            if core.is_marked() {
                return Ok(Turn::Marked);
            }
            if self.ended {
                return Ok(Turn::Done(End::Completed));
            }
            if self.out.room() == 0 {
                return Ok(Turn::Park(Wait::Credit(Some(0))));
            }
            match self.supply.as_mut().poll_next(cx) {
                Poll::Ready(Some(item)) => {
                    self.out.push(item?);
                    core.counts.passed += u64::from(counted);
                }
                Poll::Ready(None) => self.ended = true,
                Poll::Pending => return Ok(Turn::Waiting),
            }
            if core.clock.spend(1) {
                return Ok(Turn::More);
            }
        }
    }
}

impl<S: Supply> Kernel for Supplied<S> {
    fn turn(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Result<Turn, BoxError> {
        let turn = self.send_on(core, cx);
        self.count(core);
        turn
    }

    fn close(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Result<Turn, BoxError> {
        if self.supply.as_mut().close() {
            self.turn(core, cx)
        } else {
            Ok(Turn::Done(End::Completed))
        }
    }

    fn inputs(&mut self, _: &mut dyn FnMut(&mut dyn InEnd)) {}

    fn outputs(&mut self, visit: &mut dyn FnMut(&mut dyn OutEnd)) {
        visit(&mut self.out);
    }

    fn release(&mut self, core: &mut Core) {
        core.counts.discarded += self.supply.as_mut().discard();
        self.count(core);
    }
}

impl<S: Supply> Outputs<S::Item, 0> for Supplied<S> {
    fn output(&mut self, _: u32) -> &mut OutPort<S::Item> {
        &mut self.out
    }
}
