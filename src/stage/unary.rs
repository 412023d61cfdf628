//! The kernel that drives every synchronous stage with one input: maps, filters, folds.
//!
//! 1. The logic is called only with room for an output; a lazy expansion is pulled only with
//!    room, and one output at a time.
//! 2. An item's credit goes back when its last output is placed.

use std::task::{Context, Poll};

use super::{Core, End, Inputs, Kernel, Out, Outputs, Turn};
use crate::context::{BoxError, drop_caught};
use crate::edge::{InEnd, InPort, OutEnd, OutPort};
use crate::report::StageCounts;
use crate::supervise::Wait;

/// What a synchronous stage does with its items.
pub(crate) trait Logic: 'static {
    type In: Send + 'static;
    type Out: Send + 'static;
    type Outs: Iterator<Item = Self::Out>;

    /// Whether it emits by the clock too.
    const TIMED: bool = false;

    fn accept(&mut self, item: Self::In) -> Result<Self::Outs, BoxError>;

    /// What is left at the end of the input.
    fn finish(&mut self) -> Option<Self::Outs> {
        None
    }

    /// Whether it needs no more items.
    #[inline]
    fn is_done(&self) -> bool {
        false
    }

    /// What is due by the clock; pending where nothing is, with a wake-up if it will be.
    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<Self::Outs> {
        let _ = cx;
        Poll::Pending
    }

    /// Whether something will be due by the clock.
    fn is_armed(&self) -> bool {
        false
    }
}

/// A stretch of work: the batch and the buffer are its own for as long as it lasts, so that the
/// loop keeps their lengths in registers. Whatever ends it, a panic too, gives them back and counts.
struct Stretch<'a, T, U, O: Out<U>> {
    input: &'a mut InPort<T>,
    batch: Vec<T>,
    out: &'a mut O,
    outs: Vec<U>,
    counts: &'a mut StageCounts,
    begun: usize,
    /// Items begun whose outputs are not all placed.
    open: usize,
    /// Whether the last item begun was accepted.
    whole: bool,
}

impl<'a, T, U, O: Out<U>> Stretch<'a, T, U, O> {
    /// At most `limit` items of one batch; none where there is no item.
    fn new(
        input: &'a mut InPort<T>,
        out: &'a mut O,
        counts: &'a mut StageCounts,
        limit: usize,
    ) -> Option<(Self, usize)> {
        let batch = input.lend()?;
        let limit = limit.min(batch.len());
        let outs = out.lend(limit);
        let stretch = Self {
            input,
            batch,
            out,
            outs,
            counts,
            begun: 0,
            open: 0,
            whole: false,
        };
        Some((stretch, limit))
    }
}

impl<T, U, O: Out<U>> Drop for Stretch<'_, T, U, O> {
    fn drop(&mut self) {
        self.input.take_back(std::mem::take(&mut self.batch));
        self.out.take_back(std::mem::take(&mut self.outs));
        // An item begun and not brought to an end is one that the logic refused or panicked at.
        let failed = usize::from(!self.whole);
        let passed = self.begun - self.open - failed;
        self.counts.passed += passed as u64;
        self.counts.failed += failed as u64;
        self.input.credit(passed);
    }
}

/// The outputs of an item that are not all placed yet, or of the end of the input.
struct Expansion<I> {
    outs: I,
    of_item: bool,
}

/// One input, synchronous logic, at most one output.
pub(crate) struct Unary<L: Logic, O> {
    logic: L,
    input: InPort<L::In>,
    out: O,
    open: Option<Expansion<L::Outs>>,
    finished: bool,
}

impl<L: Logic, O: Out<L::Out>> Unary<L, O> {
    pub(crate) fn new(logic: L, input: InPort<L::In>, out: O) -> Self {
        Self {
            logic,
            input,
            out,
            open: None,
            finished: false,
        }
    }

