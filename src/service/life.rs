//! What everything that runs for a supervisor holds: its last drop is the supervisor's end.
//!
//! 1. The supervisor's actor, its guard and every child that is up hold the [`Life`]; handles hold
//!    the [`ServiceState`] only. So the supervisor is over exactly when nothing of it is left.
//! 2. A nested supervisor's life holds that of its parent.

use std::sync::Arc;

use super::state::ServiceState;
use super::supervisor::Tell;
use crate::context::{Cause, FlowContext};

pub(super) struct Life {
    pub(super) state: Arc<ServiceState>,
    /// Dropped after the parent was told.
    _parent: Option<Arc<Life>>,
}

impl Life {
    pub(super) fn new(state: Arc<ServiceState>, parent: Option<Arc<Life>>) -> Arc<Self> {
        Arc::new(Self {
            state,
            _parent: parent,
        })
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let (_, cause) = self.state.ending();
        // What runs under this context ends with it, however it ended.
        self.state.context.end(cause.clone());
        self.state.conclude(cause);
    }
}

/// By what one incarnation of a child tells its supervisor of its end: its drop.
pub(super) struct Post {
    life: Arc<Life>,
    child: u64,
    path: Arc<str>,
    outcome: Option<Cause>,
    told: bool,
}

impl Post {
    pub(super) fn new(life: &Arc<Life>, child: u64, path: &Arc<str>) -> Self {
        Self {
            life: Arc::clone(life),
            child,
            path: Arc::clone(path),
            outcome: None,
            told: false,
        }
    }

    pub(super) fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// Of a child that tells of its end by itself.
    pub(super) fn into_life(mut self) -> Arc<Life> {
        self.told = true;
        Arc::clone(&self.life)
    }

    /// A context for this incarnation alone.
    pub(super) fn context(&self) -> FlowContext {
        self.life.state.context.child()
    }

    /// Notes a failure, for the supervisor to answer and to log; the first stays.
    pub(super) fn fail(&mut self, cause: Cause) {
        if self.outcome.is_some() {
            log::error!("{}: once more: {cause}", self.path);
        } else {
            self.outcome = Some(cause);
        }
    }

    /// Notes how a flow ended: by a failure of one of its stages, or of somebody else.
    pub(super) fn end_flow(&mut self, cause: Cause) {
        let cause = if self.life.state.has_failed_by(&cause) {
            cause
        } else {
            cause.below(&self.path)
        };
        self.end(cause);
    }

    /// Notes how it ended, where it did not fail; gives what is noted.
    pub(super) fn end(&mut self, cause: Cause) -> Cause {
        self.outcome.get_or_insert(cause).clone()
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        if self.told {
            return;
        }
        let stage = Arc::clone(&self.path);
        let outcome = self.outcome.take().unwrap_or(Cause::Lost { stage });
        self.life.state.tell(Tell::Gone {
            child: self.child,
            outcome,
            last: false,
        });
    }
}
