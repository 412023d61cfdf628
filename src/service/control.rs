//! The remote control of a running supervisor.

use std::fmt;
use std::sync::Arc;

use super::state::ServiceState;
use super::supervisor::Tell;
use super::{Tree, UnknownChild};
use crate::context::Cause;
use crate::pipeline::Ended;
use crate::supervise::{Forsaken, Level};

/// A `SupervisorControl` starts children of a supervisor, ends it or one of them, and looks at it,
/// from anywhere.
///
/// Clones control the same supervisor. It owns nothing: dropping it changes nothing, and it can
/// outlive the tree.
///
/// # Endings
///
/// Verbs act at the call; the future that they return waits only, and may be dropped. Children are
/// told one after the other, that which was started last first, each when the one after it is gone;
/// an abort reaches all at once. An ending can be raised and never lowered, and rises by itself when
/// it takes too long, as that of a flow does.
///
/// | verb | an actor | a flow |
/// |---|---|---|
/// | close | handles what is in its mailbox, and ends when it has no future left that it spawned | is closed |
/// | quit | is stopped after the message that it handles, as by `ctx.stop()` | is quit |
/// | cancel | as quit; the context of its factory is done | is cancelled |
/// | abort | is dropped, without `stopping` and `stopped` | is aborted |
///
/// An actor that answers [`Running::Continue`](actix::Running) in `stopping` goes on until it is
/// aborted. One that is in `ctx.wait` is stopped without a delay. One that holds its thread is
/// [`Stuck`](crate::Cause::Stuck) for those who wait on another thread.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = FlowSupervisor::start(&FlowContext::background())?;
/// let control = service.control();
/// actix_rt::spawn(async move {
///     let total = control.run(Source::from_iter(0..10u64).count());
///     assert_eq!(total?.await?, 10);
///     control.quit();
///     Ok::<(), PipelineError>(())
/// });
/// service.wait().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SupervisorControl {
    state: Arc<ServiceState>,
}

impl fmt::Debug for SupervisorControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupervisorControl")
            .field("path", &self.state.label())
            .field("ending", &self.state.ending())
            .finish_non_exhaustive()
    }
}

impl SupervisorControl {
    pub(super) fn new(state: Arc<ServiceState>) -> Self {
        Self { state }
    }

    pub(super) fn state(&self) -> &Arc<ServiceState> {
        &self.state
    }

    fn raise(&self, level: Level, cause: Cause) -> Ended {
        if !self.state.outcome().is_over() {
            self.state.raise(level, cause);
        }
        self.finished()
    }

    /// Closes every child; no further one is taken up. A child that fails meanwhile is restarted
    /// as ever, so that what has come for it is delivered.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// let flow = service.run(Source::repeat_with(|| 1u64).count())?;
    /// service.close().await;
    /// assert!(flow.await? < u64::MAX);
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::must_use_candidate, reason = "it acts at the call")]
    pub fn close(&self) -> Ended {
        self.raise(Level::Close, Cause::Closed)
    }

    /// Quits every child; no further one is taken up.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// service.run_with("import", |_| Source::repeat_with(|| 1u64).drain())?;
    /// service.quit();
    /// service.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::must_use_candidate, reason = "it acts at the call")]
    pub fn quit(&self) -> Ended {
        self.raise(Level::Quit, Cause::Quit)
    }

    /// Cancels the context of the supervisor, which every flow below it sees at once, and every
    /// child.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// service.run_with("import", |_| Source::repeat_with(|| 1u64).drain())?;
    /// service.cancel("enough");
    /// let error = service.wait().await.expect_err("it gives no value");
    /// assert_eq!(error.cause().to_string(), "cancelled: enough");
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(&self, cause: impl Into<Cause>) -> Ended {
        self.raise(Level::Cancel, cause.into())
    }

    /// Drops all that runs below the supervisor.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// service.run_with("import", |_| Source::repeat_with(|| 1u64).drain())?;
    /// service.abort().await;
    /// assert!(service.is_finished());
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::must_use_candidate, reason = "it acts at the call")]
    pub fn abort(&self) -> Ended {
        self.raise(Level::Abort, Cause::from("aborted"))
    }

    fn end_child(&self, name: &str, level: Level, cause: Cause) -> Result<Ended, UnknownChild> {
        let found = self.state.roster().find(name);
        let child = found.ok_or_else(|| UnknownChild { name: name.into() })?;
        self.state.tell(Tell::EndChild {
            child,
            level,
            cause,
        });
        let gone = move |state: &ServiceState| !state.roster().is_alive(child);
        Ok(Ended::once(&self.state, |state| state.outcome(), gone))
    }

    /// Closes one child. It is not restarted, and its name is free when it has ended. An actor that is down
    /// meanwhile, or fails, does not come back for what is in its mailbox: who asked is told that
    /// the mailbox is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// service.run_with("import", |_| Source::repeat_with(|| 1u64).drain())?;
    /// service.close_child("import")?.await;
    /// let state = service.tree().row("import").map(|import| import.state);
    /// assert_eq!(state, Some(ChildState::Ended));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnknownChild`], if no child that is alive has this name.
    pub fn close_child(&self, name: &str) -> Result<Ended, UnknownChild> {
        self.end_child(name, Level::Close, Cause::Closed)
    }

    /// Quits one child; after the grace it is cancelled, and at last aborted.
    ///
    /// One that does not answer an abort holds its thread: that is a failure that goes up.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix::prelude::*;
    /// use actix_flow::prelude::*;
    ///
    /// struct Idle;
    ///
    /// impl Actor for Idle {
    ///     type Context = Context<Self>;
    /// }
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// let idle = service.start_actor("idle", |_| Idle)?;
    /// service.quit_child("idle")?.await;
    /// assert!(!idle.connected());
    /// assert!(!service.is_finished());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnknownChild`], if no child that is alive has this name.
    pub fn quit_child(&self, name: &str) -> Result<Ended, UnknownChild> {
        self.end_child(name, Level::Quit, Cause::Quit)
    }

    /// Drops one child, whatever it does.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// service.run_with("import", |_| Source::repeat_with(|| 1u64).drain())?;
    /// service.abort_child("import")?.await;
    /// assert!(!service.is_finished());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnknownChild`], if no child that is alive has this name.
    pub fn abort_child(&self, name: &str) -> Result<Ended, UnknownChild> {
        self.end_child(name, Level::Abort, Cause::from("aborted"))
    }

    /// What the supervisor owns now, and what became of the rest.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// service.run_with("import", |_| Source::repeat_with(|| 1u64).drain())?;
    /// println!("{}", service.tree());
    /// assert_eq!(service.tree().rows().len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn tree(&self) -> Tree {
        Tree::of(&self.state)
    }

    /// Waits for the end of the supervisor, and ends nothing itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// let control = service.control();
    /// service.quit();
    /// control.finished().await;
    /// assert!(control.is_finished());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "it only waits"]
    pub fn finished(&self) -> Ended {
        Ended::once(&self.state, |state| state.outcome(), |_| false)
    }

    /// Whether the supervisor is over: everything below it is gone.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// assert!(!service.is_finished());
    /// service.quit().await;
    /// assert!(service.is_finished());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.state.outcome().is_over()
    }
}
