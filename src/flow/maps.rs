//! Verbs that make something of each item.

use super::Source;
use super::graph::{Attrs, Kind};
use super::logic::Each;
use crate::context::BoxError;

impl<T: Send + 'static> Source<T> {
    pub(super) fn each<I>(
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
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let squares: Vec<u64> = Source::from_iter(1..=3u64)
    ///     .map(|n| n * n)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(squares, [1, 4, 9]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn map<U: Send + 'static>(self, mut f: impl FnMut(T) -> U + Send + 'static) -> Source<U> {
        self.each("map", move |item| Ok(Some(f(item)).into_iter()))
    }

    /// Makes one item of each, or fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let numbers = Source::from_iter(["1", "two", "3"])
    ///     .try_map(str::parse::<u64>).named("parse")
    ///     .collect::<Vec<_>>();
    /// let error = numbers.run(&FlowContext::background())?.await.expect_err("it gives no value");
    /// assert_eq!(error.stage(), Some("parse"));
    /// assert!(matches!(error.cause(), Some(Cause::Failed { .. })));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The first error fails the stage: the flow ends with [`Cause::Failed`](crate::Cause::Failed),
    /// which names the stage. To go on after one, [`map`](Self::map) to a `Result` and let a later
    /// stage look at it.
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
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let even: Vec<u64> = Source::from_iter(1..=6u64)
    ///     .filter(|n| n % 2 == 0)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(even, [2, 4, 6]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cost
    ///
    /// An item that is filtered out gives its credit back at once; it counts as passed in the
    /// report.
    pub fn filter(self, mut keep: impl FnMut(&T) -> bool + Send + 'static) -> Self {
        self.each("filter", move |item| {
            Ok(Some(item).filter(&mut keep).into_iter())
        })
    }

    /// Makes one item of each, or none.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let numbers: Vec<u64> = Source::from_iter(["1", "two", "3"])
    ///     .filter_map(|text| text.parse::<u64>().ok())
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(numbers, [1, 3]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn filter_map<U: Send + 'static>(
        self,
        mut f: impl FnMut(T) -> Option<U> + Send + 'static,
    ) -> Source<U> {
        self.each("filter_map", move |item| Ok(f(item).into_iter()))
    }

    /// Makes any number of items of each.
    ///
    /// Lazy: the iterator is pulled only as its items can be sent, so that an endless one does not
    /// run ahead, and an ending is seen between two of its items. The upper bound of its
    /// `size_hint` is believed: at 0 it is not pulled any more.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let digits: Vec<char> = Source::from_iter(["12", "", "3"])
    ///     .flat_map(str::chars)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(digits, ['1', '2', '3']);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// An endless expansion ends with its reader:
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let first: Vec<u64> = Source::once(1u64)
    ///     .flat_map(|n| n..)
    ///     .take(3)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(first, [1, 2, 3]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Ordering
    ///
    /// All items made of one come before those made of the next.
    ///
    /// # Cost
    ///
    /// The item's credit goes back when the last item made of it is placed.
    pub fn flat_map<I>(self, mut f: impl FnMut(T) -> I + Send + 'static) -> Source<I::Item>
    where
        I: IntoIterator<Item: Send + 'static, IntoIter: 'static>,
    {
        self.each("flat_map", move |item| Ok(f(item).into_iter()))
    }

    /// Looks at each item on its way.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use std::sync::Arc;
    ///
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let seen = Arc::new(AtomicU64::new(0));
    /// let count = Arc::clone(&seen);
    /// let sum = Source::from_iter(1..=4u64)
    ///     .inspect(move |_| { count.fetch_add(1, Ordering::Relaxed); })
    ///     .fold(0, |sum, n| sum + n)
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!((sum, seen.load(Ordering::Relaxed)), (10, 4));
    /// # Ok(())
    /// # }
    /// ```
    pub fn inspect(self, mut look: impl FnMut(&T) + Send + 'static) -> Self {
        self.each("inspect", move |item| {
            look(&item);
            Ok(Some(item).into_iter())
        })
    }

    /// Numbers the items from 0.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let lines: Vec<(u64, &str)> = Source::from_iter(["a", "b"])
    ///     .enumerate()
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(lines, [(0, "a"), (1, "b")]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn enumerate(self) -> Source<(u64, T)> {
        let mut numbers = 0u64..;
        self.each("enumerate", move |item| {
            Ok(numbers.next().map(|n| (n, item)).into_iter())
        })
    }
}
