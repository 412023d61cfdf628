//! The one stage actor, whatever kernel is inside it.
//!
//! 1. Message handlers only note; the pump, its one spawned future, works.
//! 2. A turn runs under `catch_unwind`, so that queue and output survive a panic of the logic.
//! 3. Before every turn, and before every item of it, marks are looked at; a fan-in moves a batch as one.
//! 4. A stage that parks has shipped what is ready, then given back its units of the flow's
//!    count; one that waits for something outside of the flow keeps one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};
use std::thread;

use actix::fut::ActorFuture;
use actix::{Actor, ActorContext, Context, Handler};

use super::{Core, End, Inputs, Kernel, Outputs, Turn, schedule};
use crate::context::{BoxError, Cause, discard_payload, drop_caught_by, panic_text};
use crate::edge::{Demand, Dispatch, Feed};
use crate::report::{Moment, Spent};
use crate::supervise::{Directive, Level, Order, Wait};

/// A stage of a flow.
pub(crate) struct StageActor<K: Kernel> {
    core: Core,
    kernel: K,
}

impl<K: Kernel> Unpin for StageActor<K> {}

impl<K: Kernel> Actor for StageActor<K> {
    type Context = Context<Self>;
}

impl<K, T, const PORT: usize> Handler<Feed<T, PORT>> for StageActor<K>
where
    K: Kernel + Inputs<T, PORT>,
    T: Send + 'static,
{
    type Result = ();

    fn handle(&mut self, mut feed: Feed<T, PORT>, _: &mut Context<Self>) {
        if let Some((signal, link)) = feed.take() {
            self.core.absorb(feed.sent, feed.home);
            self.kernel.input(feed.port).on(signal, link);
        }
    }
}

impl<K, T, const PORT: usize> Handler<Demand<T, PORT>> for StageActor<K>
where
    K: Kernel + Outputs<T, PORT>,
    T: Send + 'static,
{
    type Result = ();

    fn handle(&mut self, mut demand: Demand<T, PORT>, _: &mut Context<Self>) {
        if let Some((ask, link)) = demand.take() {
            self.core.absorb(demand.sent, demand.home);
            self.kernel.output(demand.port).on(ask, link);
        }
    }
}

impl<K: Kernel> Handler<Order> for StageActor<K> {
    type Result = ();

    fn handle(&mut self, order: Order, _: &mut Context<Self>) {
        match order {
            Order::Stop(level, cause) => self.core.stop(level, cause),
            Order::ReturnCredit(probe) => {
                probe.take();
                self.core.units += 1;
                self.core.probed = true;
            }
            Order::Directive(directive) => self.core.directive = Some(directive),
            Order::Renew => {
                self.core.renewed = true;
                self.core.stir();
            }
        }
    }
}

/// What a suspended stage does next.
enum Answer {
    Go,
    Await,
    Over,
}

impl<K: Kernel> StageActor<K> {
    pub(super) fn new(core: Core, kernel: K) -> Self {
        Self { core, kernel }
    }

    /// Ships what is ready, asks for more, counts.
    fn settle(&mut self, by: &mut Dispatch) {
        let counts = &mut self.core.counts;
        let (mut emitted, mut batches) = (0, 0);
        self.kernel.outputs(&mut |out| {
            out.ship(by);
            let (items, messages) = out.emitted();
            emitted += items;
            batches += messages;
        });
        (counts.emitted, counts.batches) = (emitted, batches);
        let mut taken = None;
        self.kernel.inputs(&mut |input| {
            input.settle(by);
            *taken.get_or_insert(0) += input.taken();
        });
        if let Some(taken) = taken {
            counts.received = taken;
        }
        self.core.state.counters.store(&self.core.counts);
    }

    /// Answers the question whether it owes credit.
    fn answer_probe(&mut self, now: Moment) {
        if std::mem::take(&mut self.core.probed) {
            let (mut owed, mut by) = (false, Dispatch::at(now));
            self.kernel
                .inputs(&mut |input| owed |= input.return_all(&mut by));
            if owed {
                self.core.life.0.note_moved();
            }
        }
    }

