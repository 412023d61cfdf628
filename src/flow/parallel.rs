//! Composites of workers: one verb, a split, several actors, a join.

use std::sync::Arc;

use actix_rt::ArbiterHandle;

use super::Source;
use super::graph::{Attrs, Kind};
use super::logic::Each;
use super::workers::Workers;
use crate::context::FlowContext;

impl<T: Send + 'static> Source<T> {
    fn parallel<U, G>(
        self,
        verb: &'static str,
        workers: Workers,
        ordered: bool,
        factory: impl Fn(&FlowContext) -> G + Send + Sync + 'static,
    ) -> Source<U>
    where
        U: Send + 'static,
        G: FnMut(T) -> U + 'static,
    {
        let mut attrs = Attrs::of(verb, Kind::Stage);
        attrs.concurrency = Some(workers.len());
        self.workers(attrs, workers, ordered, None, move |context| {
            let mut f = factory(context);
            Each::new(move |item| Ok(Some(f(item)).into_iter()))
        })
    }

    /// Makes one item of each on `workers` actors, each on an arbiter of its own, and passes the
    /// results in the order of the items.
    ///
    /// The arbiters belong to the flow: `run` starts them, and they are stopped and joined before
    /// [`wait`](crate::Pipeline::wait) returns. A worker may block its arbiter. Items go to the
    /// worker with the most free credit; the window, 1024 where nothing is said, is the sum over
    /// the workers: where items are long work, a small one (twice the workers) spreads them more
    /// evenly.
    ///
    /// The parts are stages of their own, here of the name `digest`: `digest/split`, `digest/1` ..
    /// `digest/4`, `digest/join`; the workers form the group `digest`.
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `workers` is 0 or above the window, or outside
    /// of an actix System, which arbiters need; there,
    /// [`map_parallel_on`](Self::map_parallel_on) is the verb.
    ///
    /// # Cost
    ///
    /// Starting and joining an arbiter takes some hundred microseconds, handing an item to another
    /// thread some microseconds: for flows per request, `map_parallel_on` shares arbiters.
    pub fn map_parallel<U: Send + 'static>(
        self,
        workers: usize,
        f: impl Fn(T) -> U + Send + Sync + 'static,
    ) -> Source<U> {
        let f = Arc::new(f);
        self.parallel("map_parallel", Workers::Own(workers), true, move |_| {
            let f = Arc::clone(&f);
            move |item| f(item)
        })
    }

    /// As [`map_parallel`](Self::map_parallel), but passes results as they come.
    pub fn map_parallel_unordered<U: Send + 'static>(
        self,
        workers: usize,
        f: impl Fn(T) -> U + Send + Sync + 'static,
    ) -> Source<U> {
        let f = Arc::new(f);
        let verb = "map_parallel_unordered";
        self.parallel(verb, Workers::Own(workers), false, move |_| {
            let f = Arc::clone(&f);
            move |item| f(item)
        })
    }

    /// As [`map_parallel`](Self::map_parallel), with a closure per worker from a factory that sees
    /// the flow's context; the closure can have a state, and need not be `Send`.
    ///
    /// # Panics
    ///
    /// A panic in the factory fails the flow.
    pub fn map_parallel_with<U, G>(
        self,
        workers: usize,
        factory: impl Fn(&FlowContext) -> G + Send + Sync + 'static,
    ) -> Source<U>
    where
        U: Send + 'static,
        G: FnMut(T) -> U + 'static,
    {
        self.parallel("map_parallel_with", Workers::Own(workers), true, factory)
    }

    /// As [`map_parallel`](Self::map_parallel), with a worker on each of the given arbiters, which
    /// stay the caller's: for flows that are started often, one per request say. The closure must
    /// not block.
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if there is no arbiter, or a dead one.
    pub fn map_parallel_on<U: Send + 'static>(
        self,
        arbiters: &[ArbiterHandle],
        f: impl Fn(T) -> U + Send + Sync + 'static,
    ) -> Source<U> {
        let f = Arc::new(f);
        let workers = Workers::On(arbiters.to_vec());
        self.parallel("map_parallel_on", workers, true, move |_| {
            let f = Arc::clone(&f);
            move |item| f(item)
        })
    }
}
