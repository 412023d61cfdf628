//! How a test waits for a probe: for a limit, and with a message that says for what.

use std::fmt;
use std::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use futures::task::AtomicWaker;
use tokio::sync::Notify;

/// How long an expectation waits where nothing is said.
const LIMIT: Duration = Duration::from_secs(5);

/// How long nothing must happen where nothing is said.
const QUIET: Duration = Duration::from_millis(50);

/// What an expectation finds when it looks.
pub(super) enum Look<R> {
    Met(R),
    /// It can be met still.
    NotYet,
    /// It cannot be met any more.
    Broken(String),
}

/// What the two sides of a probe share: the test, and the stage that it plays.
pub(super) struct Shared<S> {
    state: Mutex<S>,
    changed: Notify,
    stage: AtomicWaker,
}

impl<S: fmt::Display> Shared<S> {
    pub(super) fn new(state: S) -> Self {
        Self {
            state: Mutex::new(state),
            changed: Notify::new(),
            stage: AtomicWaker::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, S> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stage changes something.
    pub(super) fn note<R>(&self, change: impl FnOnce(&mut S) -> R) -> R {
        let result = change(&mut self.lock());
        self.changed.notify_waiters();
        result
    }

    /// The test changes something.
    pub(super) fn order<R>(&self, change: impl FnOnce(&mut S) -> R) -> R {
        let result = change(&mut self.lock());
        self.stage.wake();
        result
    }

    /// Arranges that the stage is polled when the test has changed something.
    pub(super) fn register(&self, waker: &Waker) {
        self.stage.register(waker);
    }

    /// Looks now and at each change, until there is something to see.
    async fn seen<R>(&self, mut look: impl FnMut(&mut S) -> Option<R>) -> R {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Waits from here on: what changes after the look is not missed.
            changed.as_mut().enable();
            let found = look(&mut self.lock());
            if let Some(found) = found {
                return found;
            }
            changed.await;
        }
    }

    /// Waits until an expectation is met.
    ///
    /// # Panics
    ///
    /// It panics if the expectation is not met within its limit, or cannot be any more.
    pub(super) async fn expect<R>(
        &self,
        wanted: Wanted<'_>,
        mut look: impl FnMut(&mut S) -> Look<R>,
    ) -> R {
        let looked = self.seen(|state| match look(state) {
            Look::Met(found) => Some(Ok(found)),
            Look::Broken(how) => Some(Err(how)),
            Look::NotYet => None,
        });
        let waited = tokio::time::timeout(wanted.patience.limit, looked);
        match waited.await {
            Ok(Ok(found)) => found,
            Ok(Err(how)) => wanted.fail(&how),
            Err(_) => wanted.fail(&format!(
                "waited in vain for {:?}: {}",
                wanted.patience.limit,
                self.lock()
            )),
        }
    }

    /// Waits as long as nothing must happen, and looks whether something did all the while.
    pub(super) async fn expect_quiet(
        &self,
        wanted: Wanted<'_>,
        mut happened: impl FnMut(&S) -> Option<String>,
    ) {
        let noticed = self.seen(|state| happened(state));
        let noticed = tokio::time::timeout(wanted.patience.quiet, noticed);
        if let Ok(what) = noticed.await {
            wanted.fail(&what);
        }
    }
}

/// How long a probe waits for what must happen, and for what must not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) limit: Duration,
    pub(super) quiet: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            limit: LIMIT,
            quiet: QUIET,
        }
    }
}

impl Patience {
    pub(super) fn wanted<'a>(
        self,
        what: fmt::Arguments<'a>,
        at: &'static Location<'static>,
    ) -> Wanted<'a> {
        let patience = self;
        Wanted { what, at, patience }
    }
}

/// What is expected, where in the test, and for how long.
pub(super) struct Wanted<'a> {
    what: fmt::Arguments<'a>,
    at: &'static Location<'static>,
    patience: Patience,
}

impl Wanted<'_> {
    fn fail(&self, how: &str) -> ! {
        panic!("{}: expected {}; {how}", self.at, self.what)
    }
}
