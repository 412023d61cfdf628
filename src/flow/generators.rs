//! Verbs that begin a blueprint: items on demand.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::Stream;
use futures::stream;

use super::Source;
use crate::context::BoxError;
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
