//! The only place that starts an actor, and sees it end.
//!
//! 1. The actor's future is polled, and dropped, under `catch_unwind`, outside of any unwinding.
//! 2. The guard is dropped last: when it is gone, so is the actor.
//! 3. A guard that was dropped before its actor ended means that the arbiter died.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll, Waker};

use actix::dev::ContextFut;
use actix::{Actor, ActorContext, Context};
use actix_rt::ArbiterHandle;

use super::{Lifeline, StageState, Tell};
use crate::context::{Cause, Part, discard_payload, panic_text};

/// Held by all that runs for one stage: its guard, and closures that run off its arbiter. With the
/// last of them the stage is gone.
pub(crate) struct Presence {
    // Dropped before the lifeline: when the flow is over nothing of it counts as alive.
    part: Part,
    life: Arc<Lifeline>,
    stage: Arc<StageState>,
}

impl Presence {
    pub(crate) fn of(life: &Arc<Lifeline>, stage: &Arc<StageState>) -> Arc<Self> {
        let part = life.0.context.part();
        Arc::new(Self {
            part: part.actor(|| format!("stage `{}`", stage.name)),
            life: Arc::clone(life),
            stage: Arc::clone(stage),
        })
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.life.stage_gone(&self.stage);
    }
}

/// Who is told of what becomes of an actor. Its drop says that the actor is gone.
pub(crate) trait Keeper: Send + 'static {
    /// Takes the waker of the actor's task: one, for as long as the task lives.
    fn attend(&self, _waker: &Waker) {}

    /// What the actor counts as in a test.
    fn part(&self) -> &Part;

    /// Whether the actor is to be dropped, whatever it does.
    fn is_aborted(&self) -> bool {
        false
    }

    /// Steers the actor from outside, before each poll: also one that waits in `ctx.wait`.
    fn steer<C: ActorContext>(&mut self, _ctx: &mut C) {}

    /// The actor panicked, or its factory did, before it was `started`.
    fn panicked(&mut self, text: &str, started: bool);

    /// The actor went down with its arbiter.
    fn lost(&mut self, started: bool);
}

/// The keeper of a stage.
pub(crate) struct OfStage(Arc<Presence>);

impl OfStage {
    fn failed(&self, cause: Cause, started: bool) {
        let Presence { life, stage, .. } = &*self.0;
        let _ = stage.ending.set(cause.clone());
        life.0.tell(Tell::Failed {
            stage: stage.index,
            cause,
            suspended: false,
            contained: started,
            hopeless: true,
        });
    }
}

impl Keeper for OfStage {
    fn part(&self) -> &Part {
        &self.0.part
    }

    fn attend(&self, waker: &Waker) {
        self.0.stage.waker.register(waker);
    }

    fn is_aborted(&self) -> bool {
        self.0.stage.is_aborted()
    }

    fn panicked(&mut self, text: &str, started: bool) {
        let stage = Arc::clone(&self.0.stage.name);
        log::error!("stage `{stage}` panicked: {text}");
        let text = Arc::from(text);
        self.failed(Cause::Panicked { stage, text }, started);
    }

    fn lost(&mut self, started: bool) {
        let stage = Arc::clone(&self.0.stage.name);
        self.failed(Cause::Lost { stage }, started);
    }
}

/// The keeper of a flow's supervisor. One that runs tells of its end itself.
pub(crate) struct OfSupervisor {
    part: Part,
    life: Arc<Lifeline>,
}

impl Keeper for OfSupervisor {
    fn part(&self) -> &Part {
        &self.part
    }

    fn panicked(&mut self, text: &str, started: bool) {
        log::error!("the supervisor of a flow panicked: {text}");
        self.lost(started);
    }

    fn lost(&mut self, started: bool) {
        if !started {
            self.life.0.forsake();
        }
    }
}

/// The proof that an actor is gone.
pub(crate) struct Guard<K: Keeper> {
    keeper: K,
    started: bool,
    answered: bool,
}

impl<K: Keeper> Guard<K> {
    pub(crate) fn new(keeper: K) -> Self {
        Self {
            keeper,
            started: false,
            answered: false,
        }
    }

    fn panicked(&mut self, panic: Box<dyn Any + Send>) {
        self.keeper.panicked(panic_text(&*panic), self.started);
        discard_payload(panic);
    }
}

impl Guard<OfStage> {
    pub(crate) fn of_stage(presence: &Arc<Presence>) -> Self {
        Self::new(OfStage(Arc::clone(presence)))
    }
}

