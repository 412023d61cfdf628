//! The kernel that runs a future per item, so many at a time, in order or as they end.
//!
//! 1. At most `limit` futures run; running and waiting for their turn never exceed the window,
//!    since an item's credit goes back when its result is placed.
//! 2. Without room the running futures are still polled, only none is begun.
//! 3. The flow's mark and the clock are looked at before every poll; close and quit finish what runs.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use pin_project_lite::pin_project;

use super::results::Results;
use super::running::Running;
use super::{Core, End, Inputs, Kernel, Out, Outputs, Turn};
use crate::context::{BoxError, Cause, drop_caught, drop_caught_by, drop_each};
use crate::edge::{InEnd, InPort, OutEnd, OutPort};
use crate::supervise::{Directive, Wait};

pin_project! {
    /// A future that runs for an item. Its poll and its drop catch: a panic that left it would leave
    /// the futures behind it undropped, and would not say for which item it was.
    struct Attempt<U, F: Future> {
        #[pin]
        future: Option<F>,
        conclude: Conclude<U, F>,
        number: u64,
    }

    impl<U, F: Future> PinnedDrop for Attempt<U, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut future = this.project().future;
            drop_caught_by(|| future.set(None));
        }
    }
}

/// Makes the result of an item of what its future gave.
pub(crate) type Conclude<U, F> = fn(<F as Future>::Output) -> Result<U, BoxError>;

/// How a future ended: a result, an error, or a panic.
type Ended<U> = thread::Result<Result<U, BoxError>>;

impl<U, F: Future> Future for Attempt<U, F> {
    type Output = (u64, Ended<U>);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(future) = this.future.as_pin_mut() else {
            return Poll::Pending;
        };
        let polled = catch_unwind(AssertUnwindSafe(|| future.poll(cx).map(this.conclude)));
        let ended = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(result)) => Ok(result),
            Err(panic) => Err(panic),
        };
        Poll::Ready((*this.number, ended))
    }
}

/// An item at which a future failed, or the closure that makes the futures: counted as failed, its
/// credit not given back yet.
struct Failed<T> {
    /// None where no future was made.
    number: Option<u64>,
    copy: Option<T>,
}

/// One input, a future per item, at most one output.
pub(crate) struct Concurrent<T: Send + 'static, U, O, M, F: Future> {
    begin: M,
    conclude: Conclude<U, F>,
    limit: usize,
    input: InPort<T>,
    out: O,
    running: Running<Attempt<U, F>>,
    /// Copies of the items in work, by their numbers, where copies are kept.
    copies: BTreeMap<u64, T>,
    results: Results<U>,
    begun: u64,
    finish: Option<Box<dyn FnOnce()>>,
    failed: Option<Failed<T>>,
    /// Items that are to be tried again, those that have a number already with that. While one waits for
    /// room, others that run can fail.
    again: VecDeque<Failed<T>>,
}

