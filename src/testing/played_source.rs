//! The stage that a source probe plays.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::task::Context;

use super::expect::{Look, Shared};
use crate::context::{BoxError, Cause};
use crate::edge::{InEnd, OutEnd, OutPort};
use crate::stage::{Core, End, Kernel, Outputs, Turn};

/// What the test tells the stage to do.
pub(super) enum Step<T> {
    Send(T),
    Complete,
    Fail(BoxError),
}

pub(super) struct State<T> {
    pub(super) steps: VecDeque<Step<T>>,
    /// Items asked for so far.
    pub(super) requested: u64,
    pub(super) sent: u64,
    /// The requests that an expectation has seen.
    pub(super) seen: u64,
    pub(super) over: Option<Over>,
}

/// How the source came to its end.
pub(super) enum Over {
    Itself,
    Cancelled(Cause),
    NeverRan,
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Itself => f.write_str("the source has ended itself"),
            Self::Cancelled(cause) => write!(f, "the source was told to end ({cause})"),
            Self::NeverRan => f.write_str("the source never ran"),
        }
    }
}

impl<T> fmt::Display for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} requested, {} sent", self.requested, self.sent)?;
        match &self.over {
            Some(over) => write!(f, ", {over}"),
            None => Ok(()),
        }
    }
}

impl<T> State<T> {
    pub(super) fn not_yet<R>(&self) -> Look<R> {
        match &self.over {
            None => Look::NotYet,
            Some(_) => Look::Broken(self.to_string()),
        }
    }

    pub(super) fn met(&self, met: bool) -> Look<()> {
        if met { Look::Met(()) } else { self.not_yet() }
    }
}

/// The stage's side; its drop is an end.
pub(super) struct Played<T>(pub(super) Arc<Shared<State<T>>>);

impl<T> Played<T> {
    fn over(&self, over: Over) {
        self.0.note(|state| {
            state.over.get_or_insert(over);
        });
    }
}

impl<T> Drop for Played<T> {
    fn drop(&mut self) {
        self.over(Over::NeverRan);
        let steps = std::mem::take(&mut self.0.lock().steps);
        drop(steps);
    }
}

pub(super) struct Playing<T: Send + 'static> {
    pub(super) played: Played<T>,
    pub(super) out: OutPort<T>,
}

impl<T: Send + 'static> Kernel for Playing<T> {
    fn turn(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Result<Turn, BoxError> {
        let shared = &self.played.0;
        // Registered first: what is ordered after the look below wakes.
        shared.register(cx.waker());
        loop {
            if let Some(cause) = self.out.cancelled() {
                let cause = cause.clone();
                self.played.over(Over::Cancelled(cause.clone()));
                return Ok(Turn::Done(End::Unread(cause)));
            }
            if core.is_marked() {
                return Ok(Turn::Marked);
            }
            let room = self.out.room();
            let step = shared.note(|state| {
                state.requested = state.sent + room as u64;
                let sends = matches!(state.steps.front(), Some(Step::Send(_)));
                if sends && room == 0 {
                    return None;
                }
                state.sent += u64::from(sends);
                state.steps.pop_front()
            });
            match step {
                // The test can move at any time: such a wait is no stall.
                None => return Ok(Turn::Waiting),
                Some(Step::Send(item)) => self.out.push(item),
                Some(Step::Complete) => {
                    self.played.over(Over::Itself);
                    return Ok(Turn::Done(End::Completed));
                }
                Some(Step::Fail(error)) => {
                    self.played.over(Over::Itself);
                    return Err(error);
                }
            }
        }
    }

    fn inputs(&mut self, _: &mut dyn FnMut(&mut dyn InEnd)) {}

    fn outputs(&mut self, visit: &mut dyn FnMut(&mut dyn OutEnd)) {
        visit(&mut self.out);
    }

    fn release(&mut self, core: &mut Core) {
        let cause = core.context.cause().unwrap_or(Cause::Quit);
        self.played.over(Over::Cancelled(cause));
    }

    fn close(&mut self, _: &mut Core, _: &mut Context<'_>) -> Result<Turn, BoxError> {
        self.played.over(Over::Cancelled(Cause::Closed));
        Ok(Turn::Done(End::Completed))
    }
}

impl<T: Send + 'static> Outputs<T, 0> for Playing<T> {
    fn output(&mut self, _: u32) -> &mut OutPort<T> {
        &mut self.out
    }
}
