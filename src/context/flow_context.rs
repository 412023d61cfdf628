//! The handle that everybody who works under a context holds.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::cause::Cause;
use super::handle::CancelHandle;
use super::node::Node;
use super::test_scope::Part;
use super::values::Values;

/// A `FlowContext` tells everything that works for one purpose when, and why, to stop.
///
/// It carries a done mark with its [`Cause`], a deadline, and values. Contexts form a tree: what is
/// derived from a context ends with it, at the latest, and never ends it. The right to cancel is
/// not in the context but in the [`CancelHandle`] that comes with it, so a context can be handed to
/// anyone.
///
/// The idea and the rules are those of Go's package `context`, with its causes, `AfterFunc` and
/// `WithoutCancel`.
///
/// It is not for passing optional parameters: values are for what belongs to a request and crosses
/// every layer, as a session or a trace does.
///
/// # Examples
///
/// ```
/// use actix_flow::FlowContext;
///
/// let (request, cancel) = FlowContext::background().with_cancel();
/// let (query, _cancel_query) = request.with_cancel();
///
/// cancel.cancel("the customer hung up");
/// assert!(query.is_done());
/// let cause = query.cause().expect("it is done").to_string();
/// assert_eq!(cause, "cancelled: the customer hung up");
/// ```
///
/// # Cost
///
/// A clone is one reference count, [`is_done`](Self::is_done) one atomic load, or a look at the
/// clock where there is a deadline. Deriving allocates one node and locks the parent for a moment.
/// No context costs a task or an actor. One that ended or was dropped has left the tree.
#[derive(Clone)]
#[must_use = "a context does nothing unless something works under it"]
pub struct FlowContext {
    pub(super) node: Arc<Node>,
}

impl FlowContext {
    /// A context that never ends: the root to derive others from.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::FlowContext;
    ///
    /// let ctx = FlowContext::background();
    /// assert!(!ctx.is_done());
    /// assert!(ctx.deadline().is_none());
    /// ```
    pub fn background() -> Self {
        Self {
            node: Node::root(Values::default()),
        }
    }

    /// Derives a context that its handle can cancel.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::FlowContext;
    ///
    /// let parent = FlowContext::background();
    /// let (child, cancel) = parent.with_cancel();
    ///
    /// cancel.cancel("no longer wanted");
    /// assert!(child.is_done());
    /// assert!(!parent.is_done());
    /// ```
    pub fn with_cancel(&self) -> (Self, CancelHandle) {
        self.child().with_handle()
    }

    /// Derives a context that ends when `timeout` has passed, if it was not cancelled before.
    ///
    /// A timeout too long for the clock sets no deadline.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use actix_flow::{Cause, FlowContext};
    ///
    /// # actix_rt::System::new().block_on(async {
    /// let (ctx, _cancel) = FlowContext::background().with_timeout(Duration::from_millis(5));
    /// let answer = ctx.run_until(std::future::pending::<()>()).await;
    /// assert!(matches!(answer, Err(Cause::DeadlineExceeded)));
    /// # });
    /// ```
    pub fn with_timeout(&self, timeout: Duration) -> (Self, CancelHandle) {
        match Instant::now().checked_add(timeout) {
            Some(deadline) => self.with_deadline(deadline),
            None => self.with_cancel(),
        }
    }

    /// Derives a context that ends at `deadline`, if it was not cancelled before.
    ///
    /// An earlier deadline of this context stays in force; one that has passed makes a context that
    /// is done at once. Takes an `Instant` of `std` or of tokio. The clock is that of
    /// tokio, which a test can pause.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use actix_flow::FlowContext;
    ///
    /// let soon = Instant::now() + Duration::from_secs(1);
    /// let late = soon + Duration::from_secs(60);
    /// let (request, _) = FlowContext::background().with_deadline(soon);
    /// let (query, _) = request.with_deadline(late);
    /// assert_eq!(query.deadline(), Some(soon.into()));
    /// ```
    pub fn with_deadline(&self, deadline: impl Into<Instant>) -> (Self, CancelHandle) {
        let ctx = self.derive(Some(deadline.into()), self.node.values().clone());
        ctx.node.check_deadline();
        ctx.with_handle()
    }

