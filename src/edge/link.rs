//! What both ends of an edge and the messages between them share.

use std::panic::{AssertUnwindSafe, catch_unwind};
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

/// Drops items one by one, each caught, so that one bad drop neither loses the count nor aborts.
pub(crate) fn drop_each<T>(items: &mut Vec<T>) -> u64 {
    let mut dropped = 0;
    while let Some(item) = items.pop() {
        dropped += 1;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(item))) {
            log::error!(
                "dropping a discarded item panicked: {}",
                panic_text(&*panic)
            );
            discard_payload(panic);
        }
    }
    dropped
}

/// Drops what a stage had in its hands: the drop of a user's value can panic.
pub(crate) fn drop_caught<T>(value: T) {
    drop_caught_by(|| drop(value));
}

/// As [`drop_caught`], for what is dropped where it is.
pub(crate) fn drop_caught_by(drop: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(drop)) {
        log::error!(
            "dropping a discarded item panicked: {}",
            panic_text(&*panic)
        );
        discard_payload(panic);
    }
}

/// The message of a panic, as far as it is text.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> Arc<str> {
    if let Some(text) = panic.downcast_ref::<&str>() {
        Arc::from(*text)
    } else if let Some(text) = panic.downcast_ref::<String>() {
        Arc::from(text.as_str())
    } else {
        Arc::from("a panic without a message")
    }
}

/// Drops the payload of a panic: it can be a value of the user's whose drop panics too.
pub(crate) fn discard_payload(panic: Box<dyn std::any::Any + Send>) {
    let mut payload = Some(panic);
    while let Some(panic) = payload.take() {
        payload = catch_unwind(AssertUnwindSafe(|| drop(panic))).err();
    }
}
