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
use std::task::{self, Poll};

use actix::dev::ContextFut;
use actix::{Actor, Context};
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

/// The proof that an actor is gone.
pub(crate) struct Guard {
    part: Option<Part>,
    life: Arc<Lifeline>,
    stage: Option<Arc<Presence>>,
    started: bool,
    answered: bool,
}

impl Guard {
    pub(crate) fn of_stage(presence: &Arc<Presence>) -> Self {
        Self {
            part: None,
            life: Arc::clone(&presence.life),
            stage: Some(Arc::clone(presence)),
            started: false,
            answered: false,
        }
    }

    pub(crate) fn of_supervisor(life: Arc<Lifeline>) -> Self {
        let part = life.0.context.part();
        let part = part.actor(|| match &life.0.plan.name {
            Some(flow) => format!("the supervisor of flow `{flow}`"),
            None => "the supervisor of a flow".into(),
        });
        Self {
            part: Some(part),
            life,
            stage: None,
            started: false,
            answered: false,
        }
    }

    /// What it counts as in a test.
    fn part(&self) -> Option<&Part> {
        let stage = self.stage.as_ref().map(|presence| &presence.part);
        self.part.as_ref().or(stage)
    }

    fn stage(&self) -> Option<&StageState> {
        self.stage.as_ref().map(|presence| &*presence.stage)
    }

    fn is_aborted(&self) -> bool {
        self.stage().is_some_and(StageState::is_aborted)
    }

    fn failed(&self, cause: impl FnOnce(Arc<str>) -> Cause) {
        if let Some(stage) = self.stage() {
            let cause = cause(Arc::clone(&stage.name));
            let _ = stage.ending.set(cause.clone());
            self.life.0.tell(Tell::Failed {
                stage: stage.index,
                cause,
                suspended: false,
                contained: self.started,
                hopeless: true,
            });
        }
    }

    fn panicked(&mut self, panic: Box<dyn Any + Send>) {
        let text = Arc::from(panic_text(&*panic));
        discard_payload(panic);
        match self.stage() {
            Some(stage) => log::error!("stage `{}` panicked: {text}", stage.name),
            None => log::error!("the supervisor of a flow panicked: {text}"),
        }
        self.failed(|stage| Cause::Panicked { stage, text });
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.answered {
            self.failed(|stage| Cause::Lost { stage });
        }
        if self.stage.is_none() && !self.started {
            // A supervisor that never ran has told nobody.
            self.life.0.forsake();
        }
    }
}

type Running<A> = Pin<Box<ContextFut<A, Context<A>>>>;

/// The future in which an actor lives.
struct Runner<A: Actor<Context = Context<A>>, B> {
    build: Option<B>,
    running: Option<Running<A>>,
    guard: Guard,
}

impl<A: Actor<Context = Context<A>>, B> Unpin for Runner<A, B> {}

impl<A, B> Runner<A, B>
where
    A: Actor<Context = Context<A>>,
    B: FnOnce() -> ContextFut<A, Context<A>>,
{
    fn start(&mut self, build: B, cx: &task::Context<'_>) {
        if let Some(stage) = self.guard.stage() {
            // A task keeps its waker for life: once is enough.
            stage.waker.register(cx.waker());
        }
        match catch_unwind(AssertUnwindSafe(|| Box::pin(build()))) {
            Ok(running) => {
                self.running = Some(running);
                self.guard.started = true;
            }
            Err(panic) => self.guard.panicked(panic),
        }
    }

    fn finish(&mut self) -> Poll<()> {
        let running = self.running.take();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(running))) {
            self.guard.panicked(panic);
        }
        self.guard.answered = true;
        Poll::Ready(())
    }
}

impl<A, B> Future for Runner<A, B>
where
    A: Actor<Context = Context<A>>,
    B: FnOnce() -> ContextFut<A, Context<A>>,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<()> {
        let runner = &mut *self;
        // What is made by an actor of a test is the test's.
        let _entered = runner.guard.part().map(Part::enter);
        if let Some(build) = runner.build.take() {
            runner.start(build, cx);
        }
        if runner.guard.is_aborted() {
            return runner.finish();
        }
        let Some(running) = &mut runner.running else {
            return runner.finish();
        };
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

impl<A: Actor<Context = Context<A>>, B> Drop for Runner<A, B> {
    fn drop(&mut self) {
        let (build, running) = (self.build.take(), self.running.take());
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop((build, running)))) {
            self.guard.panicked(panic);
        }
    }
}

/// Starts an actor, on this thread or on an arbiter. Its factory `build` runs where it will live.
///
/// # Panics
///
/// Panics on this thread where nothing can be spawned; what was to start is then lost.
pub(crate) fn start<A, B>(place: Option<&ArbiterHandle>, guard: Guard, build: B)
where
    A: Actor<Context = Context<A>>,
    B: FnOnce() -> ContextFut<A, Context<A>> + Send + 'static,
{
    let run = move || {
        drop(tokio::task::spawn_local(Runner {
            build: Some(build),
            running: None,
            guard,
        }));
    };
    match place {
        None => run(),
        // Where the arbiter is dead, what was to start is dropped, and its guard tells.
        Some(arbiter) => {
            let refused = catch_unwind(AssertUnwindSafe(|| arbiter.spawn_fn(run)));
            if let Err(panic) = refused {
                log::error!("dropping a stage panicked: {}", panic_text(&*panic));
                discard_payload(panic);
            }
        }
    }
}
