//! What a synchronous stage does with its items, as its kernel drives it.

use std::task::{Context, Poll};

use crate::context::BoxError;

/// What a synchronous stage does with its items.
pub(crate) trait Logic: 'static {
    type In: Send + 'static;
    type Out: Send + 'static;
    type Outs: Iterator<Item = Self::Out>;

    /// Whether it emits by the clock too.
    const TIMED: bool = false;

    fn accept(&mut self, item: Self::In) -> Result<Self::Outs, BoxError>;

    /// Accepts one item after the other, until there is none or it needs no more. What they make is
    /// dropped: it is for sinks, of which some hold their state closer over many items than over one.
    #[inline]
    fn accept_each(&mut self, mut next: impl FnMut() -> Option<Self::In>) -> Result<(), BoxError> {
        while !self.is_done()
            && let Some(item) = next()
        {
            drop(self.accept(item)?);
        }
        Ok(())
    }

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

    /// Whether its state survived its last failure.
    fn is_sound(&self) -> bool {
        true
    }

    /// Whether something will be due by the clock.
    fn is_armed(&self) -> bool {
        false
    }
}
