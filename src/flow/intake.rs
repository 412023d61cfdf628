//! The queue between senders outside of a flow, an inlet or a hub, and the flow's source.
//!
//! 1. What is accepted is counted under the one lock; what is refused goes back to the sender.
//! 2. Room is a semaphore's permits, so that senders wait in their order; an accepted item's permit
//!    comes back when the source has sent the item on.
//! 3. What was accepted is in the row of the source: it counts that itself, or, where it never started,
//!    the drop of its side does.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;
use tokio::sync::{Notify, Semaphore};

use super::Lag;
use super::graph::Entry;
use crate::context::BoxError;
use crate::context::drop_each;
use crate::report::StageCounts;
use crate::stage::{Accepted, Supply};
use crate::supervise::StageState;

/// How a queue came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Open,
    Closed,
    /// By what this says.
    Failed(Arc<str>),
}

pub(super) struct State<T> {
    pub(super) items: VecDeque<T>,
    pub(super) accepted: u64,
    /// How many of these nobody will ever get, since the reader was too slow.
    lost: u64,
    pub(super) end: End,
    pub(super) handles: usize,
}

pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    pub(super) room: Arc<Semaphore>,
    /// The source that waits for an item.
    reader: AtomicWaker,
    /// The stage that this is, from `run` on.
    source: OnceLock<Arc<StageState>>,
    closed: Notify,
}

impl<T> Queue<T> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::new(State {
                items: VecDeque::new(),
                accepted: 0,
                lost: 0,
                end: End::Open,
                handles: 1,
            }),
            room: Arc::new(Semaphore::new(capacity)),
            reader: AtomicWaker::new(),
            source: OnceLock::new(),
            closed: Notify::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts an item for which there is room, unless the end came first.
    pub(super) fn accept(&self, item: T) -> Result<(), T> {
        let mut state = self.lock();
        if state.end != End::Open {
            return Err(item);
        }
        state.items.push_back(item);
        state.accepted += 1;
        drop(state);
        self.reader.wake();
        Ok(())
    }

    /// Gives an item to a reader that nobody waits for, and gives back the item that is lost by that.
    /// The room of such a queue is its length, its permits say nothing.
    pub(super) fn offer(&self, item: T, capacity: usize, lag: Lag) -> Result<Option<T>, T> {
        let mut state = self.lock();
        if state.end != End::Open {
            return Err(item);
        }
        state.accepted += 1;
        let mut item = Some(item);
        let full = state.items.len() >= capacity;
        let lost = match lag {
            _ if !full => None,
            Lag::DropOldest => state.items.pop_front(),
            _ => item.take(),
        };
        state.items.extend(item);
        state.lost += u64::from(lost.is_some());
        drop(state);
        if full && lag == Lag::Disconnect {
            self.end(End::Failed(
                "the subscriber was too slow for its hub".into(),
            ));
        }
        self.reader.wake();
        Ok(lost)
    }

    pub(super) fn is_ended(&self) -> bool {
        self.lock().end != End::Open
    }

    /// Waits until nothing more is accepted.
    pub(super) async fn closed(&self) {
        loop {
            let mut notified = std::pin::pin!(self.closed.notified());
            notified.as_mut().enable();
            if self.is_ended() {
                return;
            }
            notified.await;
        }
    }

    pub(super) fn end(&self, end: End) {
        let mut state = self.lock();
        if state.end != End::Open {
            return;
        }
        state.end = end;
        drop(state);
        self.room.close();
        self.reader.wake();
        self.closed.notify_waiters();
    }
}

impl<T: Send> Entry for Queue<T> {
    fn enter(&self, stage: &Arc<StageState>) -> bool {
        let _ = self.source.set(Arc::clone(stage));
        true
    }
}

/// The source's side of the queue.
pub(super) struct Intake<T>(pub(super) Arc<Queue<T>>);

impl<T: Send + 'static> Supply for Intake<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T, BoxError>>> {
        // Registered first: what comes after the look below wakes.
        self.0.reader.register(cx.waker());
        let mut state = self.0.lock();
        if let Some(item) = state.items.pop_front() {
            drop(state);
            self.0.room.add_permits(1);
            return Poll::Ready(Some(Ok(item)));
        }
        if state.end == End::Open {
            return Poll::Pending;
        }
        // A failure is said once.
        match std::mem::replace(&mut state.end, End::Closed) {
            End::Failed(why) => Poll::Ready(Some(Err(String::from(&*why).into()))),
            End::Open | End::Closed => Poll::Ready(None),
        }
    }

    fn close(self: Pin<&mut Self>) -> bool {
        self.0.end(End::Closed);
        true
    }

    fn accepted(&self) -> Option<Accepted> {
        let state = self.0.lock();
        let (items, lost) = (state.accepted, state.lost);
        Some(Accepted { items, lost })
    }

    fn discard(self: Pin<&mut Self>) -> u64 {
        self.0.end(End::Closed);
        let items = std::mem::take(&mut self.0.lock().items);
        drop_each(&mut items.into())
    }
}

impl<T> Drop for Intake<T> {
    fn drop(&mut self) {
        self.0.end(End::Closed);
        let mut state = self.0.lock();
        let (items, accepted) = (std::mem::take(&mut state.items), state.accepted);
        drop(state);
        if items.is_empty() {
            return;
        }
        // A blueprint that never ran, or a stage that never started: one that did has none left. So
        // nobody else counts, and all that was accepted is lost.
        drop_each(&mut items.into());
        if let Some(stage) = self.0.source.get() {
            stage.counters.store(&StageCounts {
                received: accepted,
                discarded: accepted,
                ..StageCounts::default()
            });
        }
    }
}
