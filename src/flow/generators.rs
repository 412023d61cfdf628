//! Verbs that begin a blueprint: items on demand.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
use futures::stream;

use super::Source;
use crate::context::{BoxError, FlowContext};
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

impl<T: Send + 'static> Source<T> {
    fn iterate<I>(verb: &'static str, items: I) -> Self
    where
        I: Iterator<Item = T> + Send + 'static,
    {
        Self::generate_with(verb, move |seat| Generator::new(items, seat.out))
    }

    pub(super) fn supplied<S>(verb: &'static str, make: impl FnOnce() -> S + Send + 'static) -> Self
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
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let squares = Source::from_iter((1u64..).map(|n| n * n));
    /// let first: Vec<u64> = squares.take(3)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(first, [1, 4, 9]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cost
    ///
    /// The iterator runs on the stage's arbiter: one that blocks holds up all that lives there. For
    /// reading files or waiting for other threads, push by an [`inlet`](Self::inlet).
    #[expect(
        clippy::should_implement_trait,
        reason = "the iterator must be Send, so this cannot be FromIterator"
    )]
    pub fn from_iter<I>(items: I) -> Self
    where
        I: IntoIterator<Item = T, IntoIter: Send + 'static>,
    {
        Self::iterate("from_iter", items.into_iter())
    }

    /// Makes the items of an iterator from a factory that sees the flow's context.
    ///
    /// The factory is called where the stage lives, so the iterator need not be `Send`. A restart
    /// calls it again: the new iterator begins where the factory has it begin.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    ///
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// // A position that outlives the iterator.
    /// let position = Arc::new(AtomicU64::new(0));
    /// let numbers = Source::from_iter_with(move |_| {
    ///     let position = Arc::clone(&position);
    ///     std::iter::from_fn(move || match position.fetch_add(1, Relaxed) {
    ///         2 => panic!("the connection broke"),
    ///         n => Some(n).filter(|n| *n < 5),
    ///     })
    /// });
    /// let flow = numbers.supervised(RestartPolicy::restart()).collect::<Vec<_>>();
    /// assert_eq!(flow.run(&FlowContext::background())?.await?, [0, 1, 3, 4]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_iter_with<I>(mut factory: impl FnMut(&FlowContext) -> I + Send + 'static) -> Self
    where
        I: IntoIterator<Item = T, IntoIter: 'static>,
    {
        let mut source = Self::generate_with("from_iter_with", move |seat| {
            let items = factory(seat.context).into_iter();
            Generator::new(items, seat.out).remade_by(Box::new(move |context, items| {
                *items = factory(context).into_iter();
            }))
        });
        source.attrs.factory = true;
        source
    }

    /// The items of a stream, polled only as they are asked for.
    ///
    /// A stream that is not `Send` enters by an [`inlet`](Self::inlet).
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    /// use futures::stream;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let sum = Source::from_stream(stream::iter([1u64, 2, 3]))
    ///     .fold(0, |sum, n| sum + n)
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(sum, 6);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// A close, a quit and a cancel drop the stream where it is.
    pub fn from_stream<S>(items: S) -> Self
    where
        S: Stream<Item = T> + Send + 'static,
    {
        use futures::StreamExt;
        Self::streamed("from_stream", move || items.map(Ok))
    }

    /// Items made from a state, until there is none.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let powers: Vec<u64> = Source::unfold(1u64, |n| { *n *= 2; (*n < 20).then_some(*n) })
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(powers, [2, 4, 8, 16]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn unfold<S: Send + 'static>(
        state: S,
        mut f: impl FnMut(&mut S) -> Option<T> + Send + 'static,
    ) -> Self {
        let mut state = state;
        Self::iterate("unfold", std::iter::from_fn(move || f(&mut state)))
    }

    /// Items made from a state by a future, until it gives none.
    ///
    /// The idea is `unfold` of the futures crate.
    ///
    /// # Examples
    ///
    /// Pages of a list, each asked for with the mark that the one before gave:
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// async fn page(mark: u64) -> Option<(Vec<u64>, u64)> {
    ///     (mark < 3).then(|| (vec![mark; 2], mark + 1))
    /// }
    ///
    /// let items: Vec<u64> = Source::unfold_async(1, page)
    ///     .flat_map(|page| page)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(items, [1, 1, 2, 2]);
    /// # Ok(())
    /// # }
    /// ```
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

    /// Items of a closure, without end.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let mut seed = 7u32;
    /// let drawn: Vec<u32> = Source::repeat_with(move || { seed = seed * 5 % 23; seed })
    ///     .take(3)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(drawn, [12, 14, 1]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn repeat_with(f: impl FnMut() -> T + Send + 'static) -> Self {
        Self::iterate("repeat_with", std::iter::repeat_with(f))
    }

    /// One item.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let header = Source::once("name,age");
    /// let lines = header.concat(Source::from_iter(["ann,40"]));
    /// assert_eq!(lines.count().run(&FlowContext::background())?.await?, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn once(item: T) -> Self {
        Self::iterate("once", std::iter::once(item))
    }

    /// No item.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let none = Source::<u64>::empty().first();
    /// assert_eq!(none.run(&FlowContext::background())?.await?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn empty() -> Self {
        Self::iterate("empty", std::iter::empty())
    }

    /// No item, but a failure.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// fn numbers(text: &'static str) -> Source<u64> {
    ///     match text.split(',').map(str::parse).collect::<Result<Vec<u64>, _>>() {
    ///         Ok(numbers) => Source::from_iter(numbers),
    ///         Err(error) => Source::failed(error),
    ///     }
    /// }
    ///
    /// let ctx = FlowContext::background();
    /// assert_eq!(numbers("1,2").count().run(&ctx)?.await?, 2);
    /// assert!(numbers("1,x").count().run(&ctx)?.await.is_err());
    /// # Ok(())
    /// # }
    /// ```
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
