//! What is supervised by one that is gone with its arbiter: those elsewhere must still hear of the
//! end, and who waits must not wait for ever.

use std::sync::Arc;
use std::thread;

use super::{FlowState, Level, Outcome, Patience};
use crate::context::Cause;

/// One that can lose its supervisor.
pub(crate) trait Forsaken: Send + Sync + 'static {
    fn outcome(&self) -> &Outcome;

    fn patience(&self) -> Patience;

    fn abort_all(&self);

    /// Ends the wait for those that hold their threads.
    fn conclude_stuck(&self);
}

/// Carries out the rest of the ladder in the place of the supervisor, on a thread: abort after the
/// grace, and then nobody is waited for.
pub(crate) fn carry_out_end(forsaken: &Arc<impl Forsaken>) {
    let forsaken = Arc::clone(forsaken);
    let executor = thread::Builder::new().name("actix-flow end".into());
    let spawned = executor.spawn(move || {
        let (outcome, patience) = (forsaken.outcome(), forsaken.patience());
        outcome.execute();
        if outcome.is_over_within(patience.of(Level::Cancel)) {
            return;
        }
        forsaken.abort_all();
        if !outcome.is_over_within(patience.of(Level::Abort)) {
            forsaken.conclude_stuck();
        }
    });
    if let Err(error) = spawned {
        log::error!("cannot watch the end of what has no supervisor: {error}");
    }
}

impl FlowState {
    /// Cancels the flow in the place of its supervisor.
    pub(super) fn forsake(self: &Arc<Self>) {
        let stage = Arc::from("supervisor");
        self.raise(Level::Cancel, Cause::Lost { stage });
        for stage in &self.plan.stages {
            // They see the mark of the context once they are polled.
            stage.wake();
        }
        if self.live() > 0 {
            carry_out_end(self);
        }
    }
}

impl Forsaken for FlowState {
    fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    fn patience(&self) -> Patience {
        self.plan.patience
    }

    fn abort_all(&self) {
        for stage in &self.plan.stages {
            stage.abort();
        }
    }

    fn conclude_stuck(&self) {
        Self::conclude_stuck(self);
    }
}
