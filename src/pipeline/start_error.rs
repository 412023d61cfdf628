//! Why a flow was not started.

use std::fmt;
use std::sync::Arc;

use crate::context::Cause;
use crate::supervise::Directive;

/// Why [`Blueprint::run`](crate::Blueprint::run) started nothing, or a
/// [supervisor](crate::FlowSupervisor) did not start, or took up no child: in its place it names the
/// child.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), PipelineError> {
/// let flow = Source::from_iter(0..3u64).map(|n| n + 1).named("next").window(0).count();
/// let error = flow.run(&FlowContext::background()).expect_err("it is refused");
/// assert!(matches!(error, StartError::Zero { what: "window", .. }));
/// assert_eq!(error.stage(), Some("next"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StartError {
    /// There is nothing to run actors on: not inside an actix System, nor a tokio `LocalSet` with
    /// time enabled.
    NoRuntime,
    /// Workers need arbiters, and those need an actix System; `map_parallel_on` takes arbiters from
    /// elsewhere.
    NoSystem {
        /// The stage that needs them.
        stage: Arc<str>,
    },
    /// An arbiter for a worker could not be started.
    Arbiter {
        /// The stage that needs it.
        stage: Arc<str>,
        /// What the operating system said.
        error: Arc<std::io::Error>,
    },
    /// The arbiter that a stage was placed on is dead.
    DeadArbiter {
        /// The stage.
        stage: Arc<str>,
    },
    /// The context was done already.
    ContextDone {
        /// Why it was.
        cause: Cause,
    },
    /// Two stages, or a stage and a group, have one name.
    DuplicateName {
        /// The name.
        name: Arc<str>,
    },
    /// A number is 0 that must not be: a window, a concurrency, a size.
    Zero {
        /// The stage.
        stage: Arc<str>,
        /// What is 0.
        what: &'static str,
    },
    /// A stage works on more items at once than its window lets in.
    WindowBelowConcurrency {
        /// The stage.
        stage: Arc<str>,
        /// Its window.
        window: usize,
        /// Its concurrency.
        concurrency: usize,
    },
    /// An attribute was written where it means nothing.
    Misplaced {
        /// The stage, or the verb where there is none.
        stage: Arc<str>,
        /// The attribute.
        attribute: &'static str,
    },
    /// A policy always says what the stage cannot do: a restart without a factory, or a retry without
    /// copies of the items, which [`retried`](crate::Source::retried) keeps.
    Unable {
        /// The stage.
        stage: Arc<str>,
        /// What its policy says.
        directive: Directive,
        /// What it would need.
        needs: &'static str,
    },
    /// A branch is neither connected in this blueprint nor dropped: it is held somewhere (a
    /// variable `_b` holds, `_` drops), or is part of another blueprint.
    OpenBranch {
        /// The fan-out.
        stage: Arc<str>,
        /// How many of its branches are.
        open: usize,
    },
    /// The hub that the flow was to join takes no more inputs: it was closed, or its flow is over.
    HubClosed {
        /// The stage that was to join it.
        stage: Arc<str>,
    },
    /// What reads of the flow is there, but its blueprint was dropped or refused, or the stage before it lost
    /// with its arbiter, before that ran: told by an [`Outlet`](crate::Outlet).
    NeverRun,
}

impl StartError {
    /// The stage that it names; the name itself where that is there twice.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::once(1u64).named("one").count().named("one");
    /// let error = flow.run(&FlowContext::background()).expect_err("it is refused");
    /// assert_eq!(error.stage(), Some("one"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn stage(&self) -> Option<&str> {
        match self {
            Self::NoSystem { stage }
            | Self::Arbiter { stage, .. }
            | Self::DeadArbiter { stage }
            | Self::Zero { stage, .. }
            | Self::WindowBelowConcurrency { stage, .. }
            | Self::Misplaced { stage, .. }
            | Self::Unable { stage, .. }
            | Self::OpenBranch { stage, .. }
            | Self::HubClosed { stage } => Some(stage),
            Self::DuplicateName { name } => Some(name),
            Self::NoRuntime | Self::ContextDone { .. } | Self::NeverRun => None,
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRuntime => f.write_str(
                "no runtime: a flow runs inside an actix System, or a tokio LocalSet with time",
            ),
            Self::NoSystem { stage } => write!(
                f,
                "stage `{stage}` needs arbiters, and there is no actix System to start them in: \
                 use map_parallel_on with arbiters from elsewhere"
            ),
            Self::Arbiter { stage, error } => {
                write!(f, "stage `{stage}` got no arbiter: {error}")
            }
            Self::DeadArbiter { stage } => {
                write!(
                    f,
                    "stage `{stage}` was placed on an arbiter that is dead: place it on one that runs"
                )
            }
            Self::ContextDone { cause } => write!(f, "the context is done: {cause}"),
            Self::NeverRun => f.write_str(
                "its blueprint was dropped or refused, or lost with its arbiter, before it ran",
            ),
            Self::DuplicateName { name } => {
                write!(
                    f,
                    "two stages or groups have the name `{name}`: give one another"
                )
            }
            Self::Zero { stage, what } => {
                write!(f, "stage `{stage}` has a {what} of 0: give it more")
            }
            Self::WindowBelowConcurrency {
                stage,
                window,
                concurrency,
            } => write!(
                f,
                "stage `{stage}` has a window of {window}, below its concurrency of {concurrency}: \
                 raise the one or lower the other"
            ),
            Self::Misplaced { stage, attribute } => {
                write!(
                    f,
                    "`{attribute}` was written at `{stage}`, where it means nothing: leave it out"
                )
            }
            Self::Unable {
                stage,
                directive,
                needs,
            } => write!(
                f,
                "the policy of stage `{stage}` says {directive:?}, which needs {needs}"
            ),
            Self::OpenBranch { stage, open } => write!(
                f,
                "{open} of the branches of `{stage}` are not connected in this blueprint and still \
                 alive: drop them (`_`, not `_b`), or put the blueprints together"
            ),
            Self::HubClosed { stage } => write!(
                f,
                "stage `{stage}` was to join a hub that is closed, or whose flow is over"
            ),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Arbiter { error, .. } => Some(&**error),
            _ => None,
        }
    }
}
