//! The moment at which a random flow is ended: after so many steps of its closures.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

type Act = Box<dyn Fn() + Send + Sync>;

struct Inner {
    steps: AtomicU64,
    at: u64,
    inline: OnceLock<Act>,
    reached: Mutex<Sender<()>>,
}

#[derive(Clone)]
pub(super) struct Moment(Arc<Inner>);

impl Moment {
    pub(super) fn after(steps: u64) -> (Self, Receiver<()>) {
        let (reached, receiver) = channel();
        let inner = Inner {
            steps: AtomicU64::new(0),
            at: steps,
            inline: OnceLock::new(),
            reached: Mutex::new(reached),
        };
        (Self(Arc::new(inner)), receiver)
    }

    /// One step of a closure of the flow.
    pub(super) fn step(&self) {
        if self.0.steps.fetch_add(1, Relaxed) == self.0.at {
            if let Some(act) = self.0.inline.get() {
                act();
            }
            let _ = self.0.reached.lock().unwrap().send(());
        }
    }

    /// Whether no stage holds this moment any more.
    pub(super) fn is_last(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// What the stage does that reaches the moment, in its own call.
    pub(super) fn act_inline(&self, act: impl Fn() + Send + Sync + 'static) {
        let _ = self.0.inline.set(Box::new(act));
    }

    /// Runs `act` on a thread of its own at the moment, or soon where it never comes.
    pub(super) fn act_elsewhere(
        receiver: Receiver<()>,
        act: impl FnOnce() + Send + 'static,
    ) -> std::thread::JoinHandle<()> {
        std::thread::spawn(move || {
            // A flow that waits for somebody reaches no moment, and is ended nevertheless.
            let _ = receiver.recv_timeout(Duration::from_millis(4));
            act();
        })
    }
}
