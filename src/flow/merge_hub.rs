//! A fan-in that other flows join and leave while it runs: its flow begins with the source of a
//! bounded queue, which ends when no input is left and none can come.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Source;
use super::graph::Entry;
use super::intake::{End, Intake, Queue};
use super::source::Seat;
use crate::stage::Supplied;

/// A `MergeHub` lets other flows join a running one: a fan-in with inputs that come and go.
///
/// [`Source::merge_hub`] makes it, [`Source::into_hub`] ends a flow in it. An input joins when its
/// flow is run, on whatever thread, and leaves when that is over. At most `cap` items of all inputs
/// together are in the hub, however many inputs there are; beside these each input has the items
/// that wait at its sink, one unless its [`window`](crate::Blueprint::window) says otherwise. An
/// input that has nothing to send holds no place, and those that have are served in turn, an item
/// each.
///
/// The hub's flow ends when no input is left and none can come: after [`close`](Self::close), or
/// when the last clone is dropped; a blueprint that was not run yet holds one, and so does an
/// input. One that the hub's own flow holds, in a closure, keeps it running for ever. When the
/// hub's flow ends first, each input finds that its reader has left: its items that were not
/// taken are discarded and counted, and its flow ends. From then on, and from `close` on,
/// joining is refused by [`run`](crate::Blueprint::run). An input that fails ends only itself.
///
/// The idea is `MergeHub` of Akka Streams.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// #[actix::main]
/// async fn main() -> Result<(), PipelineError> {
///     let ctx = FlowContext::background();
///     let (hub, merged) = Source::merge_hub(16);
///     let sum = merged.fold(0, |sum, n: u64| sum + n).run(&ctx)?;
///
///     let first = Source::from_iter(0..10).into_hub(&hub).run(&ctx)?;
///     first.await?;
///     let second = Source::once(100).into_hub(&hub).run(&ctx)?;
///     hub.close();
///     assert!(Source::once(1000).into_hub(&hub).run(&ctx).is_err());
///
///     second.await?;
///     assert_eq!(sum.await?, 145);
///     Ok(())
/// }
/// ```
///
/// # Cost
///
/// At the default window of its sink an input makes its next item when the hub has taken the one
/// before. Where inputs are few and fast, give them a larger window.
pub struct MergeHub<T> {
    pub(super) shared: Arc<Shared<T>>,
}

/// Who can still join: the last of these ends the queue.
pub(super) struct Shared<T> {
    pub(super) queue: Arc<Queue<T>>,
    inputs: Mutex<Inputs>,
    pub(super) failed: AtomicU64,
}

struct Inputs {
    now: usize,
    closed: bool,
}

impl<T> Shared<T> {
    fn inputs(&self) -> MutexGuard<'_, Inputs> {
        self.inputs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an input that joins, unless none can any more.
    pub(super) fn join(&self) -> bool {
        let mut inputs = self.inputs();
        let joins = !inputs.closed && !self.queue.is_ended();
        inputs.now += usize::from(joins);
        joins
    }

    /// Counts an input that leaves.
    pub(super) fn leave(&self) {
        let mut inputs = self.inputs();
        inputs.now -= 1;
        let over = inputs.closed && inputs.now == 0;
        drop(inputs);
        self.end_if(over);
    }

    fn end_if(&self, over: bool) {
        if over {
            self.queue.end(End::Closed);
        }
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        self.end_if(true);
    }
}

impl<T> Clone for MergeHub<T> {
    fn clone(&self) -> Self {
        let shared = Arc::clone(&self.shared);
        Self { shared }
    }
}

impl<T> fmt::Debug for MergeHub<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergeHub")
            .field("inputs", &self.inputs())
            .field("waiting", &self.waiting())
            .field("closed", &self.is_closed())
            .finish()
    }
}

