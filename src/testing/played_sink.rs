//! The stage that a sink probe plays.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::task::Context;

use super::expect::{Look, Shared};
use crate::context::{BoxError, Cause};
use crate::edge::{Dispatch, Grant, InEnd, InPort, OutEnd};
use crate::stage::{Core, End, Inputs, Kernel, Turn};

/// As good as no window: the probe's requests are the bound.
pub(super) const WINDOW: usize = u32::MAX as usize;

pub(super) struct State<T> {
    pub(super) items: VecDeque<T>,
    /// Requests that the stage has not made yet.
    pub(super) asked: usize,
    pub(super) requested: u64,
    pub(super) received: u64,
    pub(super) leaves: bool,
    pub(super) over: Option<Over>,
}

/// How the items came to their end.
#[derive(Clone, Debug)]
pub(super) enum Over {
    Closed,
    Failed(Cause),
    /// Not by the items: the flow, or this sink, was told to end.
    Ended(Cause),
    Left,
    NeverRan,
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the items have come to their end"),
            Self::Failed(cause) => write!(f, "the items ended with a failure ({cause})"),
            Self::Ended(cause) => write!(f, "the flow was told to end ({cause})"),
            Self::Left => f.write_str("the probe has left"),
            Self::NeverRan => f.write_str("the sink never ran"),
        }
    }
}

impl<T> fmt::Display for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} requested, {} came", self.requested, self.received)?;
        if !self.items.is_empty() {
            write!(f, ", {} not looked at", self.items.len())?;
        }
        match &self.over {
            Some(over) => write!(f, ", {over}"),
            None => Ok(()),
        }
    }
}

impl<T> State<T> {
    pub(super) fn pop(&mut self) -> Look<T> {
        match (self.items.pop_front(), &self.over) {
            (Some(item), _) => Look::Met(item),
            (None, None) => Look::NotYet,
            (None, Some(_)) => Look::Broken(self.to_string()),
        }
    }

    /// The end, or that there is an item before it.
    pub(super) fn end(&self) -> Option<Result<Over, ()>> {
        if self.items.is_empty() {
            self.over.clone().map(Ok)
        } else {
            Some(Err(()))
        }
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
    }
}

pub(super) struct Playing<T: Send + 'static> {
    pub(super) played: Played<T>,
    pub(super) input: InPort<T>,
    /// Items asked for on the edge.
    pub(super) granted: u64,
}

impl<T: Send + 'static> Kernel for Playing<T> {
    fn turn(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Result<Turn, BoxError> {
        // Registered first: what is ordered after the look below wakes.
        self.played.0.register(cx.waker());
        if core.is_marked() {
            return Ok(Turn::Marked);
        }
        let mut freed = 0;
        while let Some(item) = self.input.pop() {
            core.counts.passed += 1;
            freed += 1;
            self.played.0.note(|state| {
                state.items.push_back(item);
                state.received += 1;
            });
        }
        let (asked, leaves) = {
            let mut state = self.played.0.lock();
            (std::mem::take(&mut state.asked), state.leaves)
        };
        if leaves {
            self.played.over(Over::Left);
            return Ok(Turn::Done(End::Completed));
        }
        if self.input.is_drained() {
            let end = match self.input.failure() {
                Some(cause) => End::Failed(cause.clone()),
                None => End::Completed,
            };
            self.played.over(match &end {
                End::Failed(cause) => Over::Failed(cause.clone()),
                _ => Over::Closed,
            });
            return Ok(Turn::Done(end));
        }
        // What is beyond the window is asked for later.
        let under_way = usize::try_from(self.granted - core.counts.passed).unwrap_or(WINDOW);
        let items = asked.min(WINDOW.saturating_sub(under_way));
        if items > 0 || freed > 0 {
            self.granted += items as u64;
            self.input
                .request(Grant { items, freed }, &mut Dispatch::at(core.now));
        }
        if asked > items {
            let mut state = self.played.0.lock();
            state.asked = state.asked.saturating_add(asked - items);
        }
        // The test can move at any time: such a wait is no stall.
        Ok(Turn::Waiting)
    }

    fn inputs(&mut self, visit: &mut dyn FnMut(&mut dyn InEnd)) {
        visit(&mut self.input);
    }

    fn outputs(&mut self, _: &mut dyn FnMut(&mut dyn OutEnd)) {}

    fn release(&mut self, core: &mut Core) {
        let cause = core.context.cause().unwrap_or(Cause::Quit);
        self.played.over(Over::Ended(cause));
    }
}

impl<T: Send + 'static> Inputs<T, 0> for Playing<T> {
    fn input(&mut self, _: u32) -> &mut InPort<T> {
        &mut self.input
    }
}
