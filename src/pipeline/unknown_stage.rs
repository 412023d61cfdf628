//! The error of a name that no stage or group has.

use std::fmt;
use std::sync::Arc;

/// No stage or group has this name.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), PipelineError> {
/// let flow = Source::from_iter(0..3u64).count().run(&FlowContext::background())?;
/// let error = flow.control().quit_stage("total").expect_err("there is none");
/// assert_eq!(error.name(), "total");
/// assert_eq!(flow.await?, 3);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownStage {
    pub(super) name: Arc<str>,
}

impl UnknownStage {
    /// The name that was asked for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for UnknownStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the flow has no stage or group `{}`", self.name)
    }
}

impl std::error::Error for UnknownStage {}