    /// Derives a context that carries `value`, found again by its type.
    ///
    /// Give each use a type of its own; it hides a value of the same type in this context from
    /// those who look through the new one.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::FlowContext;
    ///
    /// struct SessionId(u64);
    ///
    /// let ctx = FlowContext::background().with_value(SessionId(7));
    /// assert_eq!(ctx.value::<SessionId>().map(|id| id.0), Some(7));
    /// ```
    ///
    /// # Cost
    ///
    /// The table of values is copied: one entry per type.
    pub fn with_value<V: Send + Sync + 'static>(&self, value: V) -> Self {
        Self {
            node: self.node.child_with(self.node.values().with(value)),
        }
    }

    /// The nearest value of type `V`, of this context or of those it was derived from.
    ///
    /// Values outlive the ending: a cleanup finds them.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::FlowContext;
    ///
    /// struct Attempt(u32);
    ///
    /// let first = FlowContext::background().with_value(Attempt(1));
    /// let second = first.with_value(Attempt(2));
    /// assert_eq!(second.value::<Attempt>().map(|attempt| attempt.0), Some(2));
    /// assert_eq!(first.value::<Attempt>().map(|attempt| attempt.0), Some(1));
    /// ```
    #[must_use]
    pub fn value<V: Send + Sync + 'static>(&self) -> Option<Arc<V>> {
        self.node.values().get()
    }

    /// A context with the values of this one, and nothing of its endings: no deadline, no cancel.
    ///
    /// For work that must go on when the request that asked for it is over.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::FlowContext;
    ///
    /// let (request, cancel) = FlowContext::background().with_value("10.0.0.7").with_cancel();
    /// let audit = request.without_cancel();
    ///
    /// cancel.cancel("answered");
    /// assert!(!audit.is_done());
    /// assert_eq!(audit.value::<&str>().as_deref(), Some(&"10.0.0.7"));
    /// ```
    pub fn without_cancel(&self) -> Self {
        Self {
            node: Node::root(self.node.values().clone()),
        }
    }

    /// Whether the context has ended.
    ///
    /// It compares the clock with the deadline, so it is true from the deadline on, also where
    /// nobody waits. The call that is the first to see a deadline passed marks the context, and
    /// runs what was left with [`after_done`](Self::after_done).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use actix_flow::FlowContext;
    ///
    /// let (ctx, _cancel) = FlowContext::background().with_timeout(Duration::ZERO);
    /// assert!(ctx.is_done());
    /// ```
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.node.is_done()
    }

    /// Nothing while the context goes on, the cause as an error once it has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::{Cause, FlowContext};
    ///
    /// fn count_primes(ctx: &FlowContext, below: u64) -> Result<usize, Cause> {
    ///     let mut found = 0;
    ///     for n in 2..below {
    ///         ctx.err()?;
    ///         found += usize::from((2..n).all(|d| n % d != 0));
    ///     }
    ///     Ok(found)
    /// }
    ///
    /// let (ctx, cancel) = FlowContext::background().with_cancel();
    /// assert_eq!(count_primes(&ctx, 100).expect("it is not done"), 25);
    /// cancel.cancel("enough");
    /// assert!(count_primes(&ctx, 100).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// The cause, once the context is done.
    pub fn err(&self) -> Result<(), Cause> {
        self.cause().map_or(Ok(()), Err)
    }

    /// Why the context ended, if it has.
    ///
    /// The first cause stays, at each level: a child that was cancelled before its parent keeps
    /// its own.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::FlowContext;
    ///
    /// let (ctx, cancel) = FlowContext::background().with_cancel();
    /// assert!(ctx.cause().is_none());
    /// cancel.cancel("first");
    /// cancel.cancel("second");
    /// assert_eq!(ctx.cause().expect("it is done").to_string(), "cancelled: first");
    /// ```
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        self.node.check_deadline();
        self.node.marked_cause()
    }

    /// When the context ends at the latest: the earliest deadline of it and its ancestors.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use actix_flow::FlowContext;
    ///
    /// let root = FlowContext::background();
    /// assert!(root.deadline().is_none());
    ///
    /// let (request, _cancel) = root.with_timeout(Duration::from_secs(30));
    /// let left = request.deadline().expect("it has one").into_std() - std::time::Instant::now();
    /// assert!(left <= Duration::from_secs(30));
    /// ```
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.node.deadline()
    }

    /// A child without a handle, for those of the crate who end what they derived.
    pub(crate) fn child(&self) -> Self {
        self.derive(None, self.node.values().clone())
    }

    /// What it counts as in a test.
    pub(crate) fn part(&self) -> &Part {
        &self.node.part
    }

    /// Marks this context and all below it; true if this call was the first to mark this one.
    pub(crate) fn end(&self, cause: Cause) -> bool {
        self.node.end(cause)
    }

    /// Whether the mark is set: one atomic load, no clock.
    #[inline]
    pub(crate) fn is_marked(&self) -> bool {
        self.node.shows_mark()
    }

    /// The mark itself, for a loop over items.
    #[inline]
    pub(crate) fn mark(&self) -> Mark<'_> {
        Mark(&self.node)
    }

    fn derive(&self, deadline: Option<Instant>, values: Values) -> Self {
        Self {
            node: self.node.child(deadline, values),
        }
    }

    fn with_handle(self) -> (Self, CancelHandle) {
        let handle = CancelHandle::new(Arc::clone(&self.node));
        (self, handle)
    }
}

/// Shows the mark as it is, without a look at the clock, and the types of the values, not the
/// values.
impl fmt::Debug for FlowContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (children, callbacks) = self.node.counts();
        f.debug_struct("FlowContext")
            .field("cause", &self.node.marked_cause())
            .field("deadline", &self.node.deadline())
            .field("children", &children)
            .field("callbacks", &callbacks)
            .field("values", self.node.values())
            .finish()
    }
}

/// The mark of a context, without the way to it.
#[derive(Clone, Copy)]
pub(crate) struct Mark<'a>(&'a Node);

impl Mark<'_> {
    #[inline]
    pub(crate) fn is_set(self) -> bool {
        self.0.shows_mark()
    }
}
