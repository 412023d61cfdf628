//! What a supervisor is before it runs.

use std::sync::Arc;
use std::time::Duration;

use super::FlowSupervisor;
use crate::context::FlowContext;
use crate::pipeline::StartError;
use crate::supervise::{Patience, Strategy};

/// A `SupervisorSpec` says how a supervisor treats its children as a whole.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = SupervisorSpec::new()
///     .named("service")
///     .strategy(Strategy::RestForOne)
///     .grace(Duration::from_secs(1))
///     .start(&FlowContext::background())?;
/// service.close();
/// assert_eq!(service.wait().await?.to_string(), "service: supervisor, ended: closed\n");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "it does nothing by itself"]
pub struct SupervisorSpec {
    pub(super) name: Option<Arc<str>>,
    pub(super) strategy: Strategy,
    pub(super) patience: Patience,
}

impl SupervisorSpec {
    /// A supervisor without a name, whose children stand each for itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = SupervisorSpec::new().start(&FlowContext::background())?;
    /// # drop(service);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the supervisor. The name of a child's [`ChildSpec`](crate::ChildSpec) goes before it.
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Which other children are restarted with one that is: of [`Strategy::RestForOne`], those that
    /// were started later.
    ///
    /// They stop one after the other, the last first, and start in their order once the backoff is
    /// over.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// How long a quit or a cancel may take, of all children together or of one that is quit, before
    /// it rises: 5 seconds unless said.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.patience.grace = grace;
        self
    }

    /// How long a close may take before it becomes a cancel; without it, as long as it needs.
    pub fn drain_within(mut self, time: Duration) -> Self {
        self.patience.drain = Some(time);
        self
    }

    /// Starts the supervisor, on a child of `context`.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = SupervisorSpec::new().named("service").start(&FlowContext::background())?;
    /// assert_eq!(&*service.tree().rows()[0].name, "service");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`FlowSupervisor::start`].
    pub fn start(self, context: &FlowContext) -> Result<FlowSupervisor, StartError> {
        FlowSupervisor::of(self, context)
    }
}
