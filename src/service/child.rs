//! What can be started again and again, and told to stop.

use std::sync::Arc;

use actix_rt::ArbiterHandle;

use super::life::Post;
use crate::context::Cause;
use crate::supervise::{Level, Supervision};

/// One child of a supervisor. At most one incarnation of it is alive.
pub(super) trait Child: Send {
    /// Starts the next incarnation, which tells of its end by `post`.
    fn start(&mut self, post: Post);

    fn reins(&self) -> Arc<dyn Reins>;

    /// Ends what is left of one that is down; says whether that was all, and nothing is to be waited
    /// for.
    fn dismiss(&mut self, _cause: &Cause) -> bool {
        true
    }
}

/// By what a child is told to stop, from anywhere.
pub(super) trait Reins: Send + Sync {
    /// Stops the incarnation that runs. If it is to be started again, what outlives an incarnation
    /// is kept.
    fn stop(&self, level: Level, cause: &Cause, again: bool);
}

/// How a supervisor treats a child.
pub(super) struct Terms {
    pub(super) path: Arc<str>,
    pub(super) supervision: Option<Supervision>,
    pub(super) permanent: bool,
    pub(super) isolated: bool,
    /// Whether it can be started once only; its failure is its owner's.
    pub(super) once: bool,
    pub(super) place: Option<ArbiterHandle>,
}

impl Terms {
    /// Whether it could not live, wherever it is started again.
    pub(super) fn is_homeless(&self) -> bool {
        self.place.as_ref().is_some_and(|place| !place.alive())
    }
}