impl<T, U, O, M, F> Concurrent<T, U, O, M, F>
where
    T: Send + 'static,
    M: FnMut(&Core, T) -> F,
    F: Future,
    O: Out<U>,
{
    pub(crate) fn new(
        (begin, conclude): (M, Conclude<U, F>),
        limit: usize,
        ordered: bool,
        input: InPort<T>,
        out: O,
    ) -> Self {
        Self {
            begin,
            conclude,
            limit,
            input,
            out,
            running: Running::new(),
            copies: BTreeMap::new(),
            results: Results::new(ordered),
            begun: 0,
            finish: None,
            failed: None,
            again: VecDeque::new(),
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

    /// Polls the running futures that were woken, each once; says how many have ended.
    fn advance(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Result<usize, BoxError> {
        let (mut ended, mut over) = (0, false);
        if self.running.is_empty() {
            return Ok(ended);
        }
        self.running.begin_round(cx);
        while !over && self.running.is_due() && !core.context.is_marked() {
            let polled = self.running.poll_due();
            over = core.clock.spend(1);
            let Some((number, ended_as)) = polled else {
                continue;
            };
            let copy = self.copies.remove(&number);
            let result = match ended_as {
                Ok(Ok(result)) => result,
                Ok(Err(error)) => {
                    self.fail(core, number, copy);
                    return Err(error);
                }
                Err(panic) => {
                    self.fail(core, number, copy);
                    resume_unwind(panic);
                }
            };
            self.results.put(number, result);
            drop_caught(copy);
            ended += 1;
        }
        Ok(ended)
    }

    fn fail(&mut self, core: &mut Core, number: u64, copy: Option<T>) {
        core.counts.failed += 1;
        let number = Some(number);
        self.failed = Some(Failed { number, copy });
    }

    /// Begins the future of an item; one that was tried before has its number already.
    fn begin(&mut self, core: &mut Core, number: Option<u64>, item: T) {
        // Taken back below: they stay where the closure panics.
        core.counts.failed += 1;
        // Its copy can panic too.
        self.failed = Some(Failed { number, copy: None });
        let copy = self.input.copy().map(|copy| copy(&item));
        self.failed = Some(Failed { number, copy });
        let future = (self.begin)(core, item);
        core.counts.failed -= 1;
        let number = number.unwrap_or_else(|| {
            self.results.begin();
            self.begun += 1;
            self.begun - 1
        });
        if let Some(copy) = self.failed.take().and_then(|failed| failed.copy) {
            self.copies.insert(number, copy);
        }
        self.running.push(Attempt {
            future: Some(future),
            conclude: self.conclude,
            number,
        });
    }

    /// Begins futures; says how many.
    fn start(&mut self, core: &mut Core) -> usize {
        let mut started = 0;
        while self.running.len() < self.limit && self.out.room() > 0 && !core.is_marked() {
            if let Some(Failed { number, copy }) = self.again.pop_front() {
                if let Some(item) = copy {
                    self.begin(core, number, item);
                }
            } else {
                let Some(item) = self.input.pop() else { break };
                self.begin(core, None, item);
            }
            started += 1;
            if core.clock.spend(1) {
                break;
            }
        }
        started
    }

    /// Tries no item again: results behind them do not wait for them. They are given up in the order of
    /// all items, when the stage is released.
    fn try_none_again(&mut self, core: &mut Core) {
        for Failed { number, copy } in std::mem::take(&mut self.again) {
            core.counts.discarded += 1;
            if let Some(number) = number {
                self.results.miss(number);
            }
            // For one without a number no future was made: it is behind all that have one.
            let place = number.unwrap_or(u64::MAX);
            self.copies.extend(copy.map(|copy| (place, copy)));
        }
    }

    fn is_idle(&self) -> bool {
        self.running.is_empty() && self.results.is_empty() && self.again.is_empty()
    }
}

impl<T, U, O, M, F> Kernel for Concurrent<T, U, O, M, F>
where
    T: Send + 'static,
    U: Send + 'static,
    O: Out<U>,
    M: FnMut(&Core, T) -> F + 'static,
    F: Future + 'static,
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
        self.try_none_again(core);
        loop {
            if let Some(cause) = self.out.cancelled() {
                if self.running.is_empty() {
                    return Ok(Turn::Done(End::Unread(cause.clone())));
                }
            } else if self.running.is_empty() && self.results.is_empty() {
                self.release(core);
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
        core.counts.discarded += self.running.len() as u64 + self.results.len();
        self.running.clear();
        drop_each(&mut self.results.drain());
        self.try_none_again(core);
        for (_, copy) in std::mem::take(&mut self.copies) {
            self.input.give_up(Some(copy), None);
        }
    }

    fn recover(&mut self, core: &mut Core, how: Directive, cause: &Cause) -> bool {
        match self.failed.take() {
            Some(again) if how == Directive::Retry && again.copy.is_some() => {
                core.counts.failed -= 1;
                self.again.push_back(again);
            }
            Some(Failed { number, copy }) => {
                self.input.credit(1);
                if let Some(number) = number {
                    self.results.miss(number);
                }
                self.input.give_up(copy, Some(cause));
            }
            None => {}
        }
        true
    }
}

impl<T: Send + 'static, U, O, M, F: Future> Inputs<T, 0> for Concurrent<T, U, O, M, F> {
    fn input(&mut self, _: u32) -> &mut InPort<T> {
        &mut self.input
    }
}

impl<T: Send + 'static, U: Send + 'static, M, F: Future> Outputs<U, 0>
    for Concurrent<T, U, OutPort<U>, M, F>
{
    fn output(&mut self, _: u32) -> &mut OutPort<U> {
        &mut self.out
    }
}
