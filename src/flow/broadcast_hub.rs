//! A fan-out whose readers are other flows, which join and leave while it runs.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::task::AtomicWaker;
use tokio::sync::Semaphore;

use super::broadcaster::{Broadcaster, Reader};
use super::graph::{Attrs, Kind};
use super::intake::{End, Queue};
use super::{Blueprint, Source};
use crate::edge::InPort;
use crate::stage::HandedOver;

/// A `BroadcastHub` gives the items of a running flow to other flows, which come and go.
///
/// [`Source::broadcast_hub`] makes it, [`subscribe`](Self::subscribe) gives a source over its items
/// from then on. Each subscriber has a queue of its own, of the hub's capacity, and says with a
/// [`Lag`](crate::Lag) what happens when that is full: the hub waits, items are lost, or the subscriber
/// is disconnected. Without subscribers the hub waits for one. A subscriber that leaves releases
/// what is in its queue at once.
///
/// When the hub's flow completes, is closed or is quit, each subscriber gets what is in its queue, and
/// completes. When it ends otherwise, each subscriber fails behind that. One that joins afterwards
/// completes, or fails, at once. The hub's flow ends, its items discarded, when no subscriber is left
/// and none can come, with the last clone of the hub: a subscriber's source holds one.
///
/// The idea is `BroadcastHub` of Akka Streams, where subscribers share one queue and always wait.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// #[actix::main]
/// async fn main() -> Result<(), PipelineError> {
///     let ctx = FlowContext::background();
///     let (hub, prices) = Source::from_iter(1..=100u64).broadcast_hub(16);
///     let sum = hub.subscribe(Lag::Wait).fold(0, |sum, n| sum + n).run(&ctx)?;
///     let largest = hub.subscribe(Lag::DropOldest).last().run(&ctx)?;
///
///     prices.run(&ctx)?.await?;
///     assert_eq!(sum.await?, 5050);
///     assert_eq!(largest.await?, Some(100));
///
///     let late = hub.subscribe(Lag::Wait).count().run(&ctx)?;
///     assert_eq!(late.await?, 0);
///     Ok(())
/// }
/// ```
///
/// # Cost
///
/// A clone of each item for every subscriber but one.
pub struct BroadcastHub<T> {
    handles: Arc<Handles<T>>,
}

/// Who can still subscribe: the last of these abandons the hub.
struct Handles<T>(Arc<Shared<T>>);

impl<T> Drop for Handles<T> {
    fn drop(&mut self) {
        self.0.abandoned.store(true, Ordering::Release);
        self.0.change();
    }
}

/// What the hub's sink and its subscribers share.
pub(super) struct Shared<T> {
    pub(super) capacity: usize,
    state: Mutex<State<T>>,
    /// Whether a subscriber has joined or left, or the last handle, since the sink has looked.
    changed: AtomicBool,
    pub(super) sink: AtomicWaker,
    abandoned: AtomicBool,
    subscribers: AtomicUsize,
    pub(super) lost: AtomicU64,
}

struct State<T> {
    /// Those that have joined, and that the sink does not know yet.
    joining: Vec<Reader<T>>,
    /// How the hub's flow has ended.
    over: Option<End>,
}

impl<T> Shared<T> {
    fn new(capacity: usize) -> Self {
        Self {
            capacity,
            state: Mutex::new(State {
                joining: Vec::new(),
                over: None,
            }),
            changed: AtomicBool::new(false),
            sink: AtomicWaker::new(),
            abandoned: AtomicBool::new(false),
            subscribers: AtomicUsize::new(0),
            lost: AtomicU64::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) {
        // Release: who sees it sees what has changed.
        self.changed.store(true, Ordering::Release);
        self.sink.wake();
    }

    /// Whether there is something new; asked by the sink, once its waker is registered.
    pub(super) fn take_change(&self) -> bool {
        self.changed.swap(false, Ordering::AcqRel)
    }

    pub(super) fn take_joining(&self) -> Vec<Reader<T>> {
        std::mem::take(&mut self.lock().joining)
    }

    /// Whether nobody can subscribe any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// Adds a subscriber; gives the end of a hub that is over.
    pub(super) fn join(&self, reader: Reader<T>) -> Option<End> {
        let mut state = self.lock();
        if state.over.is_some() {
            return state.over.clone();
        }
        state.joining.push(reader);
        drop(state);
        self.subscribers.fetch_add(1, Ordering::Relaxed);
        self.change();
        None
    }

    /// Forgets a subscriber whose queue has ended.
    pub(super) fn leave(&self, queue: &Arc<Queue<T>>) {
        let mut state = self.lock();
        let joining = &mut state.joining;
        let unknown = joining.iter().position(|reader| reader.is_of(queue));
        let unknown = unknown.map(|at| joining.swap_remove(at));
        drop(state);
        drop(unknown);
        self.subscribers.fetch_sub(1, Ordering::Relaxed);
        self.change();
    }

    /// Notes the end of the hub's flow; gives the subscribers that the sink has never seen.
    pub(super) fn end(&self, end: &End) -> Option<Vec<Reader<T>>> {
        let mut state = self.lock();
        if state.over.is_some() {
            return None;
        }
        state.over = Some(end.clone());
        Some(std::mem::take(&mut state.joining))
    }
}

impl<T> Clone for BroadcastHub<T> {
    fn clone(&self) -> Self {
        let handles = Arc::clone(&self.handles);
        Self { handles }
    }
}

impl<T> fmt::Debug for BroadcastHub<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BroadcastHub")
            .field("capacity", &self.shared().capacity)
            .field("subscribers", &self.subscribers())
            .field("lost", &self.lost())
            .field("over", &self.is_over())
            .finish()
    }
}

