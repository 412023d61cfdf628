//! What a supervisor is told of a child before it starts it.

use std::sync::Arc;

use actix_rt::ArbiterHandle;

use crate::supervise::RestartPolicy;

/// A `ChildSpec` says how a supervisor is to treat a child.
///
/// The word is that of OTP's supervisors, as are those of what happens to a child that ends by
/// itself: one that is transient, as every child is unless it is said to be
/// [`permanent`](Self::permanent), is then done.
///
/// A name alone is one, too.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use actix_flow::prelude::*;
///
/// let plain = ChildSpec::from("counter");
/// let careful = ChildSpec::from("counter")
///     .supervised(RestartPolicy::restart().limit(3, Duration::from_secs(60)))
///     .isolated();
/// # drop((plain, careful));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "it does nothing by itself"]
pub struct ChildSpec {
    pub(super) name: Option<Arc<str>>,
    pub(super) policy: Option<RestartPolicy>,
    pub(super) permanent: bool,
    pub(super) isolated: bool,
    pub(super) place: Option<ArbiterHandle>,
}

impl ChildSpec {
    /// A child without a name: it gets one, `actor-1`, `flow-1`, `supervisor-1`.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// service.run_with(ChildSpec::new(), |_| Source::repeat_with(|| 1u64).drain())?;
    /// assert!(service.tree().row("flow-1").is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the child. The name is free again when the child has ended.
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Answers failures of the child: by a restart, or else they go up.
    ///
    /// A child cannot be resumed, nor can it retry: what an actor was doing when it panicked is
    /// half done, and its message is gone.
    pub fn supervised(mut self, policy: RestartPolicy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Restarts the child also when it has ended by itself, without a failure, within the same
    /// limits; without a policy, by that of [`RestartPolicy::restart`].
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// let poll = |_: &FlowContext| Source::from_iter(0..10u64).drain();
    /// service.run_with(ChildSpec::from("poll").permanent(), poll)?;
    /// while service.tree().row("poll").is_some_and(|poll| poll.restarts == 0) {
    ///     tokio::task::yield_now().await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn permanent(mut self) -> Self {
        self.permanent = true;
        self
    }

    /// Keeps a failure that its policy does not answer to this child: it ends, the supervisor and
    /// its other children go on.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// let fails = |_: &FlowContext| Source::<u64>::failed("no input").drain();
    /// service.run_with(ChildSpec::from("extra").isolated(), fails)?;
    /// while service.tree().row("extra").is_some_and(|extra| extra.failure.is_none()) {
    ///     tokio::task::yield_now().await;
    /// }
    /// assert!(!service.is_finished());
    /// # Ok(())
    /// # }
    /// ```
    pub fn isolated(mut self) -> Self {
        self.isolated = true;
        self
    }

    /// Where the child runs: an actor lives there, a flow is started there, and so is a supervisor.
    ///
    /// Without it, where its supervisor does.
    pub fn on(mut self, arbiter: ArbiterHandle) -> Self {
        self.place = Some(arbiter);
        self
    }
}

impl From<&str> for ChildSpec {
    fn from(name: &str) -> Self {
        Self::new().named(name)
    }
}

impl From<String> for ChildSpec {
    fn from(name: String) -> Self {
        Self::new().named(name)
    }
}
