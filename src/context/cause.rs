//! Why a context, a stage or a flow ended.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Any error that a stage's logic can fail with.
///
/// # Examples
///
/// ```
/// use actix_flow::BoxError;
///
/// fn port(text: &str) -> Result<u16, BoxError> {
///     let port: u16 = text.parse()?;
///     if port == 0 {
///         return Err("port 0 is no port".into());
///     }
///     Ok(port)
/// }
///
/// assert_eq!(port("80").expect("it is one"), 80);
/// assert_eq!(port("0").expect_err("it is none").to_string(), "port 0 is no port");
/// ```
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why a context, a stage or a flow ended.
///
/// A cause travels with every ending: it is what [`FlowContext::cause`](crate::FlowContext::cause)
/// gives, what a [`Report`](crate::Report) shows for each stage, and what a
/// [`PipelineError`](crate::PipelineError) carries. Cloning copies a pointer at most.
///
/// The idea of a cause beside the bare "done" is that of Go's `context.Cause`.
///
/// # Examples
///
/// ```
/// use actix_flow::Cause;
///
/// let cause = Cause::from("the customer hung up");
/// assert_eq!(cause.to_string(), "cancelled: the customer hung up");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Cause {
    /// Every stage came to the end of its items.
    Completed,
    /// The sending side closed: no more values were made, all that were made were delivered.
    Closed,
    /// The receiving side or an operator needed no more.
    Quit,
    /// Somebody cancelled, and gave this reason.
    Cancelled(Arc<str>),
    /// The deadline of the context passed.
    DeadlineExceeded,
    /// An ending took longer than the grace (or the drain time) it was given.
    GraceExpired,
    /// A stage's logic returned an error.
    Failed {
        /// The stage that failed.
        stage: Arc<str>,
        /// What it returned.
        error: Arc<dyn Error + Send + Sync>,
    },
    /// A stage's logic panicked.
    Panicked {
        /// The stage that panicked.
        stage: Arc<str>,
        /// The panic's message.
        text: Arc<str>,
    },
    /// A stage went down with its arbiter, without an answer.
    Lost {
        /// The stage that was lost; `supervisor` where that of the flow was.
        stage: Arc<str>,
    },
    /// Stages did not yield within the grace, not even to an abort.
    Stuck {
        /// The stages that still hold their thread.
        stages: Arc<[Arc<str>]>,
    },
    /// Nobody in the flow could ever move again.
    Stalled {
        /// Who waits for whom, one entry per stage that was alive.
        waits: Arc<[StalledWait]>,
    },
}

