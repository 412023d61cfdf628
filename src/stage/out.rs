//! Where a stage puts its outputs: on an edge, nowhere, or into an outlet.

use std::task::Context;

use super::Turn;
use crate::context::Cause;
use crate::edge::{OutEnd, OutPort};
use crate::supervise::Wait;

/// The output side of a kernel that has one.
pub(crate) trait Out<T>: 'static {
    /// Whether the flow ends here.
    const SINK: bool;

    /// Whether what is pushed is dropped.
    const DROPS: bool = false;

    /// How many items may be pushed now.
    fn room(&self) -> usize;

    /// Places an item; there is room.
    fn push(&mut self, item: T);

    /// Gives the batch away to be filled, with space for `items` more; there is room for these.
    fn lend(&mut self, items: usize) -> Vec<T>;

    /// Takes the batch back.
    fn take_back(&mut self, batch: Vec<T>);

    /// What a stage without room does.
    fn full(&mut self, cx: &mut Context<'_>) -> Turn;

    /// Arranges to be polled when a reader outside of the flow leaves; to be asked before
    /// [`cancelled`](Self::cancelled).
    fn watch(&mut self, cx: &mut Context<'_>) {
        let _ = cx;
    }

    /// Why the reader left, where it did.
    fn cancelled(&self) -> Option<&Cause>;

    fn visit(&mut self, visit: &mut dyn FnMut(&mut dyn OutEnd));
}

impl<T: Send + 'static> Out<T> for OutPort<T> {
    const SINK: bool = false;

    #[inline]
    fn room(&self) -> usize {
        self.room()
    }

    #[inline]
    fn push(&mut self, item: T) {
        self.push(item);
    }

    #[inline]
    fn lend(&mut self, items: usize) -> Vec<T> {
        self.lend(items)
    }

    #[inline]
    fn take_back(&mut self, batch: Vec<T>) {
        self.take_back(batch);
    }

    fn full(&mut self, _: &mut Context<'_>) -> Turn {
        Turn::Park(Wait::Credit(Some(0)))
    }

    fn cancelled(&self) -> Option<&Cause> {
        self.cancelled()
    }

    fn visit(&mut self, visit: &mut dyn FnMut(&mut dyn OutEnd)) {
        visit(self);
    }
}

/// The output of a sink: there is none, what would be one is dropped.
#[derive(Debug)]
pub(crate) struct Void;

impl<T: 'static> Out<T> for Void {
    const SINK: bool = true;
    const DROPS: bool = true;

    #[inline]
    fn room(&self) -> usize {
        usize::MAX
    }

    #[inline]
    fn push(&mut self, _: T) {}

    #[inline]
    fn lend(&mut self, _: usize) -> Vec<T> {
        Vec::new()
    }

    #[inline]
    fn take_back(&mut self, _: Vec<T>) {}

    fn full(&mut self, _: &mut Context<'_>) -> Turn {
        Turn::More
    }

    fn cancelled(&self) -> Option<&Cause> {
        None
    }

    fn visit(&mut self, _: &mut dyn FnMut(&mut dyn OutEnd)) {}
}