impl Guard<OfSupervisor> {
    pub(crate) fn of_supervisor(life: Arc<Lifeline>) -> Self {
        let part = life.0.context.part();
        let part = part.actor(|| match &life.0.plan.name {
            Some(flow) => format!("the supervisor of flow `{flow}`"),
            None => "the supervisor of a flow".into(),
        });
        Self::new(OfSupervisor { part, life })
    }
}

impl<K: Keeper> Drop for Guard<K> {
    fn drop(&mut self) {
        if !self.answered {
            self.keeper.lost(self.started);
        }
    }
}

type Running<A> = Pin<Box<ContextFut<A, Context<A>>>>;

/// The future in which an actor lives.
struct Runner<A: Actor<Context = Context<A>>, B, K: Keeper> {
    build: Option<B>,
    running: Option<Running<A>>,
    guard: Guard<K>,
}

impl<A: Actor<Context = Context<A>>, B, K: Keeper> Unpin for Runner<A, B, K> {}

impl<A, B, K> Runner<A, B, K>
where
    A: Actor<Context = Context<A>>,
    B: FnOnce() -> ContextFut<A, Context<A>>,
    K: Keeper,
{
    fn start(&mut self, build: B, cx: &task::Context<'_>) {
        // A task keeps its waker for life: once is enough.
        self.guard.keeper.attend(cx.waker());
        match catch_unwind(AssertUnwindSafe(|| Box::pin(build()))) {
            Ok(running) => {
                self.running = Some(running);
                self.guard.started = true;
            }
            Err(panic) => self.guard.panicked(panic),
        }
    }

    fn finish(&mut self) -> Poll<()> {
        self.discard();
        self.guard.answered = true;
        Poll::Ready(())
    }
}

impl<A, B, K> Future for Runner<A, B, K>
where
    A: Actor<Context = Context<A>>,
    B: FnOnce() -> ContextFut<A, Context<A>>,
    K: Keeper,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<()> {
        let runner = &mut *self;
        // What is made by an actor of a test is the test's.
        let _entered = runner.guard.keeper.part().enter();
        if let Some(build) = runner.build.take() {
            runner.start(build, cx);
        }
        if runner.guard.keeper.is_aborted() {
            return runner.finish();
        }
        let Some(running) = &mut runner.running else {
            return runner.finish();
        };
        runner.guard.keeper.steer(running.ctx());
        match catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(())) => runner.finish(),
            Err(panic) => {
                runner.guard.panicked(panic);
                runner.finish()
            }
        }
    }
}

impl<A: Actor<Context = Context<A>>, B, K: Keeper> Runner<A, B, K> {
    /// Drops the actor. One that has not ended is not polled again for it, as actix would: its
    /// cleanup belongs in its own drop.
    fn discard(&mut self) {
        let (build, mut running) = (self.build.take(), self.running.take());
        if let Some(running) = &mut running {
            running.ctx().terminate();
        }
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop((build, running)))) {
            self.guard.panicked(panic);
        }
    }
}

impl<A: Actor<Context = Context<A>>, B, K: Keeper> Drop for Runner<A, B, K> {
    fn drop(&mut self) {
        self.discard();
    }
}

/// Starts an actor, on this thread or on an arbiter. Its factory `build` runs where it will live.
///
/// # Panics
///
/// Panics on this thread where nothing can be spawned; what was to start is then lost.
pub(crate) fn start<A, B, K>(place: Option<&ArbiterHandle>, guard: Guard<K>, build: B)
where
    A: Actor<Context = Context<A>>,
    B: FnOnce() -> ContextFut<A, Context<A>> + Send + 'static,
    K: Keeper,
{
    run_on(place, move || {
        drop(tokio::task::spawn_local(Runner {
            build: Some(build),
            running: None,
            guard,
        }));
    });
}

/// Calls `run` on this thread or on an arbiter. Where that is dead, `run` is dropped.
pub(crate) fn run_on(place: Option<&ArbiterHandle>, run: impl FnOnce() + Send + 'static) {
    let Some(arbiter) = place else {
        return run();
    };
    let refused = catch_unwind(AssertUnwindSafe(|| arbiter.spawn_fn(run)));
    if let Err(panic) = refused {
        log::error!(
            "dropping what was not started panicked: {}",
            panic_text(&*panic)
        );
        discard_payload(panic);
    }
}
