//! The subscribers of a broadcast hub: sources of other flows.
//!
//! 1. A subscriber joins in `run`, before anything of its flow is started, and leaves with its actor.
//! 2. Its queue ends before it leaves: what is given to it afterwards comes back.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use super::broadcaster::Reader;
use super::graph::Entry;
use super::intake::{Intake, Queue};
use super::{BroadcastHub, Source};
use crate::context::BoxError;
use crate::stage::{Accepted, Supplied, Supply};
use crate::supervise::StageState;

/// A `Lag` says what a [`BroadcastHub`] does for a subscriber whose queue is full.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
/// use futures::StreamExt;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), PipelineError> {
/// let ctx = FlowContext::background();
/// let (hub, flow) = Source::from_iter(0..100u64).broadcast_hub(1);
/// let slow = hub.subscribe(Lag::Disconnect).run_stream(&ctx)?;
/// let all = hub.subscribe(Lag::Wait).count().run(&ctx)?;
/// flow.run(&ctx)?.await?;
/// assert_eq!(all.await?, 100);
/// // Its flow fails: it was too slow.
/// let last = slow.collect::<Vec<_>>().await.pop();
/// assert!(matches!(last, Some(Err(_)) | Some(Ok(99))));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lag {
    /// The hub waits until there is room, and all its subscribers wait with it: nothing is lost.
    #[default]
    Wait,
    /// The item that has waited longest in the queue is lost.
    DropOldest,
    /// The item that has no room is lost.
    DropNewest,
    /// The item that has no room is lost, and the subscriber gets no more: its source fails behind
    /// what is in its queue.
    Disconnect,
}

/// A subscriber's place among the others; its drop is that it has left.
struct Member<T> {
    hub: BroadcastHub<T>,
    queue: Arc<Queue<T>>,
    lag: Lag,
    joined: AtomicBool,
}

impl<T: Send> Entry for Member<T> {
    fn enter(&self, stage: &Arc<StageState>) -> bool {
        self.queue.enter(stage);
        let reader = Reader::new(Arc::clone(&self.queue), self.lag);
        match self.hub.shared().join(reader) {
            // Relaxed: the drop comes after all other uses, by the count of the `Arc`.
            None => self.joined.store(true, Ordering::Relaxed),
            Some(end) => self.queue.end(end),
        }
        true
    }
}

impl<T> Drop for Member<T> {
    fn drop(&mut self) {
        if *self.joined.get_mut() {
            self.hub.shared().leave(&self.queue);
        }
    }
}

/// What the source of a subscriber takes its items from. Its fields are dropped in this order.
struct Subscription<T> {
    intake: Intake<T>,
    _member: Arc<Member<T>>,
}

impl<T: Send + 'static> Supply for Subscription<T> {
    type Item = T;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<T, BoxError>>> {
        Pin::new(&mut self.intake).poll_next(cx)
    }

    fn close(mut self: Pin<&mut Self>) -> bool {
        Pin::new(&mut self.intake).close()
    }

    fn accepted(&self) -> Option<Accepted> {
        self.intake.accepted()
    }

    fn discard(mut self: Pin<&mut Self>) -> u64 {
        Pin::new(&mut self.intake).discard()
    }
}

impl<T: Send + 'static> BroadcastHub<T> {
    /// A source over the items of the hub from the moment when its flow is run.
    ///
    /// It completes when the hub's flow does, behind what was in its queue, and fails when that flow
    /// ended otherwise. Of a hub that is over it is empty, or fails at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let ctx = FlowContext::background();
    /// let (hub, flow) = Source::from_iter(1..=10u64).broadcast_hub(4);
    /// let even = hub.subscribe(Lag::Wait).filter(|n| n % 2 == 0).count().run(&ctx)?;
    /// let sum = hub.subscribe(Lag::Wait).fold(0, |sum, n| sum + n).run(&ctx)?;
    /// flow.run(&ctx)?.await?;
    /// assert_eq!((even.await?, sum.await?), (5, 55));
    /// # Ok(())
    /// # }
    /// ```
    pub fn subscribe(&self, lag: Lag) -> Source<T> {
        // Where nobody waits for room nobody takes permits, and the queue gives some back all the same.
        let waits = lag == Lag::Wait;
        let permits = if waits { self.shared().capacity } else { 0 };
        let queue = Arc::new(Queue::new(permits));
        let member = Arc::new(Member {
            hub: self.clone(),
            queue: Arc::clone(&queue),
            lag,
            joined: AtomicBool::new(false),
        });
        let entry = Arc::clone(&member) as Arc<dyn Entry>;
        let subscription = Subscription {
            intake: Intake(queue),
            _member: member,
        };
        let mut source = Source::generate_with("subscribe", move |seat| {
            Supplied::new(subscription, seat.out)
        });
        source.attrs.entry = Some(entry);
        source
    }
}
