//! Waiting for the end of a context.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::{Either, select};
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, Sleep, sleep_until};

use super::cause::Cause;
use super::flow_context::FlowContext;
use super::node::Node;

impl FlowContext {
    /// A future that resolves with the cause when the context has ended.
    ///
    /// See [`Done`] for where it can be awaited.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::FlowContext;
    ///
    /// # actix_rt::System::new().block_on(async {
    /// let (ctx, cancel) = FlowContext::background().with_cancel();
    /// let waiting = actix_rt::spawn(ctx.done());
    /// cancel.cancel("enough");
    /// let cause = waiting.await.expect("it does not panic");
    /// assert_eq!(cause.to_string(), "cancelled: enough");
    /// # });
    /// ```
    pub fn done(&self) -> Done {
        Done::new(Arc::clone(&self.node))
    }

    /// Runs `future` until it is ready or the context has ended, whichever is first.
    ///
    /// The context is looked at first: under a done context `future` is not polled at all.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::FlowContext;
    ///
    /// # actix_rt::System::new().block_on(async {
    /// let (ctx, cancel) = FlowContext::background().with_cancel();
    /// assert_eq!(ctx.run_until(async { 6 * 7 }).await.expect("it is not done"), 42);
    ///
    /// cancel.cancel("enough");
    /// assert!(ctx.run_until(async { 6 * 7 }).await.is_err());
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// The cause, if the context ended first. `future` has been dropped by then, at the await where
    /// it was.
    ///
    /// # Panics
    ///
    /// As [`Done`] does: where there is a deadline, it has to be polled in a tokio runtime with
    /// time.
    pub fn run_until<F: Future>(
        &self,
        future: F,
    ) -> impl Future<Output = Result<F::Output, Cause>> + use<F> {
        let done = self.done();
        async move {
            match select(done, pin!(future)).await {
                Either::Left((cause, _)) => Err(cause),
                Either::Right((output, _)) => Ok(output),
            }
        }
    }
}

/// Resolves with the cause when the context it was made from has ended.
///
/// Made by [`FlowContext::done`](crate::FlowContext::done). It owns what it needs and can be moved
/// to any task or thread. Without a deadline it runs under any executor. A deadline, be it that of
/// an ancestor, is driven by this future while it is polled.
///
/// # Examples
///
/// ```
/// use actix_flow::FlowContext;
///
/// let (ctx, cancel) = FlowContext::background().with_cancel();
/// let done = ctx.done();
/// cancel.cancel("enough");
/// let cause = futures::executor::block_on(done);
/// assert_eq!(cause.to_string(), "cancelled: enough");
/// ```
///
/// # Panics
///
/// Polled outside a tokio runtime with time, if there is a deadline that has not passed.
///
/// # Cancel safety
///
/// It can be dropped at any time and made anew: a context that has ended stays so. Polled again
/// after it was ready, it is ready again.
///
/// # Cost
///
/// Nothing is allocated for a context that is done; else one waiter at the first poll, and a timer
/// where there is a deadline.
#[must_use = "futures do nothing unless awaited"]
pub struct Done {
    node: Arc<Node>,
    notified: Option<Pin<Box<OwnedNotified>>>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Done {
    pub(super) fn new(node: Arc<Node>) -> Self {
        Self {
            node,
            notified: None,
            sleep: None,
        }
    }
}

impl Future for Done {
    type Output = Cause;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Cause> {
        let this = self.get_mut();
        this.node.check_deadline();
        if this.notified.is_none() {
            // Before the mark is looked at, so that an end from here on wakes this task.
            this.notified = this.node.notified().map(Box::pin);
        }
        if let Some(notified) = &mut this.notified {
            // The mark alone decides; this poll leaves the waker, or finds that the end has begun.
            let _ = notified.as_mut().poll(cx);
        }
        if !this.node.is_marked()
            && let Some(deadline) = this.node.deadline()
        {
            let sleep = this
                .sleep
                .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if sleep.as_mut().poll(cx).is_ready() {
                this.node.expire(Instant::now().max(deadline));
            }
        }
        this.node.marked_cause().map_or(Poll::Pending, Poll::Ready)
    }
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Done")
            .field("cause", &self.node.marked_cause())
            .field("deadline", &self.node.deadline())
            .finish_non_exhaustive()
    }
}
