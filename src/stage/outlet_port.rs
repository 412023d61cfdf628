//! The end of a flow that other code reads: a bounded queue out of it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use futures::task::AtomicWaker;

use super::{Out, Turn};
use crate::context::{Cause, drop_each};
use crate::edge::{Dispatch, OutEnd};
use crate::supervise::FlowState;

/// What the reader of an outlet finds.
pub(crate) enum Read<T> {
    Item(T),
    /// All items were read; the flow says how it ended, if it ever ran.
    Over {
        completed: bool,
    },
}

struct State<T> {
    items: VecDeque<T>,
    reader: Option<Waker>,
    /// Set at the end: whether it was that of the items.
    over: Option<bool>,
}

/// What the two sides of an outlet share.
pub(crate) struct Passage<T> {
    state: Mutex<State<T>>,
    capacity: OnceLock<usize>,
    unread: AtomicBool,
    writer: AtomicWaker,
    flow: OnceLock<Arc<FlowState>>,
}

impl<T> Passage<T> {
    /// A passage, and the side that writes.
    pub(crate) fn new() -> (Arc<Self>, Writer<T>) {
        let passage = Arc::new(Self {
            state: Mutex::new(State {
                items: VecDeque::new(),
                reader: None,
                over: None,
            }),
            capacity: OnceLock::new(),
            unread: AtomicBool::new(false),
            writer: AtomicWaker::new(),
            flow: OnceLock::new(),
        });
        (Arc::clone(&passage), Writer(passage))
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn capacity(&self) -> usize {
        self.capacity.get().copied().unwrap_or(1)
    }

    pub(crate) fn flow(&self) -> Option<&Arc<FlowState>> {
        self.flow.get()
    }

    /// The next item, or the end.
    pub(crate) fn poll_read(&self, cx: &mut Context<'_>) -> Poll<Read<T>> {
        let mut state = self.lock();
        if let Some(item) = state.items.pop_front() {
            // Half free: one wake-up is for many items.
            if state.items.len() == self.capacity() / 2 {
                self.writer.wake();
            }
            return Poll::Ready(Read::Item(item));
        }
        match state.over {
            Some(completed) => Poll::Ready(Read::Over { completed }),
            None => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// The reader leaves.
    pub(crate) fn leave(&self) {
        // Release, before the wake: the writer must see it.
        self.unread.store(true, Ordering::Release);
        let mut items: Vec<T> = std::mem::take(&mut self.lock().items).into();
        drop_each(&mut items);
        self.writer.wake();
    }

    fn end(&self, completed: bool) {
        let mut state = self.lock();
        state.over.get_or_insert(completed);
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

/// The writing side before its stage runs; its drop is an end.
pub(crate) struct Writer<T>(Arc<Passage<T>>);

impl<T> Writer<T> {
    /// The output of the stage that writes.
    pub(crate) fn start(self, capacity: usize, flow: &Arc<FlowState>) -> OutletPort<T> {
        let _ = self.0.capacity.set(capacity);
        let _ = self.0.flow.set(Arc::clone(flow));
        OutletPort {
            passage: self,
            buffer: Vec::new(),
            free: capacity,
            left: Cause::Completed,
        }
    }
}

impl<T> Drop for Writer<T> {
    fn drop(&mut self) {
        self.0.end(false);
    }
}

/// The output of a stage that writes into an outlet.
pub(crate) struct OutletPort<T> {
    passage: Writer<T>,
    buffer: Vec<T>,
    free: usize,
    left: Cause,
}

impl<T> OutletPort<T> {
    fn hand_over(&mut self) {
        let passage = &self.passage.0;
        let mut state = passage.lock();
        if passage.unread.load(Ordering::Acquire) {
            drop(state);
            drop_each(&mut self.buffer);
            return;
        }
        let was_empty = state.items.is_empty();
        state.items.extend(self.buffer.drain(..));
        self.free = passage.capacity() - state.items.len();
        let reader = if was_empty { state.reader.take() } else { None };
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl<T: Send + 'static> Out<T> for OutletPort<T> {
    const SINK: bool = true;

    fn room(&self) -> usize {
        self.free - self.buffer.len()
    }

    fn push(&mut self, item: T) {
        self.buffer.push(item);
    }

    fn lend(&mut self, items: usize) -> Vec<T> {
        self.buffer.reserve(items);
        std::mem::take(&mut self.buffer)
    }

    fn take_back(&mut self, batch: Vec<T>) {
        self.buffer = batch;
    }

    fn full(&mut self, cx: &mut Context<'_>) -> Turn {
        // Registered first: what is read after the look below wakes.
        self.passage.0.writer.register(cx.waker());
        self.hand_over();
        if self.free > 0 {
            Turn::More
        } else {
            Turn::Waiting
        }
    }

    fn watch(&mut self, cx: &mut Context<'_>) {
        self.passage.0.writer.register(cx.waker());
    }

    fn cancelled(&self) -> Option<&Cause> {
        let left = self.passage.0.unread.load(Ordering::Acquire);
        left.then_some(&self.left)
    }

    fn visit(&mut self, visit: &mut dyn FnMut(&mut dyn OutEnd)) {
        visit(self);
    }
}

impl<T> OutEnd for OutletPort<T> {
    fn ship(&mut self, _: &mut Dispatch) {
        if !self.buffer.is_empty() {
            self.hand_over();
        }
    }

    fn complete(&mut self, _: &mut Dispatch) {
        self.hand_over();
        self.passage.0.end(true);
    }

    fn fail(&mut self, _: &Cause, _: &mut Dispatch) {
        self.hand_over();
        self.passage.0.end(false);
    }

    fn discard(&mut self) {
        self.hand_over();
    }

    fn emitted(&self) -> (u64, u64) {
        (0, 0)
    }
}
