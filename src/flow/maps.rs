//! Verbs that make something of each item.

use super::Source;
use super::graph::{Attrs, Kind};
use super::logic::{Each, Step, Until};
use crate::BoxError;
use crate::context::FlowContext;
use crate::stage::Logic;

/// A user's own `Stage`: its logic, with a state of its own.
///
/// [`Source::stage_with`] runs it as an actor. `accept` is called once per item, only when at least
/// one output can be sent; the iterator it gives is pulled only as outputs can be sent, so an
/// endless one never runs ahead. The upper bound of its `size_hint` is believed. At the end of the
/// input `finish` gives what is left; it is not called when the stage is cancelled or quit.
///
/// # Errors
///
/// An error of `accept`, like a panic in any of this, fails the stage, and by that the flow (or one
/// input of an isolating fan-in).
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// /// Passes each item that is larger than all before it.
/// #[derive(Default)]
/// struct Records(Option<u64>);
///
/// impl Stage for Records {
///     type In = u64;
///     type Out = u64;
///     type Outs = std::option::IntoIter<u64>;
///     type Error = std::convert::Infallible;
///
///     fn accept(&mut self, item: u64) -> Result<Self::Outs, Self::Error> {
///         let record = Some(item).filter(|item| self.0.is_none_or(|best| *item > best));
///         self.0 = self.0.max(record);
///         Ok(record.into_iter())
///     }
/// }
///
/// #[actix::main]
/// async fn main() -> Result<(), PipelineError> {
///     let records: Vec<u64> = Source::from_iter([3, 1, 4, 1, 5])
///         .stage_with(|_| Records::default()).named("records")
///         .collect()
///         .run(&FlowContext::background())?
///         .await?;
///     assert_eq!(records, [3, 4, 5]);
///     Ok(())
/// }
/// ```
pub trait Stage: 'static {
    /// What comes in.
    type In: Send + 'static;
    /// What goes out.
    type Out: Send + 'static;
    /// The outputs of one item.
    type Outs: Iterator<Item = Self::Out>;
    /// What can go wrong.
    type Error: Into<BoxError>;

    /// Works on one item.
    ///
    /// # Errors
    ///
    /// Any, if the item cannot be worked on: the stage fails.
    fn accept(&mut self, item: Self::In) -> Result<Self::Outs, Self::Error>;

    /// What is left at the end of the input.
    fn finish(&mut self) -> Option<Self::Outs> {
        None
    }
}

/// A user's stage as the actor drives it.
struct Own<S>(S);

impl<S: Stage> Logic for Own<S> {
    type In = S::In;
    type Out = S::Out;
    type Outs = S::Outs;

    #[inline]
    fn accept(&mut self, item: S::In) -> Result<S::Outs, BoxError> {
        self.0.accept(item).map_err(Into::into)
    }

    fn finish(&mut self) -> Option<S::Outs> {
        self.0.finish()
    }
}