impl<T> BroadcastHub<T> {
    pub(super) fn shared(&self) -> &Arc<Shared<T>> {
        &self.handles.0
    }

    /// How many subscribers have joined and not left.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let (hub, _not_run_yet) = Source::once(1u64).broadcast_hub(16);
    /// let reader = hub.subscribe(Lag::Wait).count();
    /// assert_eq!(hub.subscribers(), 0);
    /// let reader = reader.run(&FlowContext::background())?;
    /// assert_eq!(hub.subscribers(), 1);
    /// reader.control().cancel("enough").await;
    /// assert_eq!(hub.subscribers(), 0);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.shared().subscribers.load(Ordering::Relaxed)
    }

    /// How many items subscribers have lost since they were too slow, all in all.
    ///
    /// Those of one subscriber are in the report of its flow: its source has received what it was
    /// offered, and has discarded what it lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let ctx = FlowContext::background();
    /// let (hub, flow) = Source::from_iter(0..100u64).broadcast_hub(1);
    /// let reader = hub.subscribe(Lag::DropNewest).named("news").count().run(&ctx)?;
    /// flow.run(&ctx)?.await?;
    /// let news = reader.wait().await?.report.stage("news").cloned();
    /// let news = news.expect("it is a stage");
    /// assert_eq!((news.received, news.discarded), (100, hub.lost()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.shared().lost.load(Ordering::Relaxed)
    }

    /// Whether its flow is over, so that who subscribes finds nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// let (hub, flow) = Source::once(1u64).broadcast_hub(16);
    /// assert!(!hub.is_over());
    /// drop(flow);
    /// assert!(hub.is_over());
    /// ```
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.shared().lock().over.is_some()
    }
}

impl<T: Clone + Send + 'static> Source<T> {
    /// Ends the blueprint in a hub that other flows read, and gives the hub.
    ///
    /// Each subscriber has a queue of at most `capacity` items. Without subscribers, and while one that
    /// it waits for has no room, the hub takes nothing from its source.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    /// use futures::TryStreamExt;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let ctx = FlowContext::background();
    /// let (hub, flow) = Source::from_iter(0..).broadcast_hub(4);
    /// let flow = flow.run(&ctx)?;
    ///
    /// let mut reader = hub.subscribe(Lag::Wait).run_stream(&ctx)?;
    /// assert_eq!(reader.try_next().await?, Some(0u64));
    /// assert_eq!(reader.try_next().await?, Some(1));
    /// drop(reader);
    ///
    /// // Nobody reads any more, and nobody can.
    /// drop(hub);
    /// flow.await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`](crate::StartError) of `run`, if `capacity` is 0.
    ///
    /// # Panics
    ///
    /// Panics if `capacity` is above `usize::MAX >> 3`.
    ///
    /// # Ordering
    ///
    /// Every subscriber gets its items in the order of the source.
    #[track_caller]
    pub fn broadcast_hub(self, capacity: usize) -> (BroadcastHub<T>, Blueprint<()>) {
        assert!(
            capacity <= Semaphore::MAX_PERMITS,
            "no memory holds a queue of {capacity} items"
        );
        let shared = Arc::new(Shared::new(capacity));
        let broadcaster = Broadcaster::new(Arc::clone(&shared), T::clone);
        let mut attrs = Attrs::of("broadcast_hub", Kind::Stage);
        attrs.zero = (capacity == 0).then_some("capacity");
        attrs.misused = self.retry.is_some().then_some("retried");
        let blueprint = self.seal(attrs, move |up, _, outcome| {
            // There is nothing to fold: the value is that the sink has run.
            outcome.set(());
            HandedOver::new(broadcaster, InPort::new(up))
        });
        let handles = Arc::new(Handles(shared));
        (BroadcastHub { handles }, blueprint)
    }
}
