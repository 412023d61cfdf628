//! A gate that holds a future or a thread until the test opens it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use tokio::sync::watch;

#[derive(Debug)]
struct Inner {
    open: watch::Sender<bool>,
    blocking: (Mutex<State>, Condvar),
}

#[derive(Debug, Default)]
struct State {
    open: bool,
    arrived: u64,
}

/// Closed when made; opened once, for all.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<Inner>);

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            open: watch::Sender::new(false),
            blocking: Default::default(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.0.blocking.0.lock();
        state.expect("nothing panics while it holds the lock")
    }

    pub(crate) fn open(&self) {
        self.state().open = true;
        self.0.blocking.1.notify_all();
        self.0.open.send_replace(true);
    }

    /// How many have come to the gate so far.
    pub(crate) fn arrived(&self) -> u64 {
        self.state().arrived
    }

    /// Passes once the gate is open.
    pub(crate) async fn pass(&self) {
        self.state().arrived += 1;
        let mut open = self.0.open.subscribe();
        let opened = open.wait_for(|open| *open).await;
        assert!(opened.is_ok(), "a gate was dropped before it was opened");
    }

    /// Holds this thread until the gate is open.
    pub(crate) fn pass_blocking(&self) {
        let mut state = self.state();
        state.arrived += 1;
        while !state.open {
            let opened = self.0.blocking.1.wait(state);
            state = opened.expect("nothing panics while it holds the lock");
        }
    }
}
