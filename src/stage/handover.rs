//! The kernel of sinks whose items go on outside of their flow: into a hub.
//!
//! 1. Room is asked for only when there is an item: a sink whose source is slow holds none.
//! 2. An item is passed once it was taken; one that comes back waits until it is, or until nothing
//!    more is taken: then it is discarded, and counted.
//! 3. The taker is told the end once, by `end`, whatever it is.

use std::task::{Context, Poll};

use super::{Core, End, Inputs, Kernel, Turn};
use crate::context::{BoxError, Cause};
use crate::edge::{InEnd, InPort, OutEnd};
use crate::supervise::{Directive, Wait};

/// Who takes the items of a flow over.
pub(crate) trait Handover: 'static {
    type Item: Send + 'static;

    /// Ready once it takes nothing more; the task is woken then.
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Ready once it has room for one item; asked only when there is one.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Takes an item, for which there is room; gives it back where that was gone by then.
    fn take(&mut self, item: Self::Item) -> Result<(), Self::Item>;

    /// There are no more items: none was left behind, unless there is a cause.
    fn end(&mut self, cause: Option<&Cause>);
}

/// A sink over somebody who takes its items.
pub(crate) struct HandedOver<H: Handover> {
    to: H,
    input: InPort<H::Item>,
    /// An item that came back.
    held: Option<H::Item>,
    /// Whether it has come to its end by itself.
    completed: bool,
    /// Whether an item is counted as failed whose credit was not given back.
    failed: bool,
}

impl<H: Handover> HandedOver<H> {
    pub(crate) fn new(to: H, input: InPort<H::Item>) -> Self {
        Self {
            to,
            input,
            held: None,
            completed: false,
            failed: false,
        }
    }

    fn hand_over(&mut self, core: &mut Core) {
        let Some(item) = self.held.take().or_else(|| self.input.pop()) else {
            return;
        };
        // Taken back below: it stays where a clone panics.
        core.counts.failed += 1;
        self.failed = true;
        self.held = self.to.take(item).err();
        core.counts.failed -= 1;
        self.failed = false;
        if self.held.is_none() {
            core.counts.passed += 1;
            self.input.credit(1);
        }
    }

    /// What there is to do without an item to hand over.
    fn rest(&mut self) -> Option<Turn> {
        if let Some(cause) = self.input.failure() {
            return Some(Turn::Done(End::Failed(cause.clone())));
        }
        if self.input.is_drained() {
            self.completed = true;
            return Some(Turn::Done(End::Completed));
        }
        (!self.input.is_ready()).then_some(Turn::Park(Wait::Item(Some(0))))
    }
}

impl<H: Handover> Kernel for HandedOver<H> {
    fn turn(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Result<Turn, BoxError> {
        loop {
            if self.to.poll_over(cx).is_ready() {
                self.completed = true;
                return Ok(Turn::Done(End::Unread(Cause::Completed)));
            }
            if core.is_marked() {
                return Ok(Turn::Marked);
            }
            if self.held.is_none()
                && let Some(turn) = self.rest()
            {
                return Ok(turn);
            }
            if self.to.poll_room(cx).is_pending() {
                return Ok(Turn::Waiting);
            }
            self.hand_over(core);
            if core.clock.spend(1) {
                return Ok(Turn::More);
            }
        }
    }

    fn quit(&mut self, _: &mut Core, _: &mut Context<'_>) -> Result<Turn, BoxError> {
        self.completed = true;
        Ok(Turn::Done(End::Completed))
    }

    fn inputs(&mut self, visit: &mut dyn FnMut(&mut dyn InEnd)) {
        visit(&mut self.input);
    }

    fn outputs(&mut self, _: &mut dyn FnMut(&mut dyn OutEnd)) {}

    fn release(&mut self, core: &mut Core) {
        if let Some(item) = self.held.take() {
            core.counts.discarded += 1;
            self.input.give_up(Some(item), None);
        }
        if self.completed {
            self.to.end(None);
            return;
        }
        let cause = match core.stop_cause() {
            // Nobody has ended it: it went down with its arbiter.
            cause if cause.is_success() => Cause::Lost {
                stage: core.state.name.clone(),
            },
            cause => cause,
        };
        self.to.end(Some(&cause));
    }

    fn recover(&mut self, _: &mut Core, _: Directive, cause: &Cause) -> bool {
        if std::mem::take(&mut self.failed) {
            self.input.credit(1);
            self.input.give_up(None, Some(cause));
        }
        true
    }
}

impl<H: Handover> Inputs<H::Item, 0> for HandedOver<H> {
    fn input(&mut self, _: u32) -> &mut InPort<H::Item> {
        &mut self.input
    }
}