impl Cause {
    /// Whether this is a way of ending that delivered everything: completed or closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::Cause;
    ///
    /// assert!(Cause::Closed.is_success());
    /// assert!(!Cause::Quit.is_success());
    /// ```
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Completed | Self::Closed)
    }

    /// Whether something went wrong, and was not asked for.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::GraceExpired
                | Self::Failed { .. }
                | Self::Panicked { .. }
                | Self::Lost { .. }
                | Self::Stuck { .. }
                | Self::Stalled { .. }
        )
    }

    /// Whether it is answered by a supervisor: what failed by itself, not what was ended from outside.
    pub(crate) fn is_fault(&self) -> bool {
        self.is_failure() && !matches!(self, Self::GraceExpired)
    }

    /// Whether both tell of the same failure, not only of one alike.
    pub(crate) fn is_same_failure(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Failed { error: own, .. }, Self::Failed { error, .. }) => {
                Arc::ptr_eq(own, error)
            }
            (Self::Panicked { text: own, .. }, Self::Panicked { text, .. }) => {
                Arc::ptr_eq(own, text)
            }
            (Self::Lost { stage: own }, Self::Lost { stage }) => Arc::ptr_eq(own, stage),
            (Self::Stuck { stages: own }, Self::Stuck { stages }) => Arc::ptr_eq(own, stages),
            (Self::Stalled { waits: own }, Self::Stalled { waits }) => Arc::ptr_eq(own, waits),
            _ => false,
        }
    }

    /// The same failure, told of where stages are known by the path of their flow too.
    pub(crate) fn below(self, path: &str) -> Self {
        let full = |stage: &Arc<str>| Arc::from(format!("{path}/{stage}"));
        match self {
            Self::Failed { stage, error } => Self::Failed {
                stage: full(&stage),
                error,
            },
            Self::Panicked { stage, text } => Self::Panicked {
                stage: full(&stage),
                text,
            },
            Self::Lost { stage } => Self::Lost {
                stage: full(&stage),
            },
            Self::Stuck { stages } => Self::Stuck {
                stages: stages.iter().map(full).collect(),
            },
            cause => cause,
        }
    }

    /// What it is to a flow that was still running when its context ended with it: a completion or
    /// a quit further up delivered nothing down here.
    pub(crate) fn into_cancel(self) -> Self {
        match self {
            Self::Completed | Self::Closed | Self::Quit => {
                Self::from(format!("the context ended: {self}"))
            }
            cause => cause,
        }
    }

    /// The stage at which it began, where it began at one.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::Cause;
    ///
    /// let cause = Cause::Lost { stage: "parse".into() };
    /// assert_eq!(cause.stage(), Some("parse"));
    /// assert_eq!(Cause::Quit.stage(), None);
    /// ```
    #[must_use]
    pub fn stage(&self) -> Option<&str> {
        match self {
            Self::Failed { stage, .. } | Self::Panicked { stage, .. } | Self::Lost { stage } => {
                Some(stage)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed => f.write_str("completed"),
            Self::Closed => f.write_str("closed"),
            Self::Quit => f.write_str("quit"),
            Self::Cancelled(reason) => write!(f, "cancelled: {reason}"),
            Self::DeadlineExceeded => f.write_str("deadline exceeded"),
            Self::GraceExpired => f.write_str("grace expired"),
            Self::Failed { stage, error } => write!(f, "stage `{stage}` failed: {error}"),
            Self::Panicked { stage, text } => write!(f, "stage `{stage}` panicked: {text}"),
            Self::Lost { stage } => write!(f, "stage `{stage}` was lost with its arbiter"),
            Self::Stuck { stages } => {
                f.write_str("stuck: no answer from ")?;
                list(f, stages.iter().map(|stage| format!("`{stage}`")))
            }
            Self::Stalled { waits } => {
                f.write_str("stalled: ")?;
                list(f, waits.iter().map(ToString::to_string))
            }
        }
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed { error, .. } => Some(&**error),
            _ => None,
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, parts: impl Iterator<Item = String>) -> fmt::Result {
    for (n, part) in parts.enumerate() {
        if n > 0 {
            f.write_str(", ")?;
        }
        f.write_str(&part)?;
    }
    Ok(())
}

impl From<&str> for Cause {
    fn from(reason: &str) -> Self {
        Self::Cancelled(reason.into())
    }
}

impl From<String> for Cause {
    fn from(reason: String) -> Self {
        Self::Cancelled(reason.into())
    }
}

/// One stage of a stalled flow, and the port it waits on.
///
/// # Examples
///
/// Behind a filter one branch gives nothing, the pairs wait for it, and the other branch waits for
/// the pairs:
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), PipelineError> {
/// let [all, none] = Source::from_iter(0..100u64).broadcast(2).window(2).into_array();
/// let pairs = all.zip(none.filter(|_| false).named("none")).named("pairs").window(2);
/// let error = pairs.count().run(&FlowContext::background())?.await.expect_err("it gives no value");
/// let Some(Cause::Stalled { waits }) = error.cause() else { panic!("{error}") };
/// assert!(waits.iter().any(|wait| wait.to_string() == "`pairs` waits for an item from `none`"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StalledWait {
    /// The stage that waits.
    pub stage: Arc<str>,
    /// What it waits for.
    pub need: StalledNeed,
    /// The stages at the other end of the port; several where any of them would do.
    pub peers: Arc<[Arc<str>]>,
}

impl StalledWait {
    pub(crate) fn new(stage: Arc<str>, need: StalledNeed, peers: Arc<[Arc<str>]>) -> Self {
        Self { stage, need, peers }
    }
}

impl fmt::Display for StalledWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let need = match self.need {
            StalledNeed::Item => "an item from",
            StalledNeed::Credit => "credit of",
        };
        write!(f, "`{}` waits for {need} ", self.stage)?;
        list(f, self.peers.iter().map(|peer| format!("`{peer}`")))
    }
}

/// What a stage of a stalled flow waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StalledNeed {
    /// It has no input.
    Item,
    /// It may not send: its consumer allows no more.
    Credit,
}