impl<T> MergeHub<T> {
    /// Lets no more inputs join; the hub's flow ends when those that have joined are over.
    ///
    /// Of the hub's flow itself, [`Control::close`](crate::Control::close) ends the inputs too.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let ctx = FlowContext::background();
    /// let (hub, merged) = Source::merge_hub(16);
    /// let count = merged.count().run(&ctx)?;
    /// let input = Source::from_iter(0..1000u64).into_hub(&hub).run(&ctx)?;
    /// hub.close();
    /// assert_eq!(count.await?, 1000);
    /// # input.await
    /// # }
    /// ```
    pub fn close(&self) {
        let mut inputs = self.shared.inputs();
        inputs.closed = true;
        let over = inputs.now == 0;
        drop(inputs);
        self.shared.end_if(over);
    }

    /// Whether no more inputs can join: it was closed, or its flow is over.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// let (hub, merged) = Source::<u64>::merge_hub(16);
    /// assert!(!hub.is_closed());
    /// drop(merged);
    /// assert!(hub.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.inputs().closed || self.shared.queue.is_ended()
    }

    /// How many inputs have joined and not left.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let (hub, _merged) = Source::merge_hub(16);
    /// let input = Source::once(1u64).into_hub(&hub);
    /// assert_eq!(hub.inputs(), 0);
    /// let input = input.run(&FlowContext::background())?;
    /// assert_eq!(hub.inputs(), 1);
    /// input.await?;
    /// assert_eq!(hub.inputs(), 0);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.shared.inputs().now
    }

    /// How many inputs have left because their flow had failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let ctx = FlowContext::background();
    /// let (hub, merged) = Source::merge_hub(16);
    /// let numbers = merged.collect::<Vec<u64>>().run(&ctx)?;
    /// let bad = Source::from_iter(["1", "two"]).try_map(str::parse);
    /// assert!(bad.into_hub(&hub).run(&ctx)?.await.is_err());
    /// Source::once(3).into_hub(&hub).run(&ctx)?.await?;
    /// assert_eq!(hub.failed(), 1);
    /// drop(hub);
    /// assert_eq!(numbers.await?.last(), Some(&3));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.shared.failed.load(Ordering::Relaxed)
    }

    /// How many items are in the hub, taken from the inputs and not sent on: never more than the
    /// cap.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let (hub, _not_run_yet) = Source::merge_hub(16);
    /// Source::from_iter(0..10u64).into_hub(&hub).run(&FlowContext::background())?.await?;
    /// assert_eq!(hub.waiting(), 10);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.queue.lock().items.len()
    }
}

impl<T: Send + 'static> Source<T> {
    /// A source that other flows join and leave while it runs, and the hub by which they do.
    ///
    /// At most `cap` items of all inputs together are in the hub. A hub without inputs waits for
    /// some; without items of theirs, for these. Its report counts an item as received when the hub
    /// has taken it: the sums of what the sinks of its inputs have passed.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let ctx = FlowContext::background();
    /// let (hub, merged) = Source::merge_hub(64);
    /// let total = merged.count().run(&ctx)?;
    /// for visitor in 0..3u64 {
    ///     let flow = Source::from_iter(0..visitor).into_hub(&hub);
    ///     flow.run(&ctx)?.detach();
    /// }
    /// hub.close();
    /// assert_eq!(total.await?, 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `cap` is 0.
    ///
    /// # Panics
    ///
    /// Panics if `cap` is above `usize::MAX >> 3`.
    ///
    /// # Ordering
    ///
    /// The items of one input keep their order; between inputs there is none.
    #[track_caller]
    pub fn merge_hub(cap: usize) -> (MergeHub<T>, Self) {
        let queue = Arc::new(Queue::new(cap));
        let intake = Intake(Arc::clone(&queue));
        let make = move |seat: Seat<'_, T>| Supplied::new(intake, seat.out);
        let mut source = Self::generate_with("merge_hub", make);
        source.attrs.zero = (cap == 0).then_some("cap");
        source.attrs.entry = Some(Arc::clone(&queue) as Arc<dyn Entry>);
        let shared = Arc::new(Shared {
            queue,
            inputs: Mutex::new(Inputs {
                now: 0,
                closed: false,
            }),
            failed: AtomicU64::new(0),
        });
        (MergeHub { shared }, source)
    }
}
