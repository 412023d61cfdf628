//! A stretch of work on one batch, and what of it a failure leaves.

use std::vec;

use super::Out;
use crate::context::drop_caught;
use crate::edge::InPort;
use crate::report::StageCounts;

/// An item at which the logic failed: counted as failed, its credit not given back yet.
pub(super) struct Failed<T> {
    pub(super) copy: Option<T>,
}

/// A stretch of work: the batch and the buffer are its own for as long as it lasts, so that the
/// loop keeps their lengths in registers. Whatever ends it, a panic too, gives them back and counts.
pub(super) struct Stretch<'a, T: Send + 'static, U, O: Out<U>> {
    input: &'a mut InPort<T>,
    pub(super) batch: vec::IntoIter<T>,
    out: &'a mut O,
    pub(super) outs: Vec<U>,
    counts: &'a mut StageCounts,
    /// How many items the batch had.
    first: usize,
    /// How many of them are this stretch.
    pub(super) limit: usize,
    /// Items begun whose outputs are not all placed.
    open: usize,
    /// Whether the last item begun was accepted.
    pub(super) whole: bool,
    /// A copy of the last item begun, where copies are kept.
    pub(super) spare: Option<T>,
    /// Where the item is put at which the logic failed.
    failed: &'a mut Option<Failed<T>>,
}

impl<'a, T: Send + 'static, U, O: Out<U>> Stretch<'a, T, U, O> {
    /// At most `limit` items of one batch, with space for an output of each; none where there is no
    /// item.
    pub(super) fn new(
        input: &'a mut InPort<T>,
        out: &'a mut O,
        counts: &'a mut StageCounts,
        failed: &'a mut Option<Failed<T>>,
        limit: usize,
    ) -> Option<Self> {
        let batch = input.lend()?;
        let first = batch.len();
        let limit = limit.min(first);
        let outs = out.lend(limit);
        Some(Self {
            input,
            batch,
            out,
            outs,
            counts,
            first,
            limit,
            open: 0,
            whole: false,
            spare: None,
            failed,
        })
    }
}

impl<T: Send + 'static, U, O: Out<U>> Stretch<'_, T, U, O> {
    /// How many items were begun.
    #[inline(always)]
    pub(super) fn begun(&self) -> usize {
        self.first - self.batch.len()
    }

    /// Ends it as its drop does. That is a call, for which its lengths would be kept in memory; it is
    /// left to panics, and where none can come the compiler keeps the lengths in registers.
    ///
    /// With the last item left open, gives the copy of it.
    #[inline(always)]
    #[expect(clippy::mem_forget, reason = "all that it owned was given back")]
    pub(super) fn end(mut self, open: bool) -> Option<T> {
        self.open = usize::from(open);
        let copy = if open { self.spare.take() } else { None };
        self.give_back();
        std::mem::forget(self);
        copy
    }

    #[inline(always)]
    fn give_back(&mut self) {
        let begun = self.begun();
        self.input.take_back(std::mem::take(&mut self.batch));
        self.out.take_back(std::mem::take(&mut self.outs));
        // An item begun and not brought to an end is one that the logic refused or panicked at.
        let failed = usize::from(!self.whole);
        let passed = begun - self.open - failed;
        self.counts.passed += passed as u64;
        self.counts.failed += failed as u64;
        self.input.credit(passed);
        let copy = self.spare.take();
        if failed > 0 {
            *self.failed = Some(Failed { copy });
        } else {
            // A panic of its drop would have this done a second time, with nothing to give back.
            drop_caught(copy);
        }
    }
}

impl<T: Send + 'static, U, O: Out<U>> Drop for Stretch<'_, T, U, O> {
    fn drop(&mut self) {
        self.give_back();
    }
}
