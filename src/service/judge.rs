//! What becomes of a child that went down, and of the others.

use std::sync::Arc;

use tokio::time::Instant;

use super::roster::ChildState;
use super::supervisor::{Next, TreeSupervisor};
use crate::context::Cause;
use crate::supervise::Level;

impl TreeSupervisor {
    /// A child went down.
    pub(super) fn gone(&mut self, child: u64, outcome: &Cause, last: bool) {
        let Some(held) = self.children.get_mut(&child) else {
            return;
        };
        // What ended all of them is the failure of one, and was told of then.
        let failed = outcome.is_fault() && !self.life.state.has_failed_by(outcome);
        if failed && matches!(outcome, Cause::Stuck { .. }) {
            // Something of it still runs: it is not gone, and not to be started beside that.
            self.stuck(child, outcome.clone());
            return;
        }
        held.up = false;
        held.asked = Level::Running;
        let next = std::mem::replace(&mut held.next, Next::Judge);
        let (once, permanent) = (held.terms.once || last, held.terms.permanent);
        self.dues.retain(|(_, other)| *other != child);
        if failed {
            self.life.state.note_failure(child, outcome);
            if next != Next::Judge || self.is_stopping() {
                // It is answered by nobody: the child was going down anyway.
                log::error!("{}: {outcome}", self.children[&child].terms.path);
            }
        }
        match next {
            Next::Leave => self.finish(child, outcome),
            Next::Renew if !once => {
                if self.applied == Level::Running {
                    self.turns.left(child);
                }
                self.turns.ready(child);
            }
            Next::Renew => self.finish(child, outcome),
            Next::Judge if self.is_stopping() || failed != outcome.is_fault() => {
                self.finish(child, outcome);
            }
            Next::Judge if failed => self.failed(child, outcome.clone(), last),
            Next::Judge if permanent && !once && self.applied == Level::Running => {
                let stage = Arc::clone(&self.children[&child].terms.path);
                let error = Arc::from(Box::from("it is permanent and has ended"));
                self.failed(child, Cause::Failed { stage, error }, false);
            }
            Next::Judge => self.finish(child, outcome),
        }
    }

    /// A child failed: it is started again after a backoff, or its failure goes up.
    fn failed(&mut self, child: u64, cause: Cause, last: bool) {
        let held = &self.children[&child];
        let terms = &held.terms;
        let lost = matches!(cause, Cause::Lost { .. }) && terms.is_homeless();
        let again = !last && !terms.once && !lost && {
            let now = Instant::now();
            terms.supervision.as_ref().is_some_and(|supervision| {
                let path = &terms.path;
                self.recoveries
                    .admit(child, path, supervision, false, &cause, now)
            })
        };
        if !again {
            self.escalate(child, cause, last);
            return;
        }
        log::warn!("{}: restarts: {cause}", terms.path);
        self.life.state.set_child(child, ChildState::Restarting);
        if self.applied > Level::Running {
            return;
        }
        for (&other, held) in &mut self.children {
            if held.up && held.next == Next::Judge && self.turns.reaches(child, other) {
                held.next = Next::Renew;
                self.turns.leave(other);
            }
        }
    }

    /// A failure that is not answered by a restart.
    fn escalate(&mut self, child: u64, cause: Cause, last: bool) {
        let terms = &self.children[&child].terms;
        if terms.once {
            // It is its owner's.
            self.finish(child, &cause);
        } else if terms.isolated {
            log::error!("{}: isolated: {cause}", terms.path);
            self.finish(child, &cause);
        } else if self.state().parent.is_none() || self.applied > Level::Running {
            self.finish(child, &cause);
            self.state().raise(Level::Cancel, cause);
        } else {
            if last {
                self.finish(child, &cause);
            }
            self.suspend(cause);
        }
    }

    /// A child holds its thread, or said so of those below it.
    pub(super) fn stuck(&mut self, child: u64, cause: Cause) {
        self.life.state.note_failure(child, &cause);
        log::error!("{}: {cause}", self.state().label());
        if self.state().parent.is_some() && self.applied == Level::Running {
            self.state().tell_parent(cause, false);
        } else {
            self.state().raise(Level::Cancel, cause);
        }
    }

    /// Brings all children down, to come back when the parent says so.
    pub(super) fn suspend(&mut self, cause: Cause) {
        self.suspended.get_or_insert(cause);
        self.recoveries.clear();
        for (&child, held) in &mut self.children {
            if held.next == Next::Leave {
                continue;
            }
            if held.up {
                held.next = Next::Renew;
                self.turns.leave(child);
            } else {
                self.turns.ready(child);
            }
        }
    }
}
