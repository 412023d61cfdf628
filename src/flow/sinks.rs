//! Verbs that end a blueprint.

use super::logic::Fold;
use super::{Blueprint, Source};

impl<T: Send + 'static> Source<T> {
    fn fold_as<A: Send + 'static>(
        self,
        verb: &'static str,
        limit: Option<u64>,
        state: A,
        f: impl FnMut(A, T) -> (A, bool) + Send + 'static,
    ) -> Blueprint<A> {
        self.sink(verb, limit, move |outcome| Fold::new(state, f, outcome))
    }

    /// Makes one value of all items, beginning with `state`.
    pub fn fold<A: Send + 'static>(
        self,
        state: A,
        mut f: impl FnMut(A, T) -> A + Send + 'static,
    ) -> Blueprint<A> {
        self.fold_as("fold", None, state, move |state, item| {
            (f(state, item), false)
        })
    }

    /// Makes one item of all, two at a time; `None` if there was none.
    pub fn reduce(self, mut f: impl FnMut(T, T) -> T + Send + 'static) -> Blueprint<Option<T>> {
        self.fold_as("reduce", None, None, move |state, item| {
            let item = match state {
                Some(state) => f(state, item),
                None => item,
            };
            (Some(item), false)
        })
    }

    /// Collects all items, into a `Vec` say.
    ///
    /// # Cost
    ///
    /// The collection is not bounded by the window.
    pub fn collect<C>(self) -> Blueprint<C>
    where
        C: Default + Extend<T> + Send + 'static,
    {
        self.fold_as("collect", None, C::default(), |mut items, item| {
            items.extend(Some(item));
            (items, false)
        })
    }

    /// Counts the items.
    pub fn count(self) -> Blueprint<u64> {
        self.fold_as("count", None, 0, |count, _| (count + 1, false))
    }

    /// Does something with each item.
    pub fn for_each(self, mut f: impl FnMut(T) + Send + 'static) -> Blueprint<()> {
        self.fold_as("for_each", None, (), move |(), item| (f(item), false))
    }

    /// Gives the first item and cancels what is upstream; `None` if there was none.
    pub fn first(self) -> Blueprint<Option<T>> {
        self.fold_as("first", Some(1), None, |_, item| (Some(item), true))
    }

    /// Gives the last item; `None` if there was none.
    pub fn last(self) -> Blueprint<Option<T>> {
        self.fold_as("last", None, None, |_, item| (Some(item), false))
    }

    /// Takes all items, for what the stages before do with them.
    pub fn drain(self) -> Blueprint<()> {
        self.fold_as("drain", None, (), |(), _| ((), false))
    }
}
