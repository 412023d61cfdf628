//! Where a message comes from: which thread, of which an actor never leaves its own, and on which core.

use std::cell::Cell;
use std::sync::atomic::{AtomicU16, Ordering};

/// A thread of this process, and the core on which it was last seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home {
    /// Its number. That of one of 65,536 others is the same: they would only take each other for one.
    thread: u16,
    /// As old as the last message of another thread that it waited for.
    core: u16,
}

thread_local! {
    static HERE: Cell<Option<Home>> = const { Cell::new(None) };
}

impl Home {
    /// The thread that asks.
    #[inline]
    pub(crate) fn here() -> Self {
        HERE.get().unwrap_or_else(Self::enter)
    }

    #[cold]
    fn enter() -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let thread = NEXT.fetch_add(1, Ordering::Relaxed);
        let core = core_of(thread);
        let new = Self { thread, core };
        HERE.set(Some(new));
        new
    }

    /// Whether it is another thread than the one that asks.
    #[inline]
    pub(crate) fn is_other(self) -> bool {
        Self::here().thread != self.thread
    }

    /// Whether another thread was on another core than the one that asks. Sees where that one is now.
    pub(crate) fn is_beside(self) -> bool {
        let mut here = Self::here();
        here.core = core_of(here.thread);
        HERE.set(Some(here));
        here.core != self.core
    }
}

/// The core on which this thread runs.
#[cfg(target_os = "linux")]
fn core_of(_: u16) -> u16 {
    // All on one, if the kernel does not say: then nobody spins.
    let core = nix::sched::sched_getcpu().unwrap_or(0);
    u16::try_from(core).unwrap_or(u16::MAX)
}

/// One of its own, as far as is known.
#[cfg(not(target_os = "linux"))]
fn core_of(thread: u16) -> u16 {
    thread
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn threads_are_told_apart_by_number_and_core() {
        let there = thread::spawn(Home::here).join();
        let there = there.expect("it does not panic");
        assert!(!Home::here().is_other());
        assert!(there.is_other());
        // The cores of a machine have small numbers.
        let core = u16::MAX - 1;
        assert!(Home { core, ..there }.is_beside());
    }
}
