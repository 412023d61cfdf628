//! How something ended, for those who wait for it; a failure that nobody sees is logged, once.

use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use futures::task::AtomicWaker;
use tokio::sync::Notify;

use super::notice::Notice;
use crate::context::Cause;

/// Told of the end, where it comes.
type Listener = Box<dyn FnOnce(&Cause) + Send>;

/// The end of a flow or of a supervisor: it comes once.
pub(crate) struct Outcome {
    started: Instant,
    ended: OnceLock<(Cause, Duration)>,
    waiter: AtomicWaker,
    changed: Notify,
    notice: Notice,
    /// The thread that carries out the end of one whose supervisor is gone.
    executor: OnceLock<Thread>,
    /// Who is told; none once all were.
    listeners: Mutex<Option<Vec<Listener>>>,
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Outcome").field(&self.ended).finish()
    }
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            ended: OnceLock::new(),
            waiter: AtomicWaker::new(),
            changed: Notify::new(),
            notice: Notice::default(),
            executor: OnceLock::new(),
            listeners: Mutex::new(Some(Vec::new())),
        }
    }
}

impl Outcome {
    pub(crate) fn is_over(&self) -> bool {
        self.ended.get().is_some()
    }

    /// Why it ended, once it is over.
    pub(crate) fn cause(&self) -> Option<&Cause> {
        self.ended.get().map(|(cause, _)| cause)
    }

    /// How long it ran, or has been running.
    pub(crate) fn elapsed(&self) -> Duration {
        let ended = self.ended.get();
        ended.map_or_else(|| self.started.elapsed(), |(_, elapsed)| *elapsed)
    }

    /// Registers the one who waits for the end.
    pub(crate) fn register(&self, waker: &Waker) {
        self.waiter.register(waker);
    }

    /// Wakes at the end, and whenever something on the way to it has [changed](Self::change).
    pub(crate) fn changed(&self) -> &Notify {
        &self.changed
    }

    pub(crate) fn change(&self) {
        self.changed.notify_waiters();
    }

    fn listeners(&self) -> MutexGuard<'_, Option<Vec<Listener>>> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `listener` at the end, at once if that has come.
    pub(crate) fn then(&self, listener: impl FnOnce(&Cause) + Send + 'static) {
        if let Some(listeners) = &mut *self.listeners() {
            listeners.push(Box::new(listener));
        } else if let Some(cause) = self.cause() {
            listener(cause);
        }
    }

    /// Notes that it was given to somebody.
    pub(crate) fn observe(&self) {
        self.notice.observe();
    }

    /// Notes that it will be given to nobody any more.
    pub(crate) fn unwatch(&self, name: &str) {
        if self.notice.unwatch() {
            self.log(name);
        }
    }

    fn log(&self, name: &str) {
        if let Some(cause) = self.cause().filter(|cause| cause.is_failure()) {
            match cause.stage() {
                Some(stage) => log::error!("{name}/{stage}: {cause}"),
                None => log::error!("{name}: {cause}"),
            }
        }
    }

    pub(crate) fn conclude(&self, name: &str, cause: Cause) {
        let _ = self.ended.set((cause, self.started.elapsed()));
        if self.notice.conclude() {
            self.log(name);
        }
        if let Some(executor) = self.executor.get() {
            executor.unpark();
        }
        self.waiter.wake();
        self.change();
        let listeners = self.listeners().take().unwrap_or_default();
        if let Some(cause) = self.cause() {
            for listener in listeners {
                listener(cause);
            }
        }
    }

    /// Makes this thread the one that is woken at the end.
    pub(super) fn execute(&self) {
        // Before the first look: an end after it unparks.
        let _ = self.executor.set(thread::current());
    }

    /// Holds the thread that [executes](Self::execute) the end, until it has come or the time is up.
    pub(super) fn is_over_within(&self, time: Option<Duration>) -> bool {
        let until = time.and_then(|time| Instant::now().checked_add(time));
        while !self.is_over() {
            match until {
                None => thread::park(),
                Some(until) => match until.checked_duration_since(Instant::now()) {
                    None => return false,
                    Some(left) => thread::park_timeout(left),
                },
            }
        }
        true
    }
}
