//! The few shapes of synchronous logic that the verbs are made of.

use std::convert::Infallible;
use std::iter::Empty;
use std::marker::PhantomData;

use super::blueprint::Outcome;
use crate::context::BoxError;
use crate::stage::{Held, Logic};

/// Each item becomes the items of an iterator, or an error.
pub(super) struct Each<T, F> {
    f: F,
    items: PhantomData<fn(T)>,
}

impl<T, F> Each<T, F> {
    pub(super) fn new(f: F) -> Self {
        let items = PhantomData;
        Self { f, items }
    }
}

impl<T, I, F> Logic for Each<T, F>
where
    T: Send + 'static,
    I: Iterator<Item: Send + 'static> + 'static,
    F: FnMut(T) -> Result<I, BoxError> + 'static,
{
    type In = T;
    type Out = I::Item;
    type Outs = I;

    #[inline]
    fn accept(&mut self, item: T) -> Result<I, BoxError> {
        (self.f)(item)
    }
}

/// What an item becomes in a stage that can have enough.
pub(super) enum Step<U> {
    /// An output or none, and more items are wanted.
    More(Option<U>),
    /// An output or none, and no more items are wanted.
    Last(Option<U>),
}

/// Items up to one that says so.
pub(super) struct Until<T, F> {
    f: F,
    done: bool,
    items: PhantomData<fn(T)>,
}

impl<T, F> Until<T, F> {
    /// `done` where not even the first item is wanted.
    pub(super) fn new(done: bool, f: F) -> Self {
        let items = PhantomData;
        Self { f, done, items }
    }
}

impl<T, U, F> Logic for Until<T, F>
where
    T: Send + 'static,
    U: Send + 'static,
    F: FnMut(T) -> Step<U> + 'static,
{
    type In = T;
    type Out = U;
    type Outs = std::option::IntoIter<U>;

    #[inline]
    fn accept(&mut self, item: T) -> Result<Self::Outs, BoxError> {
        let out = match (self.f)(item) {
            Step::More(out) => out,
            Step::Last(out) => {
                self.done = true;
                out
            }
        };
        Ok(out.into_iter())
    }

    #[inline]
    fn is_done(&self) -> bool {
        self.done
    }
}

/// Items into a state, which is the flow's value at the end. The closure says whether it has enough;
/// it may take the state out, which is lost then if it panics.
pub(super) struct Fold<T, A, F> {
    state: Option<A>,
    f: F,
    done: bool,
    outcome: Outcome<A>,
    items: PhantomData<fn(T)>,
}

impl<T, A, F> Fold<T, A, F> {
    pub(super) fn new(state: A, f: F, outcome: Outcome<A>) -> Self {
        Self {
            state: Some(state),
            f,
            done: false,
            outcome,
            items: PhantomData,
        }
    }
}

impl<T, A, F> Logic for Fold<T, A, F>
where
    T: Send + 'static,
    A: 'static,
    F: FnMut(&mut Option<A>, T) -> bool + 'static,
{
    type In = T;
    type Out = Infallible;
    type Outs = Empty<Infallible>;

    #[inline]
    fn accept(&mut self, item: T) -> Result<Self::Outs, BoxError> {
        self.done = (self.f)(&mut self.state, item);
        Ok(std::iter::empty())
    }

    #[inline]
    fn accept_each(&mut self, mut next: impl FnMut() -> Option<T>) -> Result<(), BoxError> {
        let mut held = Held::of(&mut self.state);
        while !self.done
            && let Some(item) = next()
        {
            self.done = (self.f)(&mut held.value, item);
        }
        Ok(())
    }

    fn finish(&mut self) -> Option<Self::Outs> {
        if let Some(state) = self.state.take() {
            self.outcome.set(state);
        }
        None
    }

    #[inline]
    fn is_done(&self) -> bool {
        self.done
    }

    fn is_sound(&self) -> bool {
        self.state.is_some()
    }
}