    /// The stage's own end: terminal signals down, cancels up.
    fn end(&mut self, end: End, now: Moment) {
        let (kernel, core) = (&mut self.kernel, &mut self.core);
        let mut cause = core.own_cause();
        let mut by = Dispatch::at(now);
        match end {
            End::Completed => kernel.outputs(&mut |out| out.complete(&mut by)),
            End::Failed(failure) => {
                let mut read = false;
                kernel.outputs(&mut |out| {
                    out.fail(&failure, &mut by);
                    read = true;
                });
                if !read {
                    // Nobody below can isolate it any more.
                    core.tell_failure(&failure, false);
                }
                cause = failure;
            }
            End::Unread(reason) => cause = reason,
        }
        kernel.inputs(&mut |input| input.cancel(&cause, &mut by));
        self.finish(cause, now);
    }

    fn is_pending(&mut self) -> bool {
        let mut pending = false;
        self.kernel.outputs(&mut |out| pending |= out.is_pending());
        pending
    }

    /// The end that came from above: no neighbour needs to be told.
    fn stop(&mut self, now: Moment) {
        if !self.core.context.is_marked() {
            // Only this stage, which was quit and took too long: its neighbours go on.
            self.end(End::Completed, now);
            return;
        }
        let cause = self.core.stop_cause();
        // All stages can see the context's mark, and be gone, before the supervisor does: the flow
        // has not completed then.
        self.core.life.0.raise(Level::Cancel, cause.clone());
        self.finish(cause, now);
    }

    fn finish(&mut self, cause: Cause, now: Moment) {
        if let Some(failure) = self.core.suspended.take() {
            let (kernel, core) = (&mut self.kernel, &mut self.core);
            drop_caught_by(|| {
                kernel.recover(core, Directive::Stop, &failure);
            });
        }
        self.kernel.release(&mut self.core);
        self.kernel.outputs(&mut |out| out.discard());
        self.kernel.inputs(&mut |input| input.discard());
        self.settle(&mut Dispatch::at(now));
        let _ = self.core.state.ending.set(cause);
        self.core.over = true;
    }

    fn fail(&mut self, cause: Cause) {
        self.core.tell_failure(&cause, true);
        self.core.spent = Spent::Waiting;
        self.core.suspended = Some(Box::new(cause));
    }

