//! The kernel that runs a future per item, so many at a time, in order or as they end.
//!
//! 1. At most `limit` futures run; running and waiting for their turn never exceed the window,
//!    since an item's credit goes back when its result is placed.
//! 2. Without room the running futures are still polled, only none is begun.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::stream::{FuturesUnordered, StreamExt};
use pin_project_lite::pin_project;

use super::{Core, End, Inputs, Kernel, Out, Outputs, Turn};
use crate::context::{BoxError, drop_caught_by, drop_each};
use crate::edge::{InEnd, InPort, OutEnd, OutPort};
use crate::supervise::Wait;

pin_project! {
    /// A future that runs for an item. Its drop catches: a panic that left it would leave the
    /// futures behind it undropped.
    struct Running<F> {
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Running<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut future = this.project().future;
            drop_caught_by(|| future.set(None));
        }
    }
}

impl<F: Future> Future for Running<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let future = self.project().future.as_pin_mut();
        future.map_or(Poll::Pending, |future| future.poll(cx))
    }
}

/// What a future gives: the number of its item, and the result.
pub(crate) type Numbered<U> = (u64, Result<U, BoxError>);

/// Results that wait: for their turn, or only for room.
struct Results<U> {
    ordered: bool,
    /// The number of the first slot.
    first: u64,
    slots: VecDeque<Option<U>>,
    filled: u64,
}

impl<U> Results<U> {
    fn begin(&mut self) {
        if self.ordered {
            self.slots.push_back(None);
        }
    }

    fn put(&mut self, number: u64, result: U) {
        self.filled += 1;
        if self.ordered {
            let slot = usize::try_from(number - self.first).ok();
            if let Some(slot) = slot.and_then(|slot| self.slots.get_mut(slot)) {
                *slot = Some(result);
            }
        } else {
            self.slots.push_back(Some(result));
        }
    }

    fn is_ready(&self) -> bool {
        self.slots.front().is_some_and(Option::is_some)
    }

    fn take(&mut self) -> Option<U> {
        if !self.is_ready() {
            return None;
        }
        self.first += 1;
        self.filled -= 1;
        self.slots.pop_front().flatten()
    }
}

/// One input, a future per item, at most one output.
pub(crate) struct Concurrent<T, U, O, M, F> {
    begin: M,
    limit: usize,
    input: InPort<T>,
    out: O,
    running: FuturesUnordered<Running<F>>,
    results: Results<U>,
    begun: u64,
    finish: Option<Box<dyn FnOnce()>>,
}

