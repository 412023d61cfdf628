//! The shared cells that stages and edges count in.
//!
//! Each cell has one writer (the stage, or the end of the edge that owns it), which keeps the
//! total itself and stores it once a turn; only `discarded` of an edge can be added to from two
//! threads. Relaxed is enough everywhere: a report that must balance is read after the last
//! actor was dropped, and that drop synchronises.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::rows::{StageCounts, StageNanos};

/// In what state a stage spent a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spent {
    /// In a turn.
    Busy,
    /// Without input.
    Starved,
    /// Without credit.
    Blocked,
    /// For its own futures and timers.
    Waiting,
    /// Ready, while its thread was taken.
    Queued,
}

/// The cells of one stage.
#[derive(Debug, Default)]
pub(crate) struct StageCounters {
    items: [AtomicU64; 8],
    nanos: [AtomicU64; 5],
}

impl StageCounters {
    pub(crate) fn store(&self, counts: &StageCounts) {
        let totals = [
            counts.received,
            counts.passed,
            counts.failed,
            counts.discarded,
            counts.emitted,
            counts.batches,
            counts.turns,
            counts.recovered,
        ];
        for (cell, total) in self.items.iter().zip(totals) {
            cell.store(total, Relaxed);
        }
    }

    pub(crate) fn add_nanos(&self, spent: Spent, nanos: u64) {
        let cell = &self.nanos[spent as usize];
        // The stage is the only writer: no read-modify-write is needed.
        cell.store(cell.load(Relaxed).saturating_add(nanos), Relaxed);
    }

    pub(crate) fn counts(&self) -> StageCounts {
        let [
            received,
            passed,
            failed,
            discarded,
            emitted,
            batches,
            turns,
            recovered,
        ] = [0, 1, 2, 3, 4, 5, 6, 7].map(|n: usize| self.items[n].load(Relaxed));
        StageCounts {
            received,
            passed,
            failed,
            discarded,
            held: 0,
            emitted,
            batches,
            turns,
            recovered,
        }
    }

    pub(crate) fn nanos(&self) -> StageNanos {
        let spent = |spent: Spent| self.nanos[spent as usize].load(Relaxed);
        StageNanos {
            busy: spent(Spent::Busy),
            starved: spent(Spent::Starved),
            blocked: spent(Spent::Blocked),
            waiting: spent(Spent::Waiting),
            queued: spent(Spent::Queued),
        }
    }
}

/// The cells of one edge.
#[derive(Debug, Default)]
pub(crate) struct EdgeCounters {
    sent: AtomicU64,
    received: AtomicU64,
    discarded: AtomicU64,
    most_in_flight: AtomicU64,
    most_weight: AtomicU64,
}

impl EdgeCounters {
    /// Called by the producer's end only.
    pub(crate) fn add_sent(&self, items: u64, in_flight: u64) {
        self.sent.store(self.sent.load(Relaxed) + items, Relaxed);
        if in_flight > self.most_in_flight.load(Relaxed) {
            self.most_in_flight.store(in_flight, Relaxed);
        }
    }

    /// Called by the consumer's end only.
    pub(crate) fn store_received(&self, total: u64) {
        self.received.store(total, Relaxed);
    }

    /// Called by whoever drops items: either end, or a mailbox.
    pub(crate) fn add_discarded(&self, items: u64) {
        if items > 0 {
            self.discarded.fetch_add(items, Relaxed);
        }
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    pub(crate) fn received(&self) -> u64 {
        self.received.load(Relaxed)
    }

    pub(crate) fn discarded(&self) -> u64 {
        self.discarded.load(Relaxed)
    }

    /// Called by the producer's end only.
    pub(crate) fn note_weight(&self, in_flight: u64) {
        if in_flight > self.most_weight.load(Relaxed) {
            self.most_weight.store(in_flight, Relaxed);
        }
    }

    pub(crate) fn most_weight(&self) -> u64 {
        self.most_weight.load(Relaxed)
    }

    pub(crate) fn most_in_flight(&self) -> u64 {
        self.most_in_flight.load(Relaxed)
    }
}
