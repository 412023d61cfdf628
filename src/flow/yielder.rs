//! A generator written as an async closure.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::Source;
use crate::context::BoxError;
use crate::stage::Supply;

/// A `Yielder` hands out the items of a generator written as an async closure.
///
/// [`Source::generate`] passes it to the closure. Not for other tasks: its future is ready only
/// while the generator itself is polled.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), PipelineError> {
/// let lines = Source::generate(async |mut out: Yielder<String>| {
///     for n in 1..=2 {
///         out.send(format!("line {n}")).await;
///     }
/// });
/// let lines: Vec<String> = lines.collect().run(&FlowContext::background())?.await?;
/// assert_eq!(lines, ["line 1", "line 2"]);
/// # Ok(())
/// # }
/// ```
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
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let halves = Source::generate(async |mut out: Yielder<u64>| {
    ///     let mut n = 12;
    ///     while n % 2 == 0 {
    ///         n /= 2;
    ///         out.send(n).await;
    ///     }
    /// });
    /// let halves: Vec<u64> = halves.collect().run(&FlowContext::background())?.await?;
    /// assert_eq!(halves, [6, 3]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Dropped after its first poll it has yielded the item, unless one that was dropped before it
    /// was not taken yet: then the item is dropped with it.
    pub async fn send(&mut self, item: T) {
        let mut item = Some(item);
        std::future::poll_fn(|_| {
            let mut slot = self.0.borrow_mut();
            if !slot.wanted && item.is_some() {
                // An earlier item, whose future was dropped, was not taken yet.
                return Poll::Pending;
            }
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

impl<T: Send + 'static> Source<T> {
    /// Items yielded by an async closure: a generator.
    ///
    /// The closure goes on only when the next item is asked for. Its future need not be `Send`, and
    /// is dropped at its await when the source is to end. The idea is the generator of Go's
    /// concurrency talk, a function that returns a channel.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let numbers: Vec<u64> = Source::generate(async |mut out: Yielder<u64>| {
    ///         let (mut a, mut b) = (0, 1);
    ///         loop {
    ///             out.send(a).await;
    ///             (a, b) = (b, a + b);
    ///         }
    ///     })
    ///     .take(6)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(numbers, [0, 1, 1, 2, 3, 5]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Close, quit and cancel drop the future at its await; what it has yielded before is delivered
    /// by a close.
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
}
