//! The handle that owns a running supervisor.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::life::Life;
use super::nested_child::start_tree;
use super::state::ServiceState;
use super::supervisor::TreeSupervisor;
use super::{SupervisorControl, SupervisorError, SupervisorSpec, Tree};
use crate::context::{Cause, FlowContext};
use crate::flow::mailbox;
use crate::pipeline::{StartError, ground, timer};
use crate::supervise::{Forsaken, Level};

/// A `FlowSupervisor` owns flows, actors and further supervisors, and ends with all of them.
///
/// It is the root of a service's tree. Children are started by the verbs of
/// [`SupervisorControl`], which it derefs to: [`start_actor`](SupervisorControl::start_actor) for an
/// actor of yours, [`run`](SupervisorControl::run) and [`run_with`](SupervisorControl::run_with) for
/// flows, [`nest`](SupervisorControl::nest) for a supervisor below. One that fails is restarted as
/// its [`ChildSpec`](crate::ChildSpec) says; a failure that nothing answers cancels the context of
/// the root, and so the whole tree, with its cause.
///
/// The idea, the strategies and the words are those of OTP's supervisors. actix's own `Supervisor`
/// does not see panics, and has no limit.
///
/// # Examples
///
/// ```
/// use actix::prelude::*;
/// use actix_flow::prelude::*;
///
/// #[derive(Default)]
/// struct Counter(u64);
///
/// impl Actor for Counter {
///     type Context = Context<Self>;
/// }
///
/// #[derive(Message)]
/// #[rtype(u64)]
/// struct Divide(u64);
///
/// impl Handler<Divide> for Counter {
///     type Result = u64;
///
///     fn handle(&mut self, by: Divide, _: &mut Context<Self>) -> u64 {
///         self.0 += 1;
///         100 / by.0 + self.0
///     }
/// }
///
/// # #[actix::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = FlowSupervisor::start(&FlowContext::background())?;
/// let spec = ChildSpec::from("counter").supervised(RestartPolicy::restart());
/// let counter = service.start_actor(spec, |_| Counter::default())?;
///
/// assert_eq!(counter.send(Divide(10)).await?, 11);
/// assert!(counter.send(Divide(0)).await.is_err());    // it panics, and is made anew
/// assert_eq!(counter.send(Divide(10)).await?, 11);    // behind the same address
/// assert_eq!(service.tree().row("counter").map(|counter| counter.restarts), Some(1));
///
/// service.quit();
/// service.wait().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Cost
///
/// One actor. A message to a supervised actor costs what one to any actor does.
#[must_use = "a supervisor that is dropped is cancelled"]
pub struct FlowSupervisor {
    control: SupervisorControl,
    owned: bool,
}

impl FlowSupervisor {
    /// Starts a supervisor without a name, whose children stand each for itself, on a child of
    /// `context`.
    ///
    /// See [`SupervisorSpec`] for one with a name, a strategy and a grace.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// assert_eq!(service.tree().to_string(), "supervisor: supervisor, running\n");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError::ContextDone`], and [`StartError::NoRuntime`] where nothing can be spawned: it
    /// needs what [`Blueprint::run`](crate::Blueprint::run) needs.
    pub fn start(context: &FlowContext) -> Result<Self, StartError> {
        Self::of(SupervisorSpec::new(), context)
    }

    pub(super) fn of(spec: SupervisorSpec, context: &FlowContext) -> Result<Self, StartError> {
        ground(context)?;
        let timer = timer(spec.patience.grace)?;
        let (address, receiver) = mailbox::<TreeSupervisor>();
        let path = spec.name.unwrap_or_default();
        let terms = (spec.strategy, spec.patience);
        let state = ServiceState::new(path, terms, context.child(), None, address);
        let life = Life::new(Arc::clone(&state), None);
        let start = || start_tree(life, receiver, Some(timer), None);
        // Whether anything can be spawned here is only found out by trying.
        if catch_unwind(AssertUnwindSafe(start)).is_err() {
            return Err(StartError::NoRuntime);
        }
        Ok(Self {
            control: SupervisorControl::new(state),
            owned: true,
        })
    }

    /// The remote control, for use elsewhere: in actors, in request handlers.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// let control: SupervisorControl = service.control();
    /// actix_rt::spawn(async move { control.quit().await }).await?;
    /// assert!(service.is_finished());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn control(&self) -> SupervisorControl {
        self.control.clone()
    }

    /// Waits until everything in the tree is gone. It ends nothing: a supervisor lives until it is
    /// ended.
    ///
    /// Gives what became of the tree, if it was closed or quit.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// service.run_with("import", |_| Source::from_iter(0..100u64).drain())?;
    /// service.close();
    /// let tree = service.wait().await?;
    /// let import = tree.row("import").expect("it is a child");
    /// assert!(matches!(import.ending, Some(Cause::Completed | Cause::Closed)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SupervisorError`], if it ended otherwise: by a failure that nothing answered, by its
    /// context, by a cancel.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the tree, as dropping the supervisor does.
    pub fn wait(self) -> SupervisorWait {
        SupervisorWait(self)
    }

    /// Lets the tree run without an owner: it ends with its context, or by a control.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (ctx, cancel) = FlowContext::background().with_cancel();
    /// let service = FlowSupervisor::start(&ctx)?;
    /// let control = service.control();
    /// service.detach();
    /// assert!(!control.is_finished());
    /// cancel.cancel("enough");
    /// control.finished().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn detach(mut self) {
        self.owned = false;
    }
}

impl Deref for FlowSupervisor {
    type Target = SupervisorControl;

    fn deref(&self) -> &SupervisorControl {
        &self.control
    }
}

impl fmt::Debug for FlowSupervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlowSupervisor")
            .field("control", &self.control)
            .field("owned", &self.owned)
            .finish()
    }
}

impl Drop for FlowSupervisor {
    fn drop(&mut self) {
        let state = self.control.state();
        if self.owned && !state.outcome().is_over() {
            state.raise(Level::Cancel, Cause::from("the supervisor was dropped"));
        }
        state.outcome().unwatch(state.label());
    }
}

/// Waits for the end of a tree; made by [`FlowSupervisor::wait`].
#[derive(Debug)]
#[must_use = "dropped, it cancels the tree"]
pub struct SupervisorWait(FlowSupervisor);

impl Future for SupervisorWait {
    type Output = Result<Tree, SupervisorError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let state = self.0.control.state();
        let outcome = state.outcome();
        // Before the look: an end after it wakes.
        outcome.register(cx.waker());
        let Some(cause) = outcome.cause() else {
            return Poll::Pending;
        };
        outcome.observe();
        let tree = Tree::of(state);
        Poll::Ready(match cause {
            Cause::Completed | Cause::Closed | Cause::Quit => Ok(tree),
            cause => Err(SupervisorError::new(cause.clone(), tree)),
        })
    }
}
