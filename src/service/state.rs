//! The shared state of a running supervisor.
//!
//! The locks are taken one at a time; no code of a user runs under them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use actix::Addr;

use super::child::Reins;
use super::roster::{ChildState, Roster};
use super::supervisor::{Tell, TreeSupervisor};
use crate::context::{Cause, FlowContext};
use crate::supervise::{Ending, Forsaken, Level, Outcome, Patience, Strategy, carry_out_end};

/// Where a nested supervisor hangs.
pub(super) struct Parent {
    /// Alive for as long as the nested one is: its life holds the parent's.
    pub(super) state: Weak<ServiceState>,
    pub(super) child: u64,
}

pub(super) struct ServiceState {
    /// Empty for a root without a name.
    pub(super) path: Arc<str>,
    pub(super) strategy: Strategy,
    pub(super) patience: Patience,
    pub(super) context: FlowContext,
    pub(super) parent: Option<Parent>,
    supervisor: Addr<TreeSupervisor>,
    ending: Mutex<Ending>,
    roster: Mutex<Roster>,
    outcome: Outcome,
}

impl ServiceState {
    pub(super) fn new(
        path: Arc<str>,
        (strategy, patience): (Strategy, Patience),
        context: FlowContext,
        parent: Option<Parent>,
        supervisor: Addr<TreeSupervisor>,
    ) -> Arc<Self> {
        Arc::new(Self {
            path,
            strategy,
            patience,
            context,
            parent,
            supervisor,
            ending: Mutex::default(),
            roster: Mutex::default(),
            outcome: Outcome::default(),
        })
    }

    pub(super) fn label(&self) -> &str {
        if self.path.is_empty() {
            "supervisor"
        } else {
            &self.path
        }
    }

    pub(super) fn tell(&self, what: Tell) {
        TreeSupervisor::tell(&self.supervisor, what);
    }

    pub(super) fn roster(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_ending(&self) -> MutexGuard<'_, Ending> {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ending(&self) -> (Level, Cause) {
        let ending = self.lock_ending();
        (ending.level(), ending.cause())
    }

    /// Raises the ending and has the supervisor carry it out. No child is taken up from then on.
    pub(super) fn raise(&self, level: Level, cause: Cause) {
        self.roster().close();
        let cause = level.mark(&self.context, cause);
        if self.lock_ending().raise(level, cause) {
            self.tell(Tell::Attend);
        }
    }

    /// Whether all that runs here was ended by this failure.
    pub(super) fn has_failed_by(&self, failure: &Cause) -> bool {
        let ended = self.context.cause();
        ended.is_some_and(|cause| cause.is_same_failure(failure))
    }

    pub(super) fn set_child(&self, child: u64, state: ChildState) {
        if let Some(row) = self.roster().row(child) {
            row.state = state;
        }
    }

    pub(super) fn note_failure(&self, child: u64, cause: &Cause) {
        if let Some(row) = self.roster().row(child) {
            row.failure = Some(cause.clone());
        }
    }

    /// A child has ended for good.
    pub(super) fn end_child(&self, child: u64, cause: Cause) {
        self.roster().end(child, cause);
        self.outcome.change();
    }

    /// Tells the supervisor above of a failure that it has to answer.
    pub(super) fn tell_parent(&self, outcome: Cause, last: bool) {
        if let Some(parent) = &self.parent
            && let Some(above) = parent.state.upgrade()
        {
            let child = parent.child;
            above.tell(Tell::Gone {
                child,
                outcome,
                last,
            });
        }
    }

    /// It is over: nothing below it runs.
    pub(super) fn conclude(&self, cause: Cause) {
        self.conclude_below(&cause);
        self.tell_end(cause);
    }

    fn tell_end(&self, cause: Cause) {
        self.outcome.conclude(self.label(), cause.clone());
        if self.parent.is_some() {
            self.outcome.observe();
            self.tell_parent(cause, true);
        }
    }

    /// Ends those below that were never started: nobody else will.
    fn conclude_below(&self, cause: &Cause) {
        // In a loop: a tree of any depth costs no stack.
        let mut ahead = self.roster().end_all(cause);
        while let Some(below) = ahead.pop() {
            if !below.outcome.is_over() {
                below.raise(Level::Cancel, cause.clone());
                ahead.extend(below.roster().end_all(cause));
                below.outcome.conclude(below.label(), cause.clone());
                below.outcome.observe();
            }
        }
    }

    /// The children that hold their threads, by their paths.
    pub(super) fn stuck(&self) -> Arc<[Arc<str>]> {
        let roster = self.roster();
        let mut stuck = Vec::new();
        for row in roster.living() {
            match &row.failure {
                Some(Cause::Stuck { stages }) if row.kind != "actor" => {
                    stuck.extend(stages.iter().map(Arc::clone));
                }
                _ => stuck.push(Arc::clone(&row.path)),
            }
        }
        stuck.into()
    }

    fn reins(&self) -> Vec<Arc<dyn Reins>> {
        let roster = self.roster();
        let reins = roster.living().filter_map(|row| row.reins.clone());
        reins.collect()
    }

    /// Ends everything in the place of a supervisor that is gone with its arbiter.
    pub(super) fn forsake(self: &Arc<Self>) {
        let stage = Arc::from(self.label());
        self.raise(Level::Cancel, Cause::Lost { stage });
        let (level, cause) = self.ending();
        let reins = self.reins();
        for reins in &reins {
            reins.stop(level, &cause, false);
        }
        if !reins.is_empty() {
            carry_out_end(self);
        }
    }
}

impl Drop for ServiceState {
    fn drop(&mut self) {
        // In a loop: a tree of any depth costs no stack.
        let mut ahead = self.roster().take_nested();
        while let Some(below) = ahead.pop() {
            if let Some(below) = Arc::into_inner(below) {
                ahead.extend(below.roster().take_nested());
            }
        }
    }
}

impl Forsaken for ServiceState {
    fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    fn patience(&self) -> Patience {
        self.patience
    }

    fn abort_all(&self) {
        for reins in self.reins() {
            reins.stop(Level::Abort, &Cause::GraceExpired, false);
        }
    }

    fn conclude_stuck(&self) {
        // Those that hold their threads are below it still.
        let stages = self.stuck();
        self.tell_end(Cause::Stuck { stages });
    }
}
