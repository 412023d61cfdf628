//! Verbs that end a blueprint.

use super::logic::Fold;
use super::{Blueprint, Source};

impl<T: Send + 'static> Source<T> {
    fn fold_as<A: Send + 'static>(
        self,
        verb: &'static str,
        limit: Option<u64>,
        state: A,
        f: impl FnMut(&mut Option<A>, T) -> bool + Send + 'static,
    ) -> Blueprint<A> {
        self.sink(verb, limit, move |outcome| Fold::new(state, f, outcome))
    }

    /// Makes one value of all items, beginning with `state`.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let sum = Source::from_iter(1..=4u64).fold(0, |sum, n| sum + n);
    /// assert_eq!(sum.run(&FlowContext::background())?.await?, 10);
    /// # Ok(())
    /// # }
    /// ```
    pub fn fold<A: Send + 'static>(
        self,
        state: A,
        mut f: impl FnMut(A, T) -> A + Send + 'static,
    ) -> Blueprint<A> {
        self.fold_as("fold", None, state, move |slot, item| {
            *slot = slot.take().map(|state| f(state, item));
            false
        })
    }

    /// Makes one item of all, two at a time; `None` if there was none.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let largest = Source::from_iter([3u64, 9, 4]).reduce(u64::max);
    /// assert_eq!(largest.run(&FlowContext::background())?.await?, Some(9));
    /// # Ok(())
    /// # }
    /// ```
    pub fn reduce(self, mut f: impl FnMut(T, T) -> T + Send + 'static) -> Blueprint<Option<T>> {
        self.fold_as("reduce", None, None, move |slot, item| {
            *slot = slot.take().map(|state| match state {
                Some(state) => Some(f(state, item)),
                None => Some(item),
            });
            false
        })
    }

    /// Collects all items, into a `Vec` say.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::BTreeSet;
    ///
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let letters: BTreeSet<char> = Source::from_iter("hello".chars())
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(letters.len(), 4);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cost
    ///
    /// The collection is not bounded by the window. To work off more than fits into memory, fold,
    /// or read the items by [`run_stream`](Self::run_stream).
    pub fn collect<C>(self) -> Blueprint<C>
    where
        C: Default + Extend<T> + Send + 'static,
    {
        self.fold_as("collect", None, C::default(), |slot, item| {
            if let Some(items) = slot {
                items.extend(Some(item));
            }
            false
        })
    }

    /// Counts the items.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let odd = Source::from_iter(0..10u64).filter(|n| n % 2 == 1).count();
    /// assert_eq!(odd.run(&FlowContext::background())?.await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    pub fn count(self) -> Blueprint<u64> {
        self.fold_as("count", None, 0, |slot, _| {
            *slot = slot.map(|count| count + 1);
            false
        })
    }

    /// Does something with each item.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let (seen, list) = mpsc::channel();
    /// let flow = Source::from_iter(1..=2u64)
    ///     .for_each(move |n| seen.send(n).expect("the list is read below"));
    /// flow.run(&FlowContext::background())?.await?;
    /// assert_eq!(list.iter().collect::<Vec<_>>(), [1, 2]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cost
    ///
    /// The closure runs on the stage's arbiter and must not block; what blocks goes before, into
    /// [`map_blocking`](Self::map_blocking).
    pub fn for_each(self, mut f: impl FnMut(T) + Send + 'static) -> Blueprint<()> {
        self.fold_as("for_each", None, (), move |_, item| {
            f(item);
            false
        })
    }

    /// Gives the first item and cancels what is upstream; `None` if there was none.
    ///
    /// It never asks for more than one item.
    ///
    /// # Examples
    ///
    /// The first answer of several, as in Go's talk on concurrency; the others are cancelled:
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let replica = |name: &'static str, delay: u64| {
    ///     Source::once(name).map_async(1, move |name| async move {
    ///         tokio::time::sleep(Duration::from_secs(delay)).await;
    ///         name
    ///     })
    /// };
    /// let fastest = replica("far", 3600).merge(replica("near", 0)).first();
    /// assert_eq!(fastest.run(&FlowContext::background())?.await?, Some("near"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn first(self) -> Blueprint<Option<T>> {
        self.fold_as("first", Some(1), None, |slot, item| {
            *slot = Some(Some(item));
            true
        })
    }

    /// Gives the last item; `None` if there was none.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let last = Source::from_iter(1..=4u64).last();
    /// assert_eq!(last.run(&FlowContext::background())?.await?, Some(4));
    /// # Ok(())
    /// # }
    /// ```
    pub fn last(self) -> Blueprint<Option<T>> {
        self.fold_as("last", None, None, |slot, item| {
            *slot = Some(Some(item));
            false
        })
    }

    /// Takes all items, for what the stages before do with them.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter(1..=4u64)
    ///     .map_async(2, |n| async move { assert!(n < 5) })
    ///     .drain();
    /// let finished = flow.run(&FlowContext::background())?.wait().await?;
    /// assert!(matches!(finished.ending, Cause::Completed));
    /// # Ok(())
    /// # }
    /// ```
    pub fn drain(self) -> Blueprint<()> {
        self.fold_as("drain", None, (), |_, _| false)
    }
}