impl<T, U, O, M, F> Concurrent<T, U, O, M, F>
where
    M: FnMut(&Core, u64, T) -> F,
    F: Future<Output = Numbered<U>>,
    O: Out<U>,
{
    pub(crate) fn new(begin: M, limit: usize, ordered: bool, input: InPort<T>, out: O) -> Self {
        Self {
            begin,
            limit,
            input,
            out,
            running: FuturesUnordered::new(),
            results: Results {
                ordered,
                first: 0,
                slots: VecDeque::new(),
                filled: 0,
            },
            begun: 0,
            finish: None,
        }
    }

    /// Says what to do at the end of the input, for a sink.
    pub(crate) fn on_finish(mut self, finish: impl FnOnce() + 'static) -> Self {
        self.finish = Some(Box::new(finish));
        self
    }

    fn conclude(&mut self) -> Turn {
        if let Some(finish) = self.finish.take() {
            finish();
        }
        Turn::Done(End::Completed)
    }

    /// Places results while there is room.
    fn place(&mut self, core: &mut Core) -> usize {
        let mut placed = 0;
        while self.out.room() > 0 {
            let Some(result) = self.results.take() else {
                break;
            };
            self.out.push(result);
            placed += 1;
        }
        core.counts.passed += placed as u64;
        self.input.credit(placed);
        placed
    }

    /// Lets the running futures run; says how many ended.
    fn advance(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Result<usize, BoxError> {
        let mut ended = 0;
        while !self.running.is_empty() && !core.context.is_marked() {
            // A future that fails or panics is an item that failed.
            core.counts.failed += 1;
            let polled = self.running.poll_next_unpin(cx);
            let Poll::Ready(Some((number, result))) = polled else {
                core.counts.failed -= 1;
                break;
            };
            let result = result?;
            core.counts.failed -= 1;
            self.results.put(number, result);
            ended += 1;
            if core.clock.spend(1) {
                break;
            }
        }
        Ok(ended)
    }

    /// Begins futures; says how many.
    fn start(&mut self, core: &mut Core) -> usize {
        let mut started = 0;
        while self.running.len() < self.limit && self.out.room() > 0 && !core.is_marked() {
            let Some(item) = self.input.pop() else { break };
            core.counts.failed += 1;
            let future = (self.begin)(core, self.begun, item);
            core.counts.failed -= 1;
            self.begun += 1;
            self.results.begin();
            self.running.push(Running {
                future: Some(future),
            });
            started += 1;
            if core.clock.spend(1) {
                break;
            }
        }
        started
    }

    fn is_idle(&self) -> bool {
        self.running.is_empty() && self.results.filled == 0
    }
}

impl<T, U, O, M, F> Kernel for Concurrent<T, U, O, M, F>
where
    T: Send + 'static,
    U: Send + 'static,
    O: Out<U>,
    M: FnMut(&Core, u64, T) -> F + 'static,
    F: Future<Output = Numbered<U>> + 'static,
{
    fn turn(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Result<Turn, BoxError> {
        loop {
            if let Some(cause) = self.out.cancelled() {
                return Ok(Turn::Done(End::Unread(cause.clone())));
            }
            if core.is_marked() {
                return Ok(Turn::Marked);
            }
            if self.is_idle() && self.input.is_drained() {
                return Ok(match self.input.failure() {
                    Some(cause) => Turn::Done(End::Failed(cause.clone())),
                    None => self.conclude(),
                });
            }
            let moved = self.start(core) + self.advance(core, cx)? + self.place(core);
            if core.clock.is_over() {
                return Ok(Turn::More);
            }
            if moved > 0 {
                continue;
            }
            if core.is_marked() {
                return Ok(Turn::Marked);
            }
            return Ok(if !self.running.is_empty() {
                Turn::Waiting
            } else if self.out.room() == 0 {
                self.out.full(cx)
            } else {
                Turn::Park(Wait::Item(Some(0)))
            });
        }
    }

    fn quit(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Result<Turn, BoxError> {
        loop {
            if let Some(cause) = self.out.cancelled() {
                if self.running.is_empty() {
                    return Ok(Turn::Done(End::Unread(cause.clone())));
                }
            } else if self.is_idle() {
                return Ok(self.conclude());
            }
            let moved = self.advance(core, cx)? + self.place(core);
            if core.context.is_marked() {
                return Ok(Turn::Marked);
            }
            if core.clock.is_over() {
                return Ok(Turn::More);
            }
            if moved > 0 {
                continue;
            }
            return Ok(
                if self.running.is_empty() && self.out.cancelled().is_none() {
                    self.out.full(cx)
                } else {
                    Turn::Waiting
                },
            );
        }
    }

    fn inputs(&mut self, visit: &mut dyn FnMut(&mut dyn InEnd)) {
        visit(&mut self.input);
    }

    fn outputs(&mut self, visit: &mut dyn FnMut(&mut dyn OutEnd)) {
        self.out.visit(visit);
    }

    fn release(&mut self, core: &mut Core) {
        core.counts.discarded += self.running.len() as u64 + self.results.filled;
        drop(std::mem::take(&mut self.running));
        let mut results: Vec<U> = self.results.slots.drain(..).flatten().collect();
        self.results.filled = 0;
        drop_each(&mut results);
    }
}

impl<T, U, O, M, F> Inputs<T, 0> for Concurrent<T, U, O, M, F> {
    fn input(&mut self, _: u32) -> &mut InPort<T> {
        &mut self.input
    }
}

impl<T, U, M, F> Outputs<U, 0> for Concurrent<T, U, OutPort<U>, M, F> {
    fn output(&mut self, _: u32) -> &mut OutPort<U> {
        &mut self.out
    }
}
