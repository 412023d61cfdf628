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
}
