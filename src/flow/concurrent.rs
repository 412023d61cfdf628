//! Verbs that run a future, a blocking closure or another actor's handler per item.

use std::sync::Arc;

use actix::Recipient;
use actix::dev::Message;
use tokio::task::JoinHandle;

use super::graph::{Attrs, Kind};
use super::{Blueprint, Source};
use crate::context::BoxError;
use crate::edge::InPort;
use crate::stage::{Conclude, Concurrent, Core, Void};

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
        begin: impl FnMut(&Core, T) -> F + Send + 'static,
        conclude: Conclude<U, F>,
    ) -> Source<U>
    where
        U: Send + 'static,
        F: Future + 'static,
    {
        let mut attrs = Attrs::of(verb, Kind::Stage);
        attrs.concurrency = Some(concurrency);
        self.then(attrs, move |up, seat| {
            let input = InPort::new(up);
            Concurrent::new((begin, conclude), concurrency, ordered, input, seat.out)
        })
    }

    fn concurrent_sink<F>(
        self,
        attrs: Attrs,
        concurrency: usize,
        begin: impl FnMut(&Core, T) -> F + Send + 'static,
        conclude: Conclude<(), F>,
    ) -> Blueprint<()>
    where
        F: Future + 'static,
    {
        self.seal(attrs, move |up, _, outcome| {
            let input = InPort::new(up);
            Concurrent::new((begin, conclude), concurrency, false, input, Void)
                .on_finish(move || outcome.set(()))
        })
    }

    /// Runs a future per item, up to `concurrency` of them at once, and passes their results in the
    /// order of the items.
    ///
    /// The futures run on the stage's arbiter and need not be `Send`. Those running, and the
    /// results that wait for their turn, are never more than the window together. The idea is
    /// `mapAsync` of Akka Streams, and `buffered` of the futures crate.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let answers: Vec<u64> = Source::from_iter([3u64, 1, 2])
    ///     .map_async(3, |n| async move {
    ///         tokio::time::sleep(Duration::from_millis(n)).await;
    ///         n * 10
    ///     })
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert_eq!(answers, [30, 10, 20]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `concurrency` is 0 or above the window.
    ///
    /// # Cancel safety
    ///
    /// Under close and quit a future that runs is finished; under cancel it is dropped at its
    /// await.
    ///
    /// # Ordering
    ///
    /// A slow item holds back the results of those behind it, not their futures.
    pub fn map_async<U, F>(
        self,
        concurrency: usize,
        mut f: impl FnMut(T) -> F + Send + 'static,
    ) -> Source<U>
    where
        U: Send + 'static,
        F: Future<Output = U> + 'static,
    {
        self.concurrent("map_async", concurrency, true, move |_, item| f(item), Ok)
    }

    /// As [`map_async`](Self::map_async), but passes results as they come.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    /// use futures::future;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let answers = Source::from_iter([0u64, 7]).map_async_unordered(2, |n| async move {
    ///     // The first is never ready, and does not hold back the second.
    ///     if n == 0 { future::pending::<()>().await }
    ///     n
    /// });
    /// assert_eq!(answers.first().run(&FlowContext::background())?.await?, Some(7));
    /// # Ok(())
    /// # }
    /// ```
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
        self.concurrent(verb, concurrency, false, move |_, item| f(item), Ok)
    }

    /// Runs a blocking closure per item off the arbiter, up to `concurrency` at once, and passes
    /// the results in the order of the items.
    ///
    /// The closures run on the runtime's threads for blocking work. For work that keeps processors
    /// busy, [`map_parallel`](Self::map_parallel) is the better verb.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::fs;
    ///
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let sizes: Vec<usize> = Source::from_iter(["Cargo.toml", "no such file"])
    ///     .map_blocking(2, |path| fs::read(path).map_or(0, |bytes| bytes.len()))
    ///     .collect()
    ///     .run(&FlowContext::background())?
    ///     .await?;
    /// assert!(sizes[0] > 0 && sizes[1] == 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `concurrency` is 0 or above the window.
    ///
    /// # Cancel safety
    ///
    /// A closure that runs cannot be stopped: a cancelled flow discards its item, and
    /// [`wait`](crate::Pipeline::wait) waits for it, until [`grace`](crate::Blueprint::grace) and
    /// abort are over; then the flow is [`Stuck`](crate::Cause::Stuck). One that waits for a thread
    /// does not begin any more.
    pub fn map_blocking<U>(
        self,
        concurrency: usize,
        f: impl Fn(T) -> U + Send + Sync + 'static,
    ) -> Source<U>
    where
        U: Send + 'static,
    {
        let f = Arc::new(f);
        let begin = move |core: &Core, item| {
            let (f, presence) = (Arc::clone(&f), Arc::clone(&core.presence));
            // The presence leaves with the result, so that it is dropped after it.
            let mut task = Blocking(tokio::task::spawn_blocking(move || (f(item), presence)));
            async move {
                match (&mut task.0).await {
                    Ok((out, _)) => Ok(out),
                    Err(error) => match error.try_into_panic() {
                        Ok(panic) => std::panic::resume_unwind(panic),
                        Err(error) => Err(error.into()),
                    },
                }
            }
        };
        self.concurrent("map_blocking", concurrency, true, begin, |result| result)
    }

    /// Sends each item to an existing actor, up to `concurrency` at once, and passes its replies in
    /// the order of the items.
    ///
    /// The idea is `ask` of Akka Streams.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix::prelude::*;
    /// use actix_flow::prelude::*;
    ///
    /// #[derive(Message)]
    /// #[rtype(result = "usize")]
    /// struct Measure(&'static str);
    ///
    /// struct Ruler;
    ///
    /// impl Actor for Ruler {
    ///     type Context = Context<Self>;
    /// }
    ///
    /// impl Handler<Measure> for Ruler {
    ///     type Result = usize;
    ///
    ///     fn handle(&mut self, text: Measure, _: &mut Context<Self>) -> usize {
    ///         text.0.len()
    ///     }
    /// }
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let ruler = Ruler.start();
    /// let lengths: Vec<usize> = Source::from_iter(["a", "bcd"])
    ///     .map(Measure)
    ///     .ask(ruler.recipient(), 8)
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
    /// An actor that is gone, or dies before it has answered, fails the stage with its
    /// `MailboxError`. [`StartError`](crate::StartError) of `run`, if `concurrency` is 0 or above
    /// the window.
    ///
    /// # Cancel safety
    ///
    /// A cancel does not wait for replies; what was sent is in the hands of the actor.
    pub fn ask(self, actor: Recipient<T>, concurrency: usize) -> Source<T::Result>
    where
        T: Message,
        T::Result: Send,
    {
        let begin = move |_: &Core, item| actor.send(item);
        self.concurrent("ask", concurrency, true, begin, |reply| {
            reply.map_err(BoxError::from)
        })
    }

    /// Runs a future per item, up to `concurrency` at once: a sink.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let (stored, list) = std::sync::mpsc::channel();
    /// let flow = Source::from_iter(1..=3u64).for_each_async(2, move |n| {
    ///     let stored = stored.clone();
    ///     async move { stored.send(n).expect("it is read below") }
    /// });
    /// flow.run(&FlowContext::background())?.await?;
    /// assert_eq!(list.iter().sum::<u64>(), 6);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `concurrency` is 0 or above the window.
    ///
    /// # Cancel safety
    ///
    /// Under close and quit a future that runs is finished; under cancel it is dropped at its
    /// await.
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
        self.concurrent_sink(attrs, concurrency, move |_, item| f(item), Ok)
    }

    /// Sends each item to an existing actor: a sink that is bounded by its window, since an item's
    /// credit goes back when the actor has answered.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix::prelude::*;
    /// use actix_flow::prelude::*;
    ///
    /// #[derive(Message)]
    /// #[rtype(result = "()")]
    /// struct Store(u64);
    ///
    /// #[derive(Message)]
    /// #[rtype(result = "u64")]
    /// struct Sum;
    ///
    /// #[derive(Default)]
    /// struct Shelf(u64);
    ///
    /// impl Actor for Shelf {
    ///     type Context = Context<Self>;
    /// }
    ///
    /// impl Handler<Store> for Shelf {
    ///     type Result = ();
    ///
    ///     fn handle(&mut self, item: Store, _: &mut Context<Self>) {
    ///         self.0 += item.0;
    ///     }
    /// }
    ///
    /// impl Handler<Sum> for Shelf {
    ///     type Result = u64;
    ///
    ///     fn handle(&mut self, _: Sum, _: &mut Context<Self>) -> u64 {
    ///         self.0
    ///     }
    /// }
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let shelf = Shelf::default().start();
    /// let flow = Source::from_iter(1..=4).map(Store).send_to(shelf.clone().recipient());
    /// flow.run(&FlowContext::background())?.await?;
    /// assert_eq!(shelf.send(Sum).await, Ok(10));
    /// # Ok(())
    /// # }
    /// ```
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
        let begin = move |_: &Core, item| actor.send(item);
        self.concurrent_sink(attrs, usize::MAX, begin, |reply| {
            reply.map(drop).map_err(BoxError::from)
        })
    }
}
