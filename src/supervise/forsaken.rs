//! A flow whose supervisor is gone with its arbiter: the stages elsewhere must still hear of the
//! end, and who waits must not wait for ever.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::{FlowState, Level};
use crate::context::Cause;

impl FlowState {
    /// Cancels the flow in the place of its supervisor.
    pub(super) fn forsake(self: &Arc<Self>) {
        let stage = Arc::from("supervisor");
        self.raise(Level::Cancel, Cause::Lost { stage });
        for stage in &self.plan.stages {
            // They see the mark of the context once they are polled.
            stage.wake();
        }
        if self.live() == 0 {
            return;
        }
        let flow = Arc::clone(self);
        let executor = thread::Builder::new().name("actix-flow end".into());
        if let Err(error) = executor.spawn(move || flow.carry_out_end()) {
            log::error!("cannot watch the end of a flow without supervisor: {error}");
        }
    }

    /// The rest of the ladder: abort after the grace, and then nobody is waited for.
    fn carry_out_end(&self) {
        // Before the first look: an end after it unparks.
        let _ = self.executor.set(thread::current());
        let patience = self.plan.patience;
        if self.is_over_within(patience.of(Level::Cancel)) {
            return;
        }
        for stage in &self.plan.stages {
            stage.abort();
        }
        if !self.is_over_within(patience.of(Level::Abort)) {
            self.conclude_stuck();
        }
    }

    fn is_over_within(&self, time: Option<Duration>) -> bool {
        let until = time.and_then(|time| Instant::now().checked_add(time));
        while !self.is_over() {
            match until {
                None => thread::park(),
                Some(until) => match until.checked_duration_since(Instant::now()) {
                    None => return false,
                    Some(left) => thread::park_timeout(left),
                },
            }
        }
        true
    }
}
