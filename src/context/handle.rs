//! The right to cancel a context.

use std::fmt;
use std::sync::Arc;

use super::cause::Cause;
use super::node::Node;

/// A `CancelHandle` is the right to cancel the context it was made with.
///
/// Clones share the right. Dropping it does nothing: the context goes on. Where the context should
/// not outlive a scope, turn the handle into a guard with [`cancel_on_drop`](Self::cancel_on_drop).
///
/// The idea is the `CancelCauseFunc` of Go's `context`.
///
/// # Examples
///
/// ```
/// use actix_flow::FlowContext;
///
/// let (ctx, cancel) = FlowContext::background().with_cancel();
/// cancel.cancel("enough");
/// assert!(ctx.is_done());
/// ```
#[derive(Clone)]
#[must_use = "without its handle a context cannot be cancelled"]
pub struct CancelHandle {
    node: Arc<Node>,
}

impl CancelHandle {
    pub(super) fn new(node: Arc<Node>) -> Self {
        Self { node }
    }

    /// Ends the context, and all derived from it, with this cause.
    ///
    /// When it returns, every one of them is done, on whatever thread it is looked at. Contexts
    /// above and beside are not touched. A context that is done already stays as it is, a deadline
    /// that has passed unseen included.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::{Cause, FlowContext};
    ///
    /// let (ctx, cancel) = FlowContext::background().with_cancel();
    /// let below = ctx.with_value("a value");
    ///
    /// cancel.cancel("the customer hung up");
    /// let Some(Cause::Cancelled(why)) = below.cause() else { panic!("it is done") };
    /// assert_eq!(&*why, "the customer hung up");
    /// ```
    ///
    /// # Ordering
    ///
    /// First all marks, then the waiting futures are woken, then the
    /// [`after_done`](crate::FlowContext::after_done) callbacks run, in this call.
    ///
    /// # Cost
    ///
    /// Linear in the number of contexts below, with a loop: depth costs no stack.
    pub fn cancel(&self, cause: impl Into<Cause>) {
        let cause = cause.into();
        // A deadline that passed before this call is the first cause.
        self.node.check_deadline();
        // Also on a done context: another thread may be on its way through the subtree, and this
        // call promises all of it too.
        self.node.end(cause);
    }

    /// A guard that cancels when it is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::FlowContext;
    ///
    /// let (ctx, cancel) = FlowContext::background().with_cancel();
    /// {
    ///     let _guard = cancel.cancel_on_drop();
    ///     assert!(!ctx.is_done());
    /// }
    /// assert_eq!(ctx.cause().expect("it is done").to_string(), "cancelled: dropped");
    /// ```
    pub fn cancel_on_drop(self) -> CancelOnDrop {
        CancelOnDrop { armed: Some(self) }
    }
}

impl fmt::Debug for CancelHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelHandle")
            .field("cause", &self.node.marked_cause())
            .finish_non_exhaustive()
    }
}

/// Cancels a context when it is dropped, on return, on `?` and in a panic alike.
///
/// Made by [`CancelHandle::cancel_on_drop`]. The cause is `Cancelled("dropped")`.
///
/// # Examples
///
/// ```
/// use actix_flow::FlowContext;
///
/// let (ctx, cancel) = FlowContext::background().with_cancel();
/// drop(cancel.cancel_on_drop());
/// assert!(ctx.is_done());
/// ```
#[derive(Debug)]
#[must_use = "dropped at once, it cancels at once"]
pub struct CancelOnDrop {
    armed: Option<CancelHandle>,
}

impl CancelOnDrop {
    /// Gives the handle back, and the context goes on.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::FlowContext;
    ///
    /// let (ctx, cancel) = FlowContext::background().with_cancel();
    /// let guard = cancel.cancel_on_drop();
    /// let cancel = guard.disarm();
    /// assert!(!ctx.is_done());
    /// # cancel.cancel("end of the example");
    /// ```
    pub fn disarm(mut self) -> CancelHandle {
        self.armed
            .take()
            .expect("only this call takes the handle, and it consumes the guard")
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(handle) = &self.armed {
            handle.cancel("dropped");
        }
    }
}
