//! The runtime that a few verbs need in order to spawn a task.

use std::error::Error;
use std::fmt;

use tokio::runtime::Handle;

/// The calling thread is in no tokio runtime, and the verb had to spawn a task.
///
/// Given by [`FlowContext::after_done`](crate::FlowContext::after_done) when there is a deadline to
/// drive, and by [`FlowContext::until`](crate::FlowContext::until).
///
/// # Examples
///
/// ```
/// use actix_flow::FlowContext;
///
/// let refused = FlowContext::until(std::future::pending::<()>(), "never").expect_err("no runtime");
/// assert_eq!(refused.to_string(), "no tokio runtime on this thread");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoRuntime {}

impl fmt::Display for NoRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no tokio runtime on this thread")
    }
}

impl Error for NoRuntime {}

pub(super) fn current() -> Result<Handle, NoRuntime> {
    Handle::try_current().map_err(|_| NoRuntime {})
}
