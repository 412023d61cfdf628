//! The handle that owns a running flow.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::{Control, PipelineError};
use crate::context::Cause;
use crate::flow::Take;
use crate::report::Report;
use crate::supervise::Level;

/// A `Pipeline` owns a running flow and ends with it.
///
/// Awaited it gives the flow's value; [`wait`](Self::wait) gives ending and report too. Either is
/// ready only after the last actor was dropped, every closure that ran off its arbiter has ended,
/// and the flow's own arbiters are joined; of a flow that is [`Stuck`](crate::Cause::Stuck), what
/// does not answer is left behind. Dropped, it cancels the flow, unless it was
/// [`detach`](Self::detach)ed.
///
/// Awaiting a pipeline from one of its own stages never ends.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// #[actix::main]
/// async fn main() -> Result<(), PipelineError> {
///     let flow = Source::from_iter(0..10u32).map(|n| n * n).last();
///     let finished = flow.run(&FlowContext::background())?.wait().await?;
///     assert_eq!(finished.value, Some(Some(81)));
///     assert!(matches!(finished.ending, Cause::Completed));
///     finished.report.check().expect("every item is accounted for");
///     Ok(())
/// }
/// ```
#[must_use = "a pipeline that is dropped is cancelled"]
pub struct Pipeline<R> {
    control: Control,
    take: Option<Take<R>>,
    owned: bool,
}

impl<R> fmt::Debug for Pipeline<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("control", &self.control)
            .field("owned", &self.owned)
            .finish_non_exhaustive()
    }
}

/// What is left of a flow that came to its end.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), PipelineError> {
/// let flow = Source::from_iter(0..3u64).count().run(&FlowContext::background())?;
/// let Finished { value, ending, report, .. } = flow.wait().await?;
/// assert_eq!(value, Some(3));
/// assert!(matches!(ending, Cause::Completed));
/// assert_eq!(report.stages().len(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finished<R> {
    /// The value of the sink; of a flow that was quit, what the sink had made so far.
    pub value: Option<R>,
    /// How the flow ended: completed, closed or quit.
    pub ending: Cause,
    /// What went in, came out, failed and was discarded.
    pub report: Report,
}

impl<R> Pipeline<R> {
    pub(super) fn new(control: Control, take: Take<R>) -> Self {
        Self {
            control,
            take: Some(take),
            owned: true,
        }
    }

    /// The remote control of the flow, which works while this is awaited elsewhere.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::repeat_with(|| 1u64).count().run(&FlowContext::background())?;
    /// let control = flow.control();
    /// actix_rt::spawn(async move { control.close().await });
    /// assert!(flow.await? < u64::MAX);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Waits for the end of the flow, and gives its value, its ending and its report.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let flow = Source::from_iter(0..3u64).count().run(&FlowContext::background())?;
    /// let finished = flow.wait().await?;
    /// assert_eq!(finished.value, Some(3));
    /// finished.report.check().expect("every item is accounted for");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`PipelineError`], with cause and report, unless the flow completed, was closed or was quit.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it cancels the flow, as the pipeline itself does.
    pub fn wait(self) -> Wait<R> {
        Wait(self)
    }

    /// Lets the flow run on without a handle. Its context, its own endings and a [`Control`] still
    /// end it.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let (done, over) = futures::channel::oneshot::channel();
    /// let mut done = Some(done);
    /// let flow = Source::once(1).for_each(move |n| {
    ///     done.take().expect("one item").send(n).expect("it is waited for");
    /// });
    /// flow.run(&FlowContext::background())?.detach();
    /// assert_eq!(over.await, Ok(1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn detach(mut self) {
        self.owned = false;
    }

    /// How the flow ended, and its value.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<(Cause, Option<R>)> {
        let outcome = self.control.flow().outcome();
        // Before the look: an end after it wakes.
        outcome.register(cx.waker());
        let Some(ending) = outcome.cause().cloned() else {
            return Poll::Pending;
        };
        outcome.observe();
        let value = self.take.take().and_then(|take| take());
        Poll::Ready((ending, value))
    }

    fn error(&self, cause: Cause) -> PipelineError {
        PipelineError::ended(cause, self.control.flow().report())
    }
}

impl<R> Drop for Pipeline<R> {
    fn drop(&mut self) {
        let flow = self.control.flow();
        if self.owned && !flow.is_over() {
            flow.raise(Level::Cancel, Cause::from("the pipeline was dropped"));
        }
        flow.outcome().unwatch(flow.label());
    }
}

impl<R: Send + 'static> IntoFuture for Pipeline<R> {
    type Output = Result<R, PipelineError>;
    type IntoFuture = Value<R>;

    fn into_future(self) -> Value<R> {
        Value(self)
    }
}

/// Waits for the end of a flow: the future of [`Pipeline::wait`].
///
/// # Examples
///
/// ```
/// use actix_flow::Wait;
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), PipelineError> {
/// let flow = Source::once(1u64).count().run(&FlowContext::background())?;
/// let wait: Wait<u64> = flow.wait();
/// assert_eq!(wait.await?.value, Some(1));
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
///
/// Dropped before it is ready, it cancels the flow. Polled through a reference, in a `select!` say,
/// it can be polled again.
#[derive(Debug)]
#[must_use = "dropped, it cancels the flow"]
pub struct Wait<R>(Pipeline<R>);

impl<R> Unpin for Wait<R> {}

impl<R> Future for Wait<R> {
    type Output = Result<Finished<R>, PipelineError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (ending, value) = ready!(self.0.poll_end(cx));
        Poll::Ready(match ending {
            Cause::Completed | Cause::Closed | Cause::Quit => Ok(Finished {
                value,
                ending,
                report: self.0.control.flow().report(),
            }),
            cause => Err(self.0.error(cause)),
        })
    }
}

/// Waits for the value of a flow: the future of an awaited [`Pipeline`].
///
/// # Examples
///
/// ```
/// use std::future::IntoFuture;
///
/// use actix_flow::Value;
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), PipelineError> {
/// let flow = Source::once(1u64).count().run(&FlowContext::background())?;
/// let value: Value<u64> = flow.into_future();
/// assert_eq!(value.await?, 1);
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
///
/// Dropped before it is ready, it cancels the flow.
#[derive(Debug)]
#[must_use = "dropped, it cancels the flow"]
pub struct Value<R>(Pipeline<R>);

impl<R> Unpin for Value<R> {}

impl<R> Future for Value<R> {
    type Output = Result<R, PipelineError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (ending, value) = ready!(self.0.poll_end(cx));
        Poll::Ready(match value {
            Some(value) if ending.is_success() => Ok(value),
            _ => Err(self.0.error(ending)),
        })
    }
}
