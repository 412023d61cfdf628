//! Pairs of two inputs of different types.

use std::task::Context;

use super::{Core, End, Inputs, Kernel, Outputs, Turn};
use crate::context::BoxError;
use crate::edge::{InEnd, InPort, OutEnd, OutPort};
use crate::supervise::Wait;

/// The kernel of zip: completes with the first of its inputs.
pub(crate) struct Zip<A: Send + 'static, B: Send + 'static> {
    left: InPort<A>,
    right: InPort<B>,
    out: OutPort<(A, B)>,
    isolating: bool,
}

impl<A: Send + 'static, B: Send + 'static> Zip<A, B> {
    pub(crate) fn new(
        left: InPort<A>,
        right: InPort<B>,
        out: OutPort<(A, B)>,
        isolating: bool,
    ) -> Self {
        Self {
            left,
            right,
            out,
            isolating,
        }
    }
}

impl<A: Send + 'static, B: Send + 'static> Kernel for Zip<A, B> {
    fn turn(&mut self, core: &mut Core, _: &mut Context<'_>) -> Result<Turn, BoxError> {
        loop {
            if let Some(cause) = self.out.cancelled() {
                return Ok(Turn::Done(End::Unread(cause.clone())));
            }
            if core.is_marked() {
                return Ok(Turn::Marked);
            }
            if !self.isolating
                && let Some(cause) = self.left.failure().or(self.right.failure())
            {
                return Ok(Turn::Done(End::Failed(cause.clone())));
            }
            if self.left.is_drained() || self.right.is_drained() {
                return Ok(Turn::Done(End::Completed));
            }
            if self.out.room() == 0 {
                return Ok(Turn::Park(Wait::Credit(Some(0))));
            }
            if !self.left.is_ready() {
                return Ok(Turn::Park(Wait::Item(Some(0))));
            }
            if !self.right.is_ready() {
                return Ok(Turn::Park(Wait::Item(Some(1))));
            }
            if let (Some(left), Some(right)) = (self.left.pop(), self.right.pop()) {
                self.out.push((left, right));
                core.counts.passed += 2;
                self.left.credit(1);
                self.right.credit(1);
            }
            if core.clock.spend(1) {
                return Ok(Turn::More);
            }
        }
    }

    fn inputs(&mut self, visit: &mut dyn FnMut(&mut dyn InEnd)) {
        visit(&mut self.left);
        visit(&mut self.right);
    }

    fn outputs(&mut self, visit: &mut dyn FnMut(&mut dyn OutEnd)) {
        visit(&mut self.out);
    }
}

impl<A: Send + 'static, B: Send + 'static> Inputs<A, 0> for Zip<A, B> {
    fn input(&mut self, _: u32) -> &mut InPort<A> {
        &mut self.left
    }
}

impl<A: Send + 'static, B: Send + 'static> Inputs<B, 1> for Zip<A, B> {
    fn input(&mut self, _: u32) -> &mut InPort<B> {
        &mut self.right
    }
}

impl<A: Send + 'static, B: Send + 'static> Outputs<(A, B), 0> for Zip<A, B> {
    fn output(&mut self, _: u32) -> &mut OutPort<(A, B)> {
        &mut self.out
    }
}
