//! Verbs that begin a blueprint: items on demand.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::Stream;
use futures::stream;
use tokio::time::{Instant, Sleep};

use super::Source;
use crate::BoxError;
use crate::stage::{Generator, Supplied, Supply};

/// A stream whose items are those of a source.
struct Streamed<S>(Pin<Box<S>>);

impl<S, T> Supply for Streamed<S>
where
    S: Stream<Item = Result<T, BoxError>> + 'static,
    T: Send + 'static,
{
    type Item = T;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<T, BoxError>>> {
        self.0.as_mut().poll_next(cx)
    }
}

/// A `Yielder` hands out the items of a generator written as an async closure.
///
/// [`Source::generate`] passes it to the closure. Not for other tasks: its future is ready only
/// while the generator itself is polled.
pub struct Yielder<T>(Rc<RefCell<Slot<T>>>);

/// Where a generator leaves the item that it was asked for.
struct Slot<T> {
    wanted: bool,
    item: Option<T>,
}

impl<T> std::fmt::Debug for Yielder<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Yielder").finish_non_exhaustive()
    }
}

impl<T> Yielder<T> {
    /// Yields an item, and goes on when the next one is asked for.
    pub async fn send(&mut self, item: T) {
        let mut item = Some(item);
        std::future::poll_fn(|_| {
            let mut slot = self.0.borrow_mut();
            if let Some(item) = item.take() {
                slot.item = Some(item);
                slot.wanted = false;
                return Poll::Pending;
            }
            // Polled again without being asked, by a waker of the closure's own.
            if slot.wanted {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

/// A generator written as an async closure.
struct Generated<T> {
    slot: Rc<RefCell<Slot<T>>>,
    body: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

impl<T: Send + 'static> Supply for Generated<T> {
    type Item = T;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<T, BoxError>>> {
        self.slot.borrow_mut().wanted = true;
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let over = body.as_mut().poll(cx).is_ready();
        if over {
            self.body = None;
        }
        let item = self.slot.borrow_mut().item.take();
        match item {
            Some(item) => Poll::Ready(Some(Ok(item))),
            None if over => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

/// The numbers of the periods that have passed.
struct Ticks {
    period: Duration,
    start: Instant,
    next: u64,
    timer: Pin<Box<Sleep>>,
}

impl Ticks {
    fn due(&self, tick: u64) -> Option<Instant> {
        let nanos = self.period.as_nanos().checked_mul(u128::from(tick))?;
        self.start
            .checked_add(Duration::from_nanos(u64::try_from(nanos).ok()?))
    }
}

impl Supply for Ticks {
    type Item = u64;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<u64, BoxError>>> {
        ready!(self.timer.as_mut().poll(cx));
        let passed = self.start.elapsed().as_nanos() / self.period.as_nanos();
        let tick = u64::try_from(passed).unwrap_or(u64::MAX).max(self.next);
        self.next = tick.saturating_add(1);
        if let Some(due) = self.due(self.next) {
            self.timer.as_mut().reset(due);
        }
        Poll::Ready(Some(Ok(tick)))
    }
}

impl<T: Send + 'static> Source<T> {
    fn iterate<I>(verb: &'static str, items: I) -> Self
    where
        I: Iterator<Item = T> + Send + 'static,
    {
        Self::generate_with(verb, move |seat| Generator::new(items, seat.out))
    }

    fn supplied<S>(verb: &'static str, make: impl FnOnce() -> S + Send + 'static) -> Self
    where
        S: Supply<Item = T>,
    {
        Self::generate_with(verb, move |seat| Supplied::new(make(), seat.out))
    }

    fn streamed<S>(verb: &'static str, make: impl FnOnce() -> S + Send + 'static) -> Self
    where
        S: Stream<Item = Result<T, BoxError>> + 'static,
    {
        Self::supplied(verb, move || Streamed(Box::pin(make())))
    }

    /// The items of an iterator, computed only as they are asked for.
    #[allow(
        clippy::should_implement_trait,
        reason = "the iterator must be Send, so this cannot be FromIterator"
    )]
    pub fn from_iter<I>(items: I) -> Self
    where
        I: IntoIterator<Item = T, IntoIter: Send + 'static>,
    {
        Self::iterate("from_iter", items.into_iter())
    }

    /// The items of a stream, polled only as they are asked for. A stream that is not `Send` enters
    /// by an [`inlet`](Self::inlet).
    pub fn from_stream<S>(items: S) -> Self
    where
        S: Stream<Item = T> + Send + 'static,
    {
        use futures::StreamExt;
        Self::streamed("from_stream", move || items.map(Ok))
    }

    /// Items made from a state, until there is none.
    pub fn unfold<S: Send + 'static>(
        state: S,
        mut f: impl FnMut(&mut S) -> Option<T> + Send + 'static,
    ) -> Self {
        let mut state = state;
        Self::iterate("unfold", std::iter::from_fn(move || f(&mut state)))
    }

    /// Items made from a state by a future, until it gives none.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped at its await when the source is to end, by a close too: there is no
    /// value yet that could be lost.
    pub fn unfold_async<S, F>(state: S, f: impl FnMut(S) -> F + Send + 'static) -> Self
    where
        S: Send + 'static,
        F: Future<Output = Option<(T, S)>> + 'static,
    {
        use futures::StreamExt;
        Self::streamed("unfold_async", move || stream::unfold(state, f).map(Ok))
    }

    /// Items yielded by an async closure: `generate(async |mut out| { out.send(1).await; .. })`.
    ///
    /// The closure goes on only when the next item is asked for. Its future need not be `Send`, and
    /// is dropped at its await when the source is to end.
    pub fn generate<F>(body: F) -> Self
    where
        F: AsyncFnOnce(Yielder<T>) + Send + 'static,
    {
        Self::supplied("generate", move || {
            let slot = Rc::new(RefCell::new(Slot {
                wanted: false,
                item: None,
            }));
            let out = Yielder(Rc::clone(&slot));
            let body: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async move { body(out).await });
            let body = Some(body);
            Generated { slot, body }
        })
    }

    /// Items of a closure, without end.
    pub fn repeat_with(f: impl FnMut() -> T + Send + 'static) -> Self {
        Self::iterate("repeat_with", std::iter::repeat_with(f))
    }

    /// One item.
    pub fn once(item: T) -> Self {
        Self::iterate("once", std::iter::once(item))
    }

    /// No item.
    pub fn empty() -> Self {
        Self::iterate("empty", std::iter::empty())
    }

    /// No item, but a failure.
    ///
    /// # Errors
    ///
    /// The flow ends with [`Cause::Failed`](crate::Cause::Failed).
    pub fn failed(error: impl Into<BoxError>) -> Self {
        let error = error.into();
        Self::streamed("failed", move || {
            stream::once(std::future::ready(Err(error)))
        })
    }
}

impl Source<u64> {
    /// The numbers of the periods as they begin: 0 at once, 1 after one period, and so on.
    ///
    /// A tick that nobody asked for in time is missed, and leaves a gap in the numbers.
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `period` is zero.
    pub fn ticks(period: Duration) -> Self {
        let mut source = Self::supplied("ticks", move || {
            let start = Instant::now();
            Ticks {
                period,
                start,
                next: 0,
                timer: Box::pin(tokio::time::sleep_until(start)),
            }
        });
        source.attrs.zero = period.is_zero().then_some("period");
        source
    }
}
