//! Why a tree did not end well, and the error of a name that no child has.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::Tree;
use crate::context::Cause;

/// Why a tree ended otherwise than by a close or a quit.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = FlowSupervisor::start(&FlowContext::background())?;
/// let divide = |_: &FlowContext| Source::from_iter([1u64, 0]).map(|n| 10 / n).named("divide").drain();
/// service.run_with("import", divide)?;    // without a policy: the failure goes up
/// let error = service.wait().await.expect_err("it gives no value");
/// assert_eq!(error.cause().stage(), Some("import/divide"));
/// assert!(error.tree().row("import").is_some_and(|import| import.failure.is_some()));
/// # Ok(())
/// # }
/// ```
pub struct SupervisorError {
    ended: Box<(Cause, Tree)>,
}

impl SupervisorError {
    pub(super) fn new(cause: Cause, tree: Tree) -> Self {
        let ended = Box::new((cause, tree));
        Self { ended }
    }

    /// Why the tree ended.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.ended.0
    }

    /// What became of it.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.ended.1
    }
}

impl fmt::Debug for SupervisorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A `main` that returns it prints this: the text says more than the structure.
        write!(f, "SupervisorError({})", self.cause())
    }
}

impl fmt::Display for SupervisorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the supervisor ended: {}", self.cause())
    }
}

impl Error for SupervisorError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause().source()
    }
}

/// No child that is alive has this name.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = FlowSupervisor::start(&FlowContext::background())?;
/// let error = service.quit_child("counter").expect_err("there is none");
/// assert_eq!(error.name(), "counter");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownChild {
    pub(super) name: Arc<str>,
}

impl UnknownChild {
    /// The name that was asked for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for UnknownChild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the supervisor has no child `{}`", self.name)
    }
}

impl Error for UnknownChild {}
