//! Verbs that run a future, a blocking closure or another actor's handler per item.

use std::sync::Arc;

use actix::Recipient;
use actix::dev::Message;
use futures::FutureExt;
use tokio::task::JoinHandle;

use super::graph::{Attrs, Kind};
use super::{Blueprint, Source};
use crate::context::BoxError;
use crate::edge::InPort;
use crate::stage::{Concurrent, Core, Numbered, Void};

/// A blocking closure that runs, or waits for a thread; dropped, it does not begin any more.
struct Blocking<T>(JoinHandle<T>);

impl<T> Drop for Blocking<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T: Send + 'static> Source<T> {
    fn concurrent<U, F>(
        self,
        verb: &'static str,
        concurrency: usize,
        ordered: bool,
        begin: impl FnMut(&Core, u64, T) -> F + Send + 'static,
    ) -> Source<U>
    where
        U: Send + 'static,
        F: Future<Output = Numbered<U>> + 'static,
    {
        let mut attrs = Attrs::of(verb, Kind::Stage);
        attrs.concurrency = Some(concurrency);
        self.then(attrs, move |up, seat| {
            let input = InPort::new(up, seat.window);
            Concurrent::new(begin, concurrency, ordered, input, seat.out)
        })
    }

    fn concurrent_sink<F>(
        self,
        attrs: Attrs,
        concurrency: usize,
        begin: impl FnMut(&Core, u64, T) -> F + Send + 'static,
    ) -> Blueprint<()>
    where
        F: Future<Output = Numbered<()>> + 'static,
    {
        self.seal(attrs, move |up, _, window, outcome| {
            let input = InPort::new(up, window);
            Concurrent::new(begin, concurrency, false, input, Void)
                .on_finish(move || outcome.set(()))
        })
    }

    /// Runs a future per item, up to `concurrency` of them at once, and passes their results in the
    /// order of the items.
    ///
    /// The futures run on the stage's arbiter and need not be `Send`. Those running, and the results
    /// that wait for their turn, are never more than the window together.
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `concurrency` is 0 or above the window.
    ///
    /// # Cancel safety
    ///
    /// Under close and quit a future that runs is finished; under cancel it is dropped at its await.
    pub fn map_async<U, F>(
        self,
        concurrency: usize,
        mut f: impl FnMut(T) -> F + Send + 'static,
    ) -> Source<U>
    where
        U: Send + 'static,
        F: Future<Output = U> + 'static,
    {
        self.concurrent("map_async", concurrency, true, move |_, n, item| {
            f(item).map(move |out| (n, Ok(out)))
        })
    }

    /// As [`map_async`](Self::map_async), but passes results as they come.
    pub fn map_async_unordered<U, F>(
        self,
        concurrency: usize,
        mut f: impl FnMut(T) -> F + Send + 'static,
    ) -> Source<U>
    where
        U: Send + 'static,
        F: Future<Output = U> + 'static,
    {
        let verb = "map_async_unordered";
        self.concurrent(verb, concurrency, false, move |_, n, item| {
            f(item).map(move |out| (n, Ok(out)))
        })
    }

    /// Runs a blocking closure per item off the arbiter, up to `concurrency` at once, and passes
    /// the results in the order of the items.
    ///
    /// The closures run on the runtime's threads for blocking work. One that runs cannot be
    /// stopped: a cancelled flow discards its item, and [`wait`](crate::Pipeline::wait) waits for
    /// it. For work that keeps processors busy, [`map_parallel`](Self::map_parallel) is the better
    /// verb.
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `concurrency` is 0 or above the window.
    pub fn map_blocking<U>(
        self,
        concurrency: usize,
        f: impl Fn(T) -> U + Send + Sync + 'static,
    ) -> Source<U>
    where
        U: Send + 'static,
    {
        let f = Arc::new(f);
        self.concurrent("map_blocking", concurrency, true, move |core, n, item| {
            let (f, life) = (Arc::clone(&f), Arc::clone(&core.life));
            // The lifeline leaves with the result, so that it is dropped after it.
            let mut task = Blocking(tokio::task::spawn_blocking(move || (f(item), life)));
            async move {
                match (&mut task.0).await {
                    Ok((out, _)) => (n, Ok(out)),
                    Err(error) => match error.try_into_panic() {
                        Ok(panic) => std::panic::resume_unwind(panic),
                        Err(error) => (n, Err(error.into())),
                    },
                }
            }
        })
    }

    /// Sends each item to an existing actor, up to `concurrency` at once, and passes its replies in
    /// the order of the items.
    ///
    /// # Errors
    ///
    /// An actor that is gone, or dies before it has answered, fails the stage with its
    /// `MailboxError`. [`StartError`](crate::StartError) of `run`, if `concurrency` is 0 or above the
    /// window.
    pub fn ask(self, actor: Recipient<T>, concurrency: usize) -> Source<T::Result>
    where
        T: Message,
        T::Result: Send,
    {
        self.concurrent("ask", concurrency, true, move |_, n, item| {
            actor
                .send(item)
                .map(move |reply| (n, reply.map_err(BoxError::from)))
        })
    }

    /// Runs a future per item, up to `concurrency` at once: a sink.
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `concurrency` is 0 or above the window.
    pub fn for_each_async<F>(
        self,
        concurrency: usize,
        mut f: impl FnMut(T) -> F + Send + 'static,
    ) -> Blueprint<()>
    where
        F: Future<Output = ()> + 'static,
    {
        let mut attrs = Attrs::of("for_each_async", Kind::Stage);
        attrs.concurrency = Some(concurrency);
        self.concurrent_sink(attrs, concurrency, move |_, n, item| {
            f(item).map(move |()| (n, Ok(())))
        })
    }

    /// Sends each item to an existing actor: a sink that is bounded by its window, since an item's
    /// credit goes back when the actor has answered.
    ///
    /// # Errors
    ///
    /// An actor that is gone, or dies before it has answered, fails the stage with its
    /// `MailboxError`.
    ///
    /// # Ordering
    ///
    /// Items are sent in their order; they are out of the flow's hands from then on.
    pub fn send_to(self, actor: Recipient<T>) -> Blueprint<()>
    where
        T: Message,
        T::Result: Send,
    {
        let attrs = Attrs::of("send_to", Kind::Stage);
        self.concurrent_sink(attrs, usize::MAX, move |_, n, item| {
            actor
                .send(item)
                .map(move |reply| (n, reply.map(drop).map_err(BoxError::from)))
        })
    }
}
