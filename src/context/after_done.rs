//! Leaving a function to be called at the end of a context.

use std::fmt;
use std::sync::Arc;

use super::callback::Callback;
use super::cause::Cause;
use super::flow_context::FlowContext;
use super::links::Watcher;
use super::runtime::{self, NoRuntime};

impl FlowContext {
    /// Has `f` called once when the context has ended, or now if it is done.
    ///
    /// `f` stays registered when the context and the returned [`AfterDone`] are dropped, as long as
    /// anything is left that could end the context (a handle of it or of an ancestor, a deadline).
    /// When nothing is, `f` is dropped, not called. An `f` that owns the context, or one below it,
    /// keeps both in memory until the end.
    ///
    /// The idea is Go's `context.AfterFunc`; there `f` runs in a goroutine of its own, here in the
    /// call that ends the context. So `f` should be short; what is long it can spawn.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use actix_flow::FlowContext;
    ///
    /// let (ctx, cancel) = FlowContext::background().with_cancel();
    /// let (ended, why) = mpsc::channel();
    /// ctx.after_done(move |cause| ended.send(cause.to_string()).expect("it is read below"))?;
    ///
    /// cancel.cancel("enough");
    /// assert_eq!(why.try_recv().as_deref(), Ok("cancelled: enough"));
    /// # Ok::<(), actix_flow::NoRuntime>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`NoRuntime`] if there is a deadline to drive, for which a task is spawned, and the calling
    /// thread is in no tokio runtime. `f` is dropped then.
    ///
    /// # Panics
    ///
    /// Not here: a panic of `f` is caught and logged.
    ///
    /// # Ordering
    ///
    /// `f` runs after all contexts below are marked, with no lock held: it may use any context.
    /// Several callbacks of one ending run one after the other, in no promised order.
    ///
    /// # Cost
    ///
    /// Two allocations; where there is a deadline, one task until the end or the stop. The task
    /// goes with its runtime, and then the deadline is noticed by whoever looks next.
    pub fn after_done<F>(&self, f: F) -> Result<AfterDone, NoRuntime>
    where
        F: FnOnce(Cause) + Send + 'static,
    {
        let watcher = Arc::new(Callback::new(Box::new(f)));
        // Asked first: an error must leave nothing behind.
        let timer = match self.deadline() {
            Some(_) if !self.is_done() => Some(runtime::current()?),
            _ => None,
        };
        match self.node.watch(&watcher) {
            Ok(()) => {
                if let Some(runtime) = timer {
                    watcher.driven_by(runtime.spawn(self.done()).abort_handle());
                }
            }
            Err(cause) => watcher.run(cause),
        }
        Ok(AfterDone { watcher })
    }
}

/// Stops what was left with [`FlowContext::after_done`].
///
/// Dropping it stops nothing: the callback stays registered.
///
/// # Examples
///
/// ```
/// use actix_flow::FlowContext;
///
/// let (ctx, cancel) = FlowContext::background().with_cancel();
/// let rollback = ctx.after_done(|cause| println!("rolled back: {cause}"))?;
///
/// // Committed: nothing to roll back any more.
/// assert!(rollback.stop());
/// cancel.cancel("enough");
/// # Ok::<(), actix_flow::NoRuntime>(())
/// ```
pub struct AfterDone {
    watcher: Arc<Watcher>,
}

impl AfterDone {
    /// Takes the callback back; true if this call kept it from being called.
    ///
    /// False if it has been called, is being called at this moment on another thread, or was
    /// stopped before. It does not wait for a call under way.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::FlowContext;
    ///
    /// let (ctx, cancel) = FlowContext::background().with_cancel();
    /// let first = ctx.after_done(|_| {})?;
    /// let second = ctx.after_done(|_| {})?;
    ///
    /// assert!(first.stop());
    /// assert!(!first.stop());
    /// cancel.cancel("enough");
    /// assert!(!second.stop());
    /// # Ok::<(), actix_flow::NoRuntime>(())
    /// ```
    #[expect(
        clippy::must_use_candidate,
        reason = "who stops for tidiness need not care who was first"
    )]
    pub fn stop(&self) -> bool {
        let Some(place) = self.watcher.stop() else {
            return false;
        };
        if let Some((node, slot)) = place
            && let Some(node) = node.upgrade()
        {
            node.unwatch(slot);
        }
        true
    }
}

impl fmt::Debug for AfterDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AfterDone")
            .field("is_over", &self.watcher.is_over())
            .finish()
    }
}
