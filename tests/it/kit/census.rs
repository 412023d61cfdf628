//! Items that are counted when they are made and when they are dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

#[derive(Debug, Default)]
struct Counts {
    created: AtomicU64,
    dropped: AtomicU64,
}

/// Counts its items: rule 7.4, created = dropped after `wait`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Census(Arc<Counts>);

impl Census {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn item(&self, number: u64) -> Item {
        self.0.created.fetch_add(1, SeqCst);
        Item {
            number,
            census: self.clone(),
        }
    }

    pub(crate) fn created(&self) -> u64 {
        self.0.created.load(SeqCst)
    }

    pub(crate) fn alive(&self) -> u64 {
        self.created() - self.0.dropped.load(SeqCst)
    }

    #[track_caller]
    pub(crate) fn assert_none_alive(&self) {
        assert_eq!(self.alive(), 0, "items are alive after `wait`");
    }
}

/// An item that tells its census of its drop.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) number: u64,
    census: Census,
}

impl Clone for Item {
    fn clone(&self) -> Self {
        self.census.item(self.number)
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        self.census.0.dropped.fetch_add(1, SeqCst);
    }
}