    /// A failed turn, as a cause.
    fn failure_of<T>(&self, turn: thread::Result<Result<T, BoxError>>) -> Result<T, Cause> {
        let stage = Arc::clone(&self.core.state.name);
        match turn {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(error)) => Err(Cause::Failed {
                stage,
                error: Arc::from(error),
            }),
            Err(panic) => {
                let text = Arc::from(panic_text(&*panic));
                discard_payload(panic);
                Err(Cause::Panicked { stage, text })
            }
        }
    }

    /// Carries out the directive that a failed stage has got; says whether it waits for one still.
    fn answer(&mut self, now: Moment) -> Answer {
        if self.core.suspended.is_none() {
            return self.renew();
        }
        let ends = self.core.level() >= Level::Quit;
        let how = match self.core.directive.take() {
            Some(how) if !ends => how,
            _ if ends => Directive::Resume,
            _ => return Answer::Await,
        };
        if how == Directive::Stop && self.is_pending() {
            // What it had goes before its failure: the last item is too heavy to go now.
            self.core.directive = Some(how);
            self.core.park(Wait::Credit(None));
            return Answer::Await;
        }
        let Some(cause) = self.core.suspended.take() else {
            return self.renew();
        };
        let (kernel, core) = (&mut self.kernel, &mut self.core);
        let recovered = catch_unwind(AssertUnwindSafe(|| kernel.recover(core, how, &cause)));
        if how == Directive::Stop {
            self.end(End::Failed(*cause), now);
            return Answer::Over;
        }
        match self.failure_of(recovered.map(Ok)) {
            Ok(true) => {
                // One that is to end only finishes what it has: nobody has told it to go on.
                self.core.counts.recovered += u64::from(!ends);
                self.renew()
            }
            Ok(false) if ends => Answer::Go,
            Ok(false) => {
                // Its policy would say the same for ever.
                self.core.tell_hopeless(&cause);
                self.core.suspended = Some(cause);
                Answer::Await
            }
            Err(again) => {
                self.fail(again);
                Answer::Await
            }
        }
    }

    /// Makes its state anew since another stage is restarted.
    fn renew(&mut self) -> Answer {
        if std::mem::take(&mut self.core.renewed) {
            let (kernel, core) = (&mut self.kernel, &mut self.core);
            let renewed = catch_unwind(AssertUnwindSafe(|| kernel.renew(core)));
            if let Err(cause) = self.failure_of(renewed.map(Ok)) {
                self.fail(cause);
                return Answer::Await;
            }
        }
        Answer::Go
    }

    /// One turn, by the level that the stage's ending has risen to.
    fn turn(&mut self, cx: &mut task::Context<'_>) -> Result<Turn, BoxError> {
        let core = &mut self.core;
        match core.level() {
            Level::Running => self.kernel.turn(core, cx),
            Level::Close if core.state.source => self.kernel.close(core, cx),
            Level::Close => self.kernel.turn(core, cx),
            _ => {
                let (mut by, cause) = (Dispatch::at(core.now), Cause::Quit);
                self.kernel
                    .inputs(&mut |input| input.cancel(&cause, &mut by));
                self.kernel.quit(core, cx)
            }
        }
    }

    /// Works as long as there is something to do; says whether the actor is over.
    fn work(&mut self, cx: &mut task::Context<'_>) -> bool {
        loop {
            self.core.begin_turn();
            let now = self.core.now;
            if self.core.level() >= Level::Cancel {
                self.stop(now);
                return true;
            }
            if self.core.suspended.is_some() || self.core.renewed {
                match self.answer(now) {
                    Answer::Go => {}
                    Answer::Await => return false,
                    Answer::Over => return true,
                }
            }
            let turn = catch_unwind(AssertUnwindSafe(|| self.turn(cx)));
            let now = self.core.end_turn();
            let mut by = self.core.dispatch(now);
            self.settle(&mut by);
            self.core.take_back(&by);
            self.answer_probe(now);
            let turn = match self.failure_of(turn) {
                Ok(turn) => turn,
                Err(cause) => {
                    self.fail(cause);
                    continue;
                }
            };
            match turn {
                Turn::Marked => {}
                Turn::More => {
                    self.core.spent = Spent::Queued;
                    schedule::yield_once(cx);
                    return false;
                }
                Turn::Park(wait) => {
                    self.core.park(wait);
                    return false;
                }
                Turn::Waiting => {
                    self.core.wait();
                    return false;
                }
                Turn::Done(_) if self.is_pending() => {
                    // The last item is too heavy to go now; the end is behind it.
                    self.core.park(Wait::Credit(None));
                    return false;
                }
                Turn::Done(end) => {
                    self.end(end, now);
                    return true;
                }
            }
        }
    }
}

impl<K: Kernel> Drop for StageActor<K> {
    fn drop(&mut self) {
        if !self.core.over {
            let now = Moment::now();
            let stage = Arc::clone(&self.core.state.name);
            let cause = Cause::Lost { stage };
            if !self.core.context.is_marked() {
                // The neighbours must not wait for the dead.
                let mut by = Dispatch::at(now);
                self.kernel.outputs(&mut |out| out.fail(&cause, &mut by));
                self.kernel
                    .inputs(&mut |input| input.cancel(&cause, &mut by));
            }
            let cause = match self.core.stop_cause() {
                Cause::Completed => cause,
                asked => asked,
            };
            self.finish(cause, now);
        }
    }
}

/// The one future that an actor spawns.
pub(super) struct Pump;

impl<K: Kernel> ActorFuture<StageActor<K>> for Pump {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        actor: &mut StageActor<K>,
        ctx: &mut Context<StageActor<K>>,
        cx: &mut task::Context<'_>,
    ) -> Poll<()> {
        if schedule::puts_off(cx) {
            return Poll::Pending;
        }
        if !actor.core.spins_on() && actor.work(cx) {
            ctx.stop();
            return Poll::Ready(());
        }
        if actor.core.is_spinning() {
            schedule::yield_once(cx);
        }
        Poll::Pending
    }
}
