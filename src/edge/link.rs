//! What both ends of an edge and the messages between them share.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use super::{Activity, Terms};
use crate::context::{Cause, drop_caught, drop_each};
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
    /// What was said of its items, a [`Terms`] of their type; nothing, mostly.
    terms: OnceLock<Box<dyn Any + Send + Sync>>,
    /// The most that the items in flight may weigh.
    max_weight: OnceLock<usize>,
    /// The name of the stage that receives.
    reader: OnceLock<Arc<str>>,
    /// Whether each item has one output, and the reader is told where it has none.
    marks_gaps: bool,
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

    /// The same, of an edge on which gaps are marked.
    pub(crate) fn marking_gaps(mut self) -> Self {
        self.marks_gaps = true;
        self
    }

    pub(super) fn marks_gaps(&self) -> bool {
        self.marks_gaps
    }

    pub(crate) fn set_terms<T: Send + 'static>(&self, terms: Box<Terms<T>>) {
        if let Some((_, most)) = &terms.weight {
            let _ = self.max_weight.set(*most);
        }
        let _ = self.terms.set(terms);
    }

    pub(crate) fn terms<T: Send + 'static>(&self) -> Option<&Terms<T>> {
        self.terms.get()?.downcast_ref()
    }

    pub(crate) fn max_weight(&self) -> Option<usize> {
        self.max_weight.get().copied()
    }

    /// Whether somebody wants to know the name of the reader.
    pub(crate) fn set_reader(&self, stage: &Arc<str>) {
        if self.terms.get().is_some() {
            let _ = self.reader.set(Arc::clone(stage));
        }
    }

    fn reader(&self) -> Arc<str> {
        self.reader.get().cloned().unwrap_or_else(|| "".into())
    }

    /// Drops items that were sent and not received, the first of them first; each is counted.
    pub(super) fn discard<T: Send + 'static>(&self, items: &mut Vec<T>) -> u64 {
        let count = match self.terms::<T>().filter(|terms| terms.buries()) {
            None => drop_each(items),
            Some(terms) => {
                let reader = self.reader();
                let items = std::mem::take(items).into_iter();
                items.fold(0, |count, item| {
                    terms.bury(&reader, Some(item), None);
                    count + 1
                })
            }
        };
        self.counters.add_discarded(count);
        count
    }

    /// Gives up an item that the reader had received, or what is known of it.
    pub(super) fn give_up<T: Send + 'static>(&self, item: Option<T>, cause: Option<&Cause>) {
        match self.terms::<T>().filter(|terms| terms.buries()) {
            None => drop_caught(item),
            Some(terms) => terms.bury(&self.reader(), item, cause),
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
