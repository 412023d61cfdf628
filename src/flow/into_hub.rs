//! The inputs of a merge hub: sinks of other flows.
//!
//! 1. A place in the hub is asked for by an input that has an item, and places are given in the
//!    order in which they were asked for: who sends nothing holds none.
//! 2. An input joins in `run`, before anything of its flow is started, and leaves with its actor.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use futures::future::BoxFuture;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::PollSemaphore;

use super::graph::{Attrs, Entry, Kind};
use super::intake::Queue;
use super::{Blueprint, MergeHub, Source};
use crate::context::Cause;
use crate::edge::InPort;
use crate::stage::{HandedOver, Handover};
use crate::supervise::StageState;

/// An input's place among the inputs; its drop is that the input has left.
struct Member<T> {
    hub: MergeHub<T>,
    joined: AtomicBool,
}

impl<T: Send> Entry for Member<T> {
    fn enter(&self, _: &Arc<StageState>) -> bool {
        let joined = self.hub.shared.join();
        // Relaxed: the drop comes after all other uses, by the count of the `Arc`.
        self.joined.store(joined, Ordering::Relaxed);
        joined
    }
}

impl<T> Drop for Member<T> {
    fn drop(&mut self) {
        if *self.joined.get_mut() {
            self.hub.shared.leave();
        }
    }
}

/// The side of an input.
struct Input<T> {
    queue: Arc<Queue<T>>,
    room: PollSemaphore,
    permit: Option<OwnedSemaphorePermit>,
    /// Ready when the hub's flow is over.
    over: Option<BoxFuture<'static, ()>>,
    member: Arc<Member<T>>,
}

impl<T: Send + 'static> Input<T> {
    fn new(member: Arc<Member<T>>) -> Self {
        let queue = Arc::clone(&member.hub.shared.queue);
        let room = PollSemaphore::new(Arc::clone(&queue.room));
        let ended = Arc::clone(&queue);
        Self {
            queue,
            room,
            permit: None,
            over: Some(Box::pin(async move { ended.closed().await })),
            member,
        }
    }
}

impl<T: Send + 'static> Handover for Input<T> {
    type Item = T;

    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(over) = &mut self.over {
            ready!(Pin::new(over).poll(cx));
            self.over = None;
        }
        Poll::Ready(())
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.permit.is_none() {
            // Of a hub that is over there is none: it refuses the item.
            self.permit = ready!(self.room.poll_acquire(cx));
        }
        Poll::Ready(())
    }

    fn take(&mut self, item: T) -> Result<(), T> {
        self.queue.accept(item)?;
        if let Some(permit) = self.permit.take() {
            permit.forget();
        }
        Ok(())
    }

    fn end(&mut self, cause: Option<&Cause>) {
        if cause.is_some_and(Cause::is_failure) {
            self.member
                .hub
                .shared
                .failed
                .fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<T: Send + 'static> Source<T> {
    /// Ends the blueprint in a hub, of which its flow is an input from `run` on.
    ///
    /// The window of this sink is 1 unless [`window`](Blueprint::window) is written here, whatever
    /// that of the flow: its items wait beyond the hub's cap, once for each input.
    ///
    /// The flow completes when the hub has taken all its items, or when the hub's flow is over; then
    /// the rest is discarded and counted. A flow whose hub does not read waits, and never fails as
    /// stalled: its reader is elsewhere. So a hub's own flow that ends in the hub never ends by
    /// itself, since its one input is there as long as it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let ctx = FlowContext::background();
    /// let (hub, merged) = Source::merge_hub(4);
    /// let lines = merged.collect::<Vec<String>>().run(&ctx)?;
    /// let numbers = Source::from_iter(1..=2u64).map(|n| n.to_string());
    /// numbers.into_hub(&hub).run(&ctx)?.await?;
    /// drop(hub);
    /// assert_eq!(lines.await?, ["1", "2"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError::HubClosed`](crate::StartError::HubClosed) of `run`, if the hub was closed or its
    /// flow is over.
    pub fn into_hub(self, hub: &MergeHub<T>) -> Blueprint<()> {
        let member = Arc::new(Member {
            hub: hub.clone(),
            joined: AtomicBool::new(false),
        });
        let mut attrs = Attrs::of("into_hub", Kind::Stage);
        // What waits here is beyond the hub's cap, once for each input.
        attrs.window = Some(1);
        attrs.entry = Some(Arc::clone(&member) as Arc<dyn Entry>);
        attrs.misused = self.retry.is_some().then_some("retried");
        self.seal(attrs, move |up, _, outcome| {
            // There is nothing to fold: the value is that the sink has run.
            outcome.set(());
            HandedOver::new(Input::new(member), InPort::new(up))
        })
    }
}
