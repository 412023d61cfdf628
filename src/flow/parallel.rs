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
        own_state: bool,
        factory: impl Fn(&FlowContext) -> G + Send + Sync + 'static,
    ) -> Source<U>
    where
        U: Send + 'static,
        G: FnMut(T) -> U + 'static,
    {
        let mut attrs = Attrs::of(verb, Kind::Stage);
        attrs.concurrency = Some(workers.len());
        attrs.factory = own_state;
        self.workers(attrs, workers, ordered, None, move |context| {
            let mut f = factory(context);
            Each::new(move |item| Ok(Some(f(item)).into_iter()))
        })
    }

    /// Makes one item of each on `workers` actors, each on an arbiter of its own, and passes the
    /// results in the order of the items.
    ///
    /// The arbiters belong to the flow: `run` starts them, and they are stopped and joined before
    /// [`wait`](crate::Pipeline::wait) returns. A worker may block its arbiter. The first item is
    /// sent when every worker is up. Items go to the
    /// worker with the most free credit; the window, 1024 where nothing is said, is the sum over
    /// the workers: where items are long work, a small one (twice the workers) spreads them more
    /// evenly. The idea is the bounded parallelism of Go's article on pipelines.
    ///
    /// The parts are stages of their own, here of the name `digest`: `digest/split`, `digest/1` ..
    /// `digest/4`, `digest/join`; the workers form the group `digest`.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// fn digest(seed: u64) -> u64 {
    ///     (0..1_000).fold(seed, |hash, n| hash.rotate_left(5) ^ n)
    /// }
    ///
    /// let digests: Vec<u64> = Source::from_iter(0..100)
    ///     .map_parallel(4, digest).named("digest").window(8)
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert!(digests.into_iter().eq((0..100).map(digest)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `workers` is 0 or above the window, or
    /// outside of an actix System, which arbiters need; there,
    /// [`map_parallel_on`](Self::map_parallel_on) is the verb.
    ///
    /// # Ordering
    ///
    /// A slow item holds back the results of those behind it. When a worker is quit, the results
    /// that it would have made are missing, and hold back nothing.
    ///
    /// # Cost
    ///
    /// Each run starts and joins a thread per worker, and handing items over wakes one: for flows
    /// per request, `map_parallel_on` shares arbiters; for short work per item, [`map`](Self::map)
    /// is faster. A worker passes on by itself what takes it 100 µs or more, and of shorter items a quarter
    /// of its window at once, at the latest after 500 µs.
    pub fn map_parallel<U: Send + 'static>(
        self,
        workers: usize,
        f: impl Fn(T) -> U + Send + Sync + 'static,
    ) -> Source<U> {
        let f = Arc::new(f);
        self.parallel(
            "map_parallel",
            Workers::Own(workers),
            true,
            false,
            move |_| {
                let f = Arc::clone(&f);
                move |item| f(item)
            },
        )
    }

    /// As [`map_parallel`](Self::map_parallel), but passes results as they come.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let sum = Source::from_iter(1..=100u64)
    ///     .map_parallel_unordered(2, |n| n * n)
    ///     .fold(0, |sum, n| sum + n)
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(sum, 338_350);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Ordering
    ///
    /// The results of one worker keep their order; between workers there is none.
    pub fn map_parallel_unordered<U: Send + 'static>(
        self,
        workers: usize,
        f: impl Fn(T) -> U + Send + Sync + 'static,
    ) -> Source<U> {
        let f = Arc::new(f);
        let verb = "map_parallel_unordered";
        self.parallel(verb, Workers::Own(workers), false, false, move |_| {
            let f = Arc::clone(&f);
            move |item| f(item)
        })
    }

    /// As [`map_parallel`](Self::map_parallel), with a closure per worker from a factory that sees
    /// the flow's context; the closure can have a state, and need not be `Send`.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let lengths: Vec<usize> = Source::from_iter(["a", "bcd"])
    ///     .map_parallel_with(2, |_| {
    ///         // One buffer per worker, made on the worker's thread.
    ///         let mut buffer = String::new();
    ///         move |text: &str| {
    ///             buffer.clear();
    ///             buffer.push_str(text);
    ///             buffer.len()
    ///         }
    ///     })
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(lengths, [1, 3]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`map_parallel`](Self::map_parallel). A panic in the factory fails the flow, under
    /// [`isolated`](Self::isolated) too: the worker never started.
    pub fn map_parallel_with<U, G>(
        self,
        workers: usize,
        factory: impl Fn(&FlowContext) -> G + Send + Sync + 'static,
    ) -> Source<U>
    where
        U: Send + 'static,
        G: FnMut(T) -> U + 'static,
    {
        let workers = Workers::Own(workers);
        self.parallel("map_parallel_with", workers, true, true, factory)
    }

    /// As [`map_parallel_with`](Self::map_parallel_with), but passes results as they come.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let lengths = Source::from_iter(["one", "two", "three"])
    ///     .map_parallel_unordered_with(2, |_context| {
    ///         let mut buffer = String::new();
    ///         move |word: &str| {
    ///             buffer.clear();
    ///             buffer.push_str(word);
    ///             buffer.len()
    ///         }
    ///     })
    ///     .fold(0, |sum, length| sum + length)
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(lengths, 11);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`map_parallel_with`](Self::map_parallel_with).
    ///
    /// # Ordering
    ///
    /// That of [`map_parallel_unordered`](Self::map_parallel_unordered).
    pub fn map_parallel_unordered_with<U, G>(
        self,
        workers: usize,
        factory: impl Fn(&FlowContext) -> G + Send + Sync + 'static,
    ) -> Source<U>
    where
        U: Send + 'static,
        G: FnMut(T) -> U + 'static,
    {
        let verb = "map_parallel_unordered_with";
        self.parallel(verb, Workers::Own(workers), false, true, factory)
    }

    /// As [`map_parallel`](Self::map_parallel), with a worker on each of the given arbiters, which
    /// stay the caller's: for flows that are started often, one per request say.
    ///
    /// The closure must not block: others may live on these arbiters.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    /// use actix_rt::Arbiter;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let shared = [Arbiter::new(), Arbiter::new()];
    /// let workers = shared.each_ref().map(Arbiter::handle);
    /// for request in 0..3u64 {
    ///     let answer = Source::from_iter(0..10)
    ///         .map_parallel_on(&workers, move |n| n + request)
    ///         .count();
    ///     assert_eq!(answer.run(&FlowContext::background())?.await?, 10);
    /// }
    /// # Ok(())
    /// # }
    /// ```
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
        self.parallel("map_parallel_on", workers, true, false, move |_| {
            let f = Arc::clone(&f);
            move |item| f(item)
        })
    }
}