impl<T: Send + 'static> Source<T> {
    fn each<I>(
        self,
        verb: &'static str,
        f: impl FnMut(T) -> Result<I, BoxError> + Send + 'static,
    ) -> Source<I::Item>
    where
        I: Iterator<Item: Send + 'static> + 'static,
    {
        self.logic(Attrs::of(verb, Kind::Stage), None, move |_| Each::new(f))
    }

    /// Makes one item of each.
    pub fn map<U: Send + 'static>(self, mut f: impl FnMut(T) -> U + Send + 'static) -> Source<U> {
        self.each("map", move |item| Ok(Some(f(item)).into_iter()))
    }

    /// Makes one item of each, or fails.
    ///
    /// # Errors
    ///
    /// The first error fails the stage: the flow ends with
    /// [`Cause::Failed`](crate::Cause::Failed), which names the stage.
    pub fn try_map<U, E>(self, mut f: impl FnMut(T) -> Result<U, E> + Send + 'static) -> Source<U>
    where
        U: Send + 'static,
        E: Into<BoxError> + 'static,
    {
        self.each("try_map", move |item| match f(item) {
            Ok(out) => Ok(Some(out).into_iter()),
            Err(error) => Err(error.into()),
        })
    }

    /// Passes the items for which `keep` is true.
    pub fn filter(self, mut keep: impl FnMut(&T) -> bool + Send + 'static) -> Self {
        self.each("filter", move |item| {
            Ok(Some(item).filter(&mut keep).into_iter())
        })
    }

    /// Makes one item of each, or none.
    pub fn filter_map<U: Send + 'static>(
        self,
        mut f: impl FnMut(T) -> Option<U> + Send + 'static,
    ) -> Source<U> {
        self.each("filter_map", move |item| Ok(f(item).into_iter()))
    }

    /// Makes any number of items of each.
    ///
    /// Lazy: the iterator is pulled only as its items can be sent, so that an endless one does not
    /// run ahead, and an ending is seen between two of its items.
    pub fn flat_map<I>(self, mut f: impl FnMut(T) -> I + Send + 'static) -> Source<I::Item>
    where
        I: IntoIterator<Item: Send + 'static, IntoIter: 'static>,
    {
        self.each("flat_map", move |item| Ok(f(item).into_iter()))
    }

    /// Looks at each item on its way.
    pub fn inspect(self, mut look: impl FnMut(&T) + Send + 'static) -> Self {
        self.each("inspect", move |item| {
            look(&item);
            Ok(Some(item).into_iter())
        })
    }

    /// Numbers the items from 0.
    pub fn enumerate(self) -> Source<(u64, T)> {
        let mut numbers = 0u64..;
        self.each("enumerate", move |item| {
            Ok(numbers.next().map(|n| (n, item)).into_iter())
        })
    }

    /// Passes all but the first `items`.
    pub fn skip(self, items: u64) -> Self {
        let mut left = items;
        self.each("skip", move |item| {
            let skipped = left > 0;
            left -= u64::from(skipped);
            Ok(Some(item).filter(|_| !skipped).into_iter())
        })
    }

    /// Passes all from the first item on for which `skip` is false.
    pub fn skip_while(self, mut skip: impl FnMut(&T) -> bool + Send + 'static) -> Self {
        let mut skipping = true;
        self.each("skip_while", move |item| {
            skipping = skipping && skip(&item);
            Ok(Some(item).filter(|_| !skipping).into_iter())
        })
    }

    fn until<U: Send + 'static>(
        self,
        verb: &'static str,
        limit: Option<u64>,
        f: impl FnMut(T) -> Step<U> + Send + 'static,
    ) -> Source<U> {
        let done = limit == Some(0);
        let attrs = Attrs::of(verb, Kind::Stage);
        self.logic(attrs, limit, move |_| Until::new(done, f))
    }

    /// Passes the first `items`, then cancels what is upstream; it never asks for more than these.
    pub fn take(self, items: u64) -> Self {
        let mut left = items;
        self.until("take", Some(items), move |item| {
            left = left.saturating_sub(1);
            if left == 0 {
                Step::Last(Some(item))
            } else {
                Step::More(Some(item))
            }
        })
    }

    /// Passes items up to the first for which `keep` is false, then cancels what is upstream.
    pub fn take_while(self, mut keep: impl FnMut(&T) -> bool + Send + 'static) -> Self {
        self.until("take_while", None, move |item| {
            if keep(&item) {
                Step::More(Some(item))
            } else {
                Step::Last(None)
            }
        })
    }

    /// Makes one item of each with a state beside; at `None` it ends, and cancels what is upstream.
    pub fn scan<S, U>(
        self,
        state: S,
        f: impl FnMut(&mut S, T) -> Option<U> + Send + 'static,
    ) -> Source<U>
    where
        S: Send + 'static,
        U: Send + 'static,
    {
        let mut first = Some(state);
        let factory = move |_: &FlowContext| first.take().expect("a stage is started once");
        self.scan_as("scan", factory, f)
    }

    /// As [`scan`](Self::scan), with a state from a factory that sees the flow's context; what it
    /// makes need not be `Send`.
    ///
    /// # Panics
    ///
    /// A panic in the factory fails the flow.
    pub fn scan_with<S, U>(
        self,
        factory: impl FnMut(&FlowContext) -> S + Send + 'static,
        f: impl FnMut(&mut S, T) -> Option<U> + Send + 'static,
    ) -> Source<U>
    where
        S: 'static,
        U: Send + 'static,
    {
        self.scan_as("scan_with", factory, f)
    }

    fn scan_as<S, U>(
        self,
        verb: &'static str,
        mut factory: impl FnMut(&FlowContext) -> S + Send + 'static,
        mut f: impl FnMut(&mut S, T) -> Option<U> + Send + 'static,
    ) -> Source<U>
    where
        S: 'static,
        U: Send + 'static,
    {
        let attrs = Attrs::of(verb, Kind::Stage);
        self.logic(attrs, None, move |context| {
            let mut state = factory(context);
            Until::new(false, move |item| match f(&mut state, item) {
                Some(out) => Step::More(Some(out)),
                None => Step::Last(None),
            })
        })
    }

    /// Runs a [`Stage`] of the user's own, made by a factory that sees the flow's context; what it
    /// makes need not be `Send`.
    ///
    /// # Panics
    ///
    /// A panic in the factory fails the flow.
    pub fn stage_with<S: Stage<In = T>>(
        self,
        mut factory: impl FnMut(&FlowContext) -> S + Send + 'static,
    ) -> Source<S::Out> {
        let attrs = Attrs::of("stage_with", Kind::Stage);
        self.logic(attrs, None, move |context| Own(factory(context)))
    }
}
