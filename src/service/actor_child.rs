//! A user's own actor as a child: made by its factory again and again, behind one address.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use actix::{Actor, ActorContext, Context};
use actix_rt::ArbiterHandle;

use super::child::{Child, Reins};
use super::front::Front;
use super::life::Post;
use crate::context::{Cause, FlowContext, Part};
use crate::supervise::{Guard, Keeper, Level, start};

/// How far an actor was told to stop.
#[derive(Debug, Default)]
pub(super) struct Signal {
    level: AtomicU8,
    /// The level that the actor was stopped for.
    heeded: AtomicU8,
    waker: Mutex<Option<Waker>>,
    /// Why it was told so.
    cause: Mutex<Option<Cause>>,
}

impl Signal {
    pub(super) fn level(&self) -> Level {
        // Acquire: with the release below, so that a woken runner sees it.
        Level::from_mark(self.level.load(Ordering::Acquire))
    }

    /// Stops the actor, once for each level: one that goes on nevertheless must not be told for ever
    /// in one poll.
    pub(super) fn heed(&self, ctx: &mut impl ActorContext) {
        let level = self.level();
        // Relaxed: only the actor's own thread is here.
        let heeded = self.heeded.swap(level as u8, Ordering::Relaxed);
        if level >= Level::Quit && level as u8 > heeded {
            ctx.stop();
        }
    }

    fn lock_cause(&self) -> MutexGuard<'_, Option<Cause>> {
        self.cause.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new incarnation was told nothing.
    fn reset(&self) {
        *self.lock_cause() = None;
        self.level.store(Level::Running as u8, Ordering::Release);
        self.heeded.store(Level::Running as u8, Ordering::Release);
    }

    fn attend(&self, waker: &Waker) {
        let mut slot = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(waker.clone());
    }
}

impl Reins for Signal {
    fn stop(&self, level: Level, cause: &Cause, _again: bool) {
        let mut told = self.lock_cause();
        if self.level.fetch_max(level as u8, Ordering::Release) < level as u8 {
            *told = Some(cause.clone());
        }
        drop(told);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waker) = &*waker {
            waker.wake_by_ref();
        }
    }
}

/// The keeper of one incarnation.
struct OfActor {
    part: Part,
    post: Post,
    signal: Arc<Signal>,
    context: FlowContext,
}

impl Keeper for OfActor {
    fn part(&self) -> &Part {
        &self.part
    }

    fn attend(&self, waker: &Waker) {
        self.signal.attend(waker);
    }

    fn is_aborted(&self) -> bool {
        self.signal.level() >= Level::Abort
    }

    fn steer<C: ActorContext>(&mut self, ctx: &mut C) {
        // Here, since an actor in `ctx.wait` has no other turn.
        self.signal.heed(ctx);
    }

    fn panicked(&mut self, text: &str, _started: bool) {
        let stage = Arc::clone(self.post.path());
        let text = Arc::from(text);
        self.post.fail(Cause::Panicked { stage, text });
    }

    fn lost(&mut self, _started: bool) {
        let stage = Arc::clone(self.post.path());
        self.post.fail(Cause::Lost { stage });
    }
}

impl Drop for OfActor {
    fn drop(&mut self) {
        let told = self.signal.lock_cause().take();
        let cause = self.post.end(told.unwrap_or(Cause::Completed));
        // What runs under this incarnation's context ends with it.
        self.context.end(cause);
    }
}

/// An actor and its factory.
pub(super) struct ActorChild<A: Actor<Context = Context<A>>, F> {
    front: Front<A>,
    factory: Arc<Mutex<F>>,
    signal: Arc<Signal>,
    place: Option<ArbiterHandle>,
}

impl<A, F> ActorChild<A, F>
where
    A: Actor<Context = Context<A>>,
    F: FnMut(&FlowContext) -> A + Send + 'static,
{
    pub(super) fn new(front: Front<A>, factory: F, place: Option<ArbiterHandle>) -> Self {
        Self {
            front,
            factory: Arc::new(Mutex::new(factory)),
            signal: Arc::default(),
            place,
        }
    }
}

impl<A, F> Child for ActorChild<A, F>
where
    A: Actor<Context = Context<A>>,
    F: FnMut(&FlowContext) -> A + Send + 'static,
{
    fn reins(&self) -> Arc<dyn Reins> {
        Arc::clone(&self.signal) as Arc<dyn Reins>
    }

    fn start(&mut self, post: Post) {
        self.signal.reset();
        let context = post.context();
        let loan = self.front.lend(&self.signal);
        let factory = Arc::clone(&self.factory);
        let seen = context.clone();
        let part = context.part().actor(|| format!("actor `{}`", post.path()));
        let guard = Guard::new(OfActor {
            part,
            post,
            signal: Arc::clone(&self.signal),
            context,
        });
        start(self.place.as_ref(), guard, move || {
            // A factory that panicked is asked again like any other.
            let mut factory = factory.lock().unwrap_or_else(PoisonError::into_inner);
            let actor = factory(&seen);
            // Nobody else takes the mail while the child is up.
            let ctx = loan.context().unwrap_or_default();
            ctx.into_future(actor)
        });
    }
}
