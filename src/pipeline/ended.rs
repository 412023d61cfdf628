//! Waiting for what a control has ended.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::supervise::{FlowState, Outcome};

/// Waits until what a [`Control`](crate::Control) has ended is gone.
///
/// The verb has acted already: dropping this changes nothing. It is ready too when the whole flow
/// is over, so a stage that is stuck does not hold it up for ever.
///
/// # Examples
///
/// ```
/// use actix_flow::prelude::*;
///
/// # #[actix::main]
/// # async fn main() -> Result<(), PipelineError> {
/// let flow = Source::repeat_with(|| 1u64).count().run(&FlowContext::background())?;
/// let closed: Ended = flow.control().close();
/// closed.await;
/// assert!(flow.control().is_finished());
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
///
/// It can be dropped at any time; the ending goes on.
pub struct Ended {
    wait: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ended").finish_non_exhaustive()
    }
}

impl Ended {
    /// Of some stages, or of the whole flow.
    pub(super) fn new(flow: &Arc<FlowState>, stages: Option<Vec<u32>>) -> Self {
        Self::once(
            flow,
            |flow| flow.outcome(),
            move |flow| {
                let gone = |stages: &Vec<u32>| stages.iter().all(|&n| flow.stage(n).is_gone());
                stages.as_ref().is_some_and(gone)
            },
        )
    }

    /// Of what is `gone`, or over as a whole.
    pub(crate) fn once<T: Send + Sync + 'static>(
        whole: &Arc<T>,
        outcome: fn(&T) -> &Outcome,
        gone: impl Fn(&T) -> bool + Send + 'static,
    ) -> Self {
        let whole = Arc::clone(whole);
        let wait = async move {
            let outcome = outcome(&whole);
            loop {
                let mut changed = std::pin::pin!(outcome.changed().notified());
                // Before the look: a change after it wakes.
                changed.as_mut().enable();
                if gone(&whole) || outcome.is_over() {
                    return;
                }
                changed.await;
            }
        };
        Self {
            wait: Box::pin(wait),
        }
    }
}

impl Future for Ended {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.wait.as_mut().poll(cx)
    }
}
