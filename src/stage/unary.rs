//! The kernel that drives every synchronous stage with one input: maps, filters, folds.
//!
//! 1. The logic is called only with room for an output; a lazy expansion is pulled only with
//!    room, and one output at a time.
//! 2. An item's credit goes back when its last output is placed.

use std::task::{Context, Poll};

use super::stretch::{Failed, Stretch};
use super::{Core, End, Inputs, Kernel, Logic, Out, Outputs, Remake, Turn};
use crate::context::{BoxError, Cause, drop_caught};
use crate::edge::{Dispatch, InEnd, InPort, OutEnd, OutPort};
use crate::supervise::{Directive, Wait};

/// The outputs of an item that are not all placed yet, or of the end of the input.
struct Expansion<T, I> {
    outs: I,
    of_item: bool,
    copy: Option<T>,
}

impl<T, I> Expansion<T, I> {
    /// Outputs that no item of its own has made.
    fn of_end(outs: I) -> Self {
        Self {
            outs,
            of_item: false,
            copy: None,
        }
    }
}

/// One input, synchronous logic, at most one output.
pub(crate) struct Unary<L: Logic, O> {
    logic: L,
    input: InPort<L::In>,
    out: O,
    open: Option<Expansion<L::In, L::Outs>>,
    finished: bool,
    failed: Option<Failed<L::In>>,
    /// An item that is to be tried again.
    again: Option<L::In>,
    remake: Option<Remake<L>>,
}

impl<L: Logic, O: Out<L::Out>> Unary<L, O> {
    pub(crate) fn new(logic: L, input: InPort<L::In>, out: O) -> Self {
        Self {
            logic,
            input,
            out,
            open: None,
            finished: false,
            failed: None,
            again: None,
            remake: None,
        }
    }

    /// Says how the logic is made anew.
    pub(crate) fn remade_by(mut self, remake: Remake<L>) -> Self {
        self.remake = Some(remake);
        self
    }

    fn remake(&mut self, core: &Core) {
        if let Some(remake) = &mut self.remake {
            remake(&core.context, &mut self.logic);
        }
    }

    /// Gives an item to the logic once more.
    fn try_again(&mut self, core: &mut Core, item: L::In) -> Result<(), BoxError> {
        // Taken back below: it stays where the logic fails again.
        core.counts.failed += 1;
        // Its copy can panic too.
        self.failed = Some(Failed { copy: None });
        let copy = self.input.copy().map(|copy| copy(&item));
        self.failed = Some(Failed { copy });
        let outs = self.logic.accept(item)?;
        core.counts.failed -= 1;
        let copy = self.failed.take().and_then(|failed| failed.copy);
        self.open = Some(Expansion {
            outs,
            of_item: true,
            copy,
        });
        self.finished = self.logic.is_done();
        Ok(())
    }

