//! The count by which a flow knows that nobody in it can move.
//!
//! A unit stands for a stage that is not parked, or for a message of an edge that was not handled
//! yet. It is added before the message is sent, or taken over from a sender that keeps another. It is
//! released when the stage that received it parks, or by the message's drop. At zero nothing in the
//! flow can happen by itself any more.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The units of one flow.
pub(crate) struct Activity {
    units: AtomicUsize,
    quiet: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl fmt::Debug for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Activity")
            .field("units", &self.units)
            .finish_non_exhaustive()
    }
}

impl Activity {
    pub(crate) fn new() -> Self {
        Self {
            units: AtomicUsize::new(0),
            quiet: OnceLock::new(),
        }
    }

    /// Says whom to tell when the count comes to zero.
    pub(crate) fn on_quiet(&self, tell: impl Fn() + Send + Sync + 'static) {
        let _ = self.quiet.set(Box::new(tell));
    }

    pub(crate) fn add(&self, units: usize) {
        // Relaxed: whoever adds holds a unit itself, so the count cannot come to zero meanwhile.
        self.units.fetch_add(units, Ordering::Relaxed);
    }

    pub(crate) fn release(&self, units: usize) {
        // AcqRel: who sees zero must see all that was done under the units released before.
        if units > 0
            && self.units.fetch_sub(units, Ordering::AcqRel) == units
            && let Some(tell) = self.quiet.get()
        {
            tell();
        }
    }
}
