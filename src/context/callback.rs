//! One function to be called at an ending: called once, or stopped, never both.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;

use super::cause::Cause;
use super::panics::{discard_payload, panic_text};

type Function = Box<dyn FnOnce(Cause) + Send>;

/// Whoever takes the function out of the cell, to run it or to drop it, is the only one: that is
/// all of "exactly once". `P` is the place in the tree where the callback hangs.
pub(super) struct Callback<P> {
    state: Mutex<State<P>>,
}

struct State<P> {
    /// `None` once it was run or stopped.
    function: Option<Function>,
    place: Option<P>,
    timer: Option<AbortHandle>,
}

impl<P> Callback<P> {
    pub(super) fn new(function: Function) -> Self {
        Self {
            state: Mutex::new(State {
                function: Some(function),
                place: None,
                timer: None,
            }),
        }
    }

    /// Notes where it hangs now; false if it is over and has to be taken down again.
    pub(super) fn hangs_at(&self, place: P) -> bool {
        let mut state = self.lock();
        let armed = state.function.is_some();
        if armed {
            state.place = Some(place);
        }
        armed
    }

    /// Hands over the task that drives the deadline, to be aborted by a stop.
    pub(super) fn driven_by(&self, timer: AbortHandle) {
        let mut state = self.lock();
        if state.function.is_some() {
            state.timer = Some(timer);
            return;
        }
        drop(state);
        timer.abort();
    }

    /// Runs the function, unless it was run or stopped before. Call it with no lock held.
    pub(super) fn run(&self, cause: Cause) {
        let mut state = self.lock();
        let function = state.function.take();
        let timer = state.timer.take();
        drop(state);
        // The task sees the end by itself; the handle would keep its memory.
        drop(timer);
        if let Some(function) = function
            && let Err(panic) = catch_unwind(AssertUnwindSafe(|| function(cause)))
        {
            log::error!("an `after_done` callback panicked: {}", panic_text(&*panic));
            discard_payload(panic);
        }
    }

    /// Drops the function. Gives nothing if it was run or stopped before, else where it hung.
    pub(super) fn stop(&self) -> Option<Option<P>> {
        let mut state = self.lock();
        let function = state.function.take()?;
        let place = state.place.take();
        let timer = state.timer.take();
        drop(state);
        // Dropping what the function owns is foreign code: not under the lock.
        drop(function);
        if let Some(timer) = timer {
            timer.abort();
        }
        Some(place)
    }

    pub(super) fn is_over(&self) -> bool {
        self.lock().function.is_none()
    }

    fn lock(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