    /// Places what an earlier item left open; none where the turn goes on.
    fn expand(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Option<Turn> {
        // Out of the stage's hands while its iterator runs: an item at which that panics has
        // failed, and is not discarded too.
        let mut open = self.open.take()?;
        let of_item = u64::from(open.of_item);
        core.counts.failed += of_item;
        if open.of_item {
            let copy = open.copy.take();
            self.failed = Some(Failed { copy });
        }
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
                drop_caught(self.failed.take());
                self.input.credit(usize::from(of_item > 0));
                return None;
            };
            self.out.push(out);
            if core.clock.spend(1) {
                break Turn::More;
            }
        };
        core.counts.failed -= of_item;
        open.copy = self.failed.take().and_then(|failed| failed.copy);
        self.open = Some(open);
        Some(turn)
    }

    /// Works on one batch until a look at the clock is due, or the room used up.
    fn consume(&mut self, core: &mut Core) -> Result<usize, BoxError> {
        match self.input.copy() {
            None => self.work::<false>(core, |_| unreachable!("no copies are kept")),
            Some(copy) => self.work::<true>(core, copy),
        }
    }

    /// The loop over items. What can panic in it is the logic alone, or the copy where one is kept:
    /// for a logic that cannot, all of it stays in registers.
    fn work<const COPIED: bool>(
        &mut self,
        core: &mut Core,
        copy: fn(&L::In) -> L::In,
    ) -> Result<usize, BoxError> {
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
        // Out of their cells, which what is pushed could overlay for all that the compiler knows.
        let (mark, state, seen) = (context.mark(), &**state, *seen);
        let stretch = Stretch::new(
            &mut self.input,
            &mut self.out,
            counts,
            &mut self.failed,
            limit,
        );
        let Some(mut work) = stretch else {
            return Ok(0);
        };
        if O::DROPS && !COPIED {
            let mut left = work.limit;
            let accepted = self.logic.accept_each(|| {
                let more = left > 0 && !mark.is_set() && !state.is_marked_beyond(seen);
                left -= usize::from(more);
                if more { work.batch.next() } else { None }
            });
            self.finished = self.logic.is_done();
            work.whole = accepted.is_ok();
            let taken = work.begun();
            work.end(false);
            return accepted.map(|()| taken);
        }
        let (mut failure, mut rest, mut left) = (None, None, work.limit);
        // The last condition always holds; it spares the push its own look.
        while left > 0
            && !mark.is_set()
            && !state.is_marked_beyond(seen)
            && (O::SINK || work.outs.len() < work.outs.capacity())
        {
            let Some(item) = work.batch.next() else { break };
            left -= 1;
            if COPIED {
                // Gone before the next is made: where that panics, it is not taken for it.
                drop_caught(work.spare.take());
                work.spare = Some(copy(&item));
            }
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
                    rest = Some(outs);
                    break;
                }
            }
            if self.logic.is_done() {
                self.finished = true;
                break;
            }
        }
        work.whole = failure.is_none();
        let taken = work.begun();
        let copy = work.end(rest.is_some());
        if let Some(outs) = rest {
            self.open = Some(Expansion {
                outs,
                of_item: true,
                copy,
            });
        }
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
            self.open = Some(Expansion::of_end(outs));
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
            if self.again.is_some() && self.out.room() == 0 {
                return Ok(self.out.full(cx));
            }
            if let Some(item) = self.again.take() {
                self.try_again(core, item)?;
                continue;
            }
            if L::TIMED
                && let Poll::Ready(outs) = self.logic.poll_due(cx)
            {
                self.open = Some(Expansion::of_end(outs));
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
        if let Some(mut open) = self.open.take() {
            core.counts.discarded += u64::from(open.of_item);
            let copy = open.copy.take();
            drop_caught(open);
            if copy.is_some() {
                self.input.give_up(copy, None);
            }
        }
        if let Some(item) = self.again.take() {
            core.counts.discarded += 1;
            self.input.give_up(Some(item), None);
        }
    }

    fn recover(&mut self, core: &mut Core, how: Directive, cause: &Cause) -> bool {
        // Without its state it ends whatever is said: the item has failed then.
        let retries = how == Directive::Retry && self.logic.is_sound();
        match self.failed.take() {
            Some(Failed { copy: Some(item) }) if retries => {
                core.counts.failed -= 1;
                self.again = Some(item);
            }
            Some(Failed { copy }) => {
                self.input.credit(1);
                self.input.give_up(copy, Some(cause));
                if how != Directive::Stop {
                    let mut by = Dispatch::at(core.now);
                    self.out.visit(&mut |out| out.skip(&mut by));
                }
            }
            None => {}
        }
        if how == Directive::Restart {
            self.remake(core);
        }
        self.logic.is_sound()
    }

    fn renew(&mut self, core: &mut Core) {
        if self.remake.is_some() {
            let open = self.open.as_ref().is_some_and(|open| open.of_item);
            let lost = usize::from(open) + usize::from(self.again.is_some());
            self.input.credit(lost);
            self.release(core);
            // A worker makes one output of an item, so that of one in work none was placed.
            let mut by = Dispatch::at(core.now);
            for _ in 0..lost {
                self.out.visit(&mut |out| out.skip(&mut by));
            }
            self.remake(core);
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