    /// Places what an earlier item left open; none where the turn goes on.
    fn expand(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Option<Turn> {
        // Out of the stage's hands while its iterator runs: an item at which that panics has
        // failed, and is not discarded too.
        let mut open = self.open.take()?;
        let of_item = u64::from(open.of_item);
        core.counts.failed += of_item;
        let turn = loop {
            if core.is_marked() {
                break Turn::Marked;
            }
            let more = open.outs.size_hint().1 != Some(0);
            if more && self.out.room() == 0 {
                break self.out.full(cx);
            }
            let out = if more { open.outs.next() } else { None };
            let Some(out) = out else {
                drop(open);
                core.counts.failed -= of_item;
                core.counts.passed += of_item;
                self.input.credit(usize::from(of_item > 0));
                return None;
            };
            self.out.push(out);
            if core.clock.spend(1) {
                break Turn::More;
            }
        };
        core.counts.failed -= of_item;
        self.open = Some(open);
        Some(turn)
    }

    /// Works on one batch until a look at the clock is due, or the room used up.
    fn consume(&mut self, core: &mut Core) -> Result<usize, BoxError> {
        // An item places one output at most here, what is beyond is left open: no further look at
        // the room is needed.
        let limit = core.clock.left().min(self.out.room());
        let Core {
            context,
            state,
            counts,
            seen,
            ..
        } = core;
        let stretch = Stretch::new(&mut self.input, &mut self.out, counts, limit);
        let Some((mut work, limit)) = stretch else {
            return Ok(0);
        };
        let mut failure = None;
        // The last condition always holds; it spares the push its own look.
        while work.begun < limit
            && !context.is_marked()
            && !state.is_marked_beyond(*seen)
            && (O::SINK || work.outs.len() < work.outs.capacity())
        {
            let Some(item) = work.batch.pop() else { break };
            work.begun += 1;
            let mut outs = match self.logic.accept(item) {
                Ok(outs) => outs,
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            };
            if let Some(out) = outs.next() {
                work.outs.push(out);
                if outs.size_hint().1 != Some(0) {
                    let of_item = true;
                    self.open = Some(Expansion { outs, of_item });
                    work.open = 1;
                    break;
                }
            }
            if self.logic.is_done() {
                self.finished = true;
                break;
            }
        }
        work.whole = failure.is_none();
        let taken = work.begun;
        drop(work);
        failure.map_or(Ok(taken), Err)
    }

    /// How it ends, once it is finished.
    fn own_end(&mut self) -> End {
        if self.logic.is_done() {
            if O::SINK {
                // A sink that needs no more gives its value now.
                self.finish();
            }
            return End::Completed;
        }
        match self.input.failure() {
            Some(cause) => End::Failed(cause.clone()),
            None => End::Completed,
        }
    }

    fn finish(&mut self) {
        self.finished = true;
        if let Some(outs) = self.logic.finish() {
            let of_item = false;
            self.open = Some(Expansion { outs, of_item });
        }
    }
}

impl<L: Logic, O: Out<L::Out>> Kernel for Unary<L, O> {
    fn turn(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Result<Turn, BoxError> {
        if self.logic.is_done() {
            self.finished = true;
        }
        self.out.watch(cx);
        loop {
            if let Some(cause) = self.out.cancelled() {
                return Ok(Turn::Done(End::Unread(cause.clone())));
            }
            if core.is_marked() {
                return Ok(Turn::Marked);
            }
            if let Some(turn) = self.expand(core, cx) {
                return Ok(turn);
            }
            if self.finished {
                return Ok(Turn::Done(self.own_end()));
            }
            if L::TIMED
                && let Poll::Ready(outs) = self.logic.poll_due(cx)
            {
                let of_item = false;
                self.open = Some(Expansion { outs, of_item });
                continue;
            }
            if self.input.is_drained() {
                let failed_sink = O::SINK && self.input.failure().is_some();
                if failed_sink {
                    self.finished = true;
                } else {
                    self.finish();
                }
                continue;
            }
            if self.out.room() == 0 {
                return Ok(self.out.full(cx));
            }
            let taken = self.consume(core)?;
            if taken == 0 && !core.is_marked() {
                if L::TIMED && self.logic.is_armed() {
                    return Ok(Turn::Waiting);
                }
                return Ok(Turn::Park(Wait::Item(Some(0))));
            }
            if core.clock.spend(taken) {
                return Ok(Turn::More);
            }
        }
    }

    fn quit(&mut self, core: &mut Core, _: &mut Context<'_>) -> Result<Turn, BoxError> {
        self.release(core);
        if O::SINK {
            // What a sink has made of its items so far is its value.
            self.finish();
        }
        Ok(Turn::Done(End::Completed))
    }

    fn inputs(&mut self, visit: &mut dyn FnMut(&mut dyn InEnd)) {
        visit(&mut self.input);
    }

    fn outputs(&mut self, visit: &mut dyn FnMut(&mut dyn OutEnd)) {
        self.out.visit(visit);
    }

    fn release(&mut self, core: &mut Core) {
        if let Some(open) = self.open.take() {
            core.counts.discarded += u64::from(open.of_item);
            drop_caught(open);
        }
    }
}

impl<L: Logic, O: Out<L::Out>> Inputs<L::In, 0> for Unary<L, O> {
    fn input(&mut self, _: u32) -> &mut InPort<L::In> {
        &mut self.input
    }
}

impl<L: Logic> Outputs<L::Out, 0> for Unary<L, OutPort<L::Out>> {
    fn output(&mut self, _: u32) -> &mut OutPort<L::Out> {
        &mut self.out
    }
}
