//! Why a flow gave no value.

use std::error::Error;
use std::fmt;

use super::StartError;
use crate::context::Cause;
use crate::report::Report;

/// Why a flow gave no value: it was not started, or ended otherwise than by its last item.
///
/// It has the cause, the stage where it began at one, and the report of the flow.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), PipelineError> {
/// let flow = Source::once("seven").try_map(str::parse::<u64>).named("parse").last();
/// let error = flow.run(&FlowContext::background())?.await.expect_err("it gives no value");
/// assert_eq!(error.stage(), Some("parse"));
/// let parse = error.report().and_then(|report| report.stage("parse"));
/// assert_eq!(parse.map(|parse| parse.failed), Some(1));
/// assert_eq!(
///     error.to_string(),
///     "the flow gave no value: stage `parse` failed: invalid digit found in string",
/// );
/// # Ok(())
/// # }
/// ```
pub struct PipelineError {
    kind: Box<Kind>,
}

enum Kind {
    Start(StartError),
    Ended { cause: Cause, report: Report },
}

impl PipelineError {
    pub(super) fn ended(cause: Cause, report: Report) -> Self {
        let kind = Box::new(Kind::Ended { cause, report });
        Self { kind }
    }

    /// Why the flow ended, or the cause of the context that was done before it started; none if
    /// anything else kept it from starting.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::repeat_with(|| 1u64).count().run(&FlowContext::background())?;
    /// flow.control().quit();
    /// let error = flow.await.expect_err("it gives no value");
    /// assert!(matches!(error.cause(), Some(Cause::Quit)));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        match &*self.kind {
            Kind::Start(StartError::ContextDone { cause }) => Some(cause),
            Kind::Start(_) => None,
            Kind::Ended { cause, .. } => Some(cause),
        }
    }

    /// The stage at which it began, where it began at one.
    #[must_use]
    pub fn stage(&self) -> Option<&str> {
        match &*self.kind {
            Kind::Start(error) => error.stage(),
            Kind::Ended { cause, .. } => cause.stage(),
        }
    }

    /// What the flow has done; none if it was not started.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter([1u64, 0]).map(|n| 10 / n).named("divide").drain();
    /// let error = flow.run(&FlowContext::background())?.await.expect_err("it gives no value");
    /// let divide = error.report().and_then(|report| report.stage("divide"));
    /// assert_eq!(divide.map(|divide| (divide.passed, divide.failed)), Some((1, 1)));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        match &*self.kind {
            Kind::Start(_) => None,
            Kind::Ended { report, .. } => Some(report),
        }
    }

    /// Why the flow was not started, if it was not.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// let flow = Source::once(1u64).count();
    /// let error = PipelineError::from(
    ///     flow.run(&FlowContext::background()).expect_err("it is refused"),
    /// );
    /// assert!(matches!(error.start_error(), Some(StartError::NoRuntime)));
    /// ```
    #[must_use]
    pub fn start_error(&self) -> Option<&StartError> {
        match &*self.kind {
            Kind::Start(error) => Some(error),
            Kind::Ended { .. } => None,
        }
    }
}

impl From<StartError> for PipelineError {
    fn from(error: StartError) -> Self {
        let kind = Box::new(Kind::Start(error));
        Self { kind }
    }
}

impl fmt::Debug for PipelineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.kind {
            // A `main` that returns it prints this: the text says more than the structure.
            Kind::Start(error) => write!(f, "PipelineError({error})"),
            Kind::Ended { cause, .. } => write!(f, "PipelineError({cause})"),
        }
    }
}

impl fmt::Display for PipelineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.kind {
            Kind::Start(error) => write!(f, "the flow was not started: {error}"),
            Kind::Ended { cause, .. } => write!(f, "the flow gave no value: {cause}"),
        }
    }
}

impl Error for PipelineError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.kind {
            Kind::Start(error) => Some(error),
            Kind::Ended {
                cause: Cause::Failed { error, .. },
                ..
            } => Some(&**error),
            Kind::Ended { .. } => None,
        }
    }
}
