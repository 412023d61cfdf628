//! What both ends of an edge and the messages between them share.

use std::sync::{Arc, OnceLock};

use super::Activity;
use crate::report::EdgeCounters;

/// The shared half of an edge: its counters, and the count of its flow.
#[derive(Debug, Default)]
pub(crate) struct Link {
    pub(crate) counters: EdgeCounters,
    activity: OnceLock<Arc<Activity>>,
    window: OnceLock<usize>,
    /// Which of how many edges share one window.
    share: Option<(usize, usize)>,
    /// The stage that sends, and at which of its outputs.
    origin: OnceLock<(u32, u32)>,
}

impl Link {
    /// Makes the edge part of a flow that is about to run.
    pub(crate) fn bind(&self, activity: &Arc<Activity>) {
        let _ = self.activity.set(Arc::clone(activity));
    }

    pub(crate) fn activity(&self) -> &Activity {
        self.activity
            .get()
            .expect("an edge is bound before its actors start")
    }

    pub(crate) fn set_origin(&self, stage: u32, port: u32) {
        let _ = self.origin.set((stage, port));
    }

    pub(crate) fn origin(&self) -> Option<(u32, u32)> {
        self.origin.get().copied()
    }

    /// An edge that has the share of number `n` of `edges` in the window of its consumer.
    pub(crate) fn shared(n: usize, edges: usize) -> Self {
        Self {
            share: Some((n, edges)),
            ..Self::default()
        }
    }

    /// Sets the window, or what the edges with a share in it have together.
    pub(crate) fn set_window(&self, window: usize) {
        let window = match self.share {
            None => window,
            Some((n, edges)) => (window / edges + usize::from(n < window % edges)).max(1),
        };
        let _ = self.window.set(window);
    }

    pub(crate) fn window(&self) -> usize {
        self.window.get().copied().unwrap_or(0)
    }
}
