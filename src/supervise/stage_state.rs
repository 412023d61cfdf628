//! What a stage shares with those who watch it: its name, its counters and its marks.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use futures::task::AtomicWaker;

use super::{Directive, Level, RestartPolicy};
use crate::context::Cause;
use crate::report::StageCounters;

/// What a parked stage waits for: an item or credit, at one port or at any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    Item(Option<u32>),
    Credit(Option<u32>),
}

/// The shared state of one stage.
pub(crate) struct StageState {
    pub(crate) index: u32,
    pub(crate) name: Arc<str>,
    pub(crate) verb: &'static str,
    /// The composite that it is a part of.
    pub(crate) part_of: Option<Arc<str>>,
    /// Whether it is one of the workers of its composite.
    pub(crate) worker: bool,
    /// The group that the user has put it into.
    pub(crate) group: Option<Arc<str>>,
    /// Whether it has no input: a close begins at it.
    pub(crate) source: bool,
    /// Whether its failure is kept to one input of a fan-in.
    pub(crate) isolated: bool,
    pub(crate) supervision: Option<Box<Supervision>>,
    pub(crate) counters: StageCounters,
    mark: AtomicU8,
    gone: AtomicBool,
    aborted: AtomicBool,
    pub(crate) waker: AtomicWaker,
    pub(crate) ending: OnceLock<Cause>,
    waits: AtomicU64,
    /// Units of the flow's count that a dead actor leaves for its guard.
    units: AtomicUsize,
}

impl fmt::Debug for StageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StageState")
            .field("name", &self.name)
            .field("mark", &self.mark)
            .field("gone", &self.gone)
            .finish_non_exhaustive()
    }
}

/// How the failures of a stage are answered.
#[derive(Debug)]
pub(crate) struct Supervision {
    pub(crate) policy: RestartPolicy,
    /// Whether it can go on with the state in which it failed.
    pub(crate) resumes: bool,
    /// Whether it has a factory, so that it can be restarted.
    pub(crate) factory: bool,
    /// Whether copies of its items are kept, so that they can be tried again.
    pub(crate) copies: bool,
}

impl Supervision {
    pub(crate) fn can(&self, directive: Directive) -> bool {
        match directive {
            Directive::Restart => self.factory,
            Directive::Retry => self.copies,
            Directive::Resume => self.resumes,
            Directive::Stop => true,
        }
    }
}

/// What a stage is before it runs.
#[derive(Debug, Default)]
pub(crate) struct StageSpec {
    pub(crate) index: u32,
    pub(crate) verb: &'static str,
    pub(crate) part_of: Option<Arc<str>>,
    pub(crate) worker: bool,
    pub(crate) group: Option<Arc<str>>,
    pub(crate) source: bool,
    pub(crate) isolated: bool,
    pub(crate) supervision: Option<Box<Supervision>>,
}

impl StageState {
    pub(crate) fn new(name: Arc<str>, spec: StageSpec) -> Self {
        let StageSpec {
            index,
            verb,
            part_of,
            worker,
            group,
            source,
            isolated,
            supervision,
        } = spec;
        Self {
            index,
            name,
            verb,
            part_of,
            worker,
            group,
            source,
            isolated,
            supervision,
            counters: StageCounters::default(),
            mark: AtomicU8::new(0),
            gone: AtomicBool::new(false),
            aborted: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            ending: OnceLock::new(),
            waits: AtomicU64::new(0),
            units: AtomicUsize::new(0),
        }
    }

    /// Marks that the stage is to end; says whether the mark rose. Seen before the next item.
    pub(crate) fn mark(&self, level: Level) -> bool {
        // Relaxed: the mark carries no data, the message that follows it does.
        self.mark.fetch_max(level as u8, Ordering::Relaxed) < level as u8
    }

    pub(crate) fn marked(&self) -> Level {
        Level::from_mark(self.mark.load(Ordering::Relaxed))
    }

    /// Whether its mark is another than the one seen last; asked before every item.
    #[inline]
    pub(crate) fn is_marked_beyond(&self, seen: Level) -> bool {
        self.mark.load(Ordering::Relaxed) != seen as u8
    }

    pub(crate) fn is_gone(&self) -> bool {
        // At least acquire: who sees it gone sees all that its actor did.
        self.gone.load(Ordering::SeqCst)
    }

    pub(super) fn set_gone(&self) {
        self.gone.store(true, Ordering::SeqCst);
    }

    pub(super) fn abort(&self) {
        // Release, before the wake: the woken runner must see the flag.
        self.aborted.store(true, Ordering::Release);
        self.wake();
    }

    /// Has its runner polled once more.
    pub(super) fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake_by_ref();
            self.waker.register(&waker);
        }
    }

    pub(super) fn is_aborted(&self) -> bool {
        self.aborted.load(Ordering::Acquire)
    }

    pub(crate) fn leave_units(&self, units: usize) {
        // SeqCst, with `gone`: who leaves some and sees the stage not gone is seen by its guard.
        self.units.fetch_add(units, Ordering::SeqCst);
    }

    pub(super) fn take_units(&self) -> usize {
        self.units.swap(0, Ordering::SeqCst)
    }

    /// Notes what it waits for, for the case that nobody ever moves again.
    pub(crate) fn set_wait(&self, wait: Wait) {
        let (kind, port) = match wait {
            Wait::Item(port) => (1u64, port),
            Wait::Credit(port) => (2, port),
        };
        let port = port.map_or(0, |port| u64::from(port) + 1);
        // Relaxed: read after the count came to zero, which orders it.
        self.waits.store(kind << 40 | port, Ordering::Relaxed);
    }

    pub(crate) fn wait(&self) -> Option<Wait> {
        let code = self.waits.load(Ordering::Relaxed);
        let port = u32::try_from((code & 0xff_ffff_ffff).checked_sub(1).unwrap_or(u64::MAX)).ok();
        match code >> 40 {
            1 => Some(Wait::Item(port)),
            2 => Some(Wait::Credit(port)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_back_as_it_was_noted() {
        let state = StageState::new("x".into(), StageSpec::default());
        assert_eq!(state.wait(), None);
        for wait in [
            Wait::Item(None),
            Wait::Item(Some(0)),
            Wait::Credit(Some(u32::MAX - 1)),
            Wait::Credit(None),
        ] {
            state.set_wait(wait);
            assert_eq!(state.wait(), Some(wait));
        }
    }
}
