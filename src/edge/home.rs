//! Which thread a message comes from: an actor never leaves its own.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

/// A thread, by its number in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Home(u32);

impl Home {
    /// The thread that asks.
    #[inline]
    pub(crate) fn here() -> Self {
        thread_local! {
            static HERE: Cell<Option<Home>> = const { Cell::new(None) };
        }
        HERE.with(|here| {
            here.get().unwrap_or_else(|| {
                let new = Self::new();
                here.set(Some(new));
                new
            })
        })
    }

    #[cold]
    fn new() -> Self {
        // Two threads of one number, after 2^32 of them, would only take each other for near.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
