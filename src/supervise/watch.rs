//! A supervisor's one spawned future: it watches the context and the clock, and acts.

use std::pin::Pin;
use std::task::{self, Poll};

use actix::fut::ActorFuture;
use actix::{Actor, ActorContext, AsyncContext, Context};
use tokio::time::{Instant, Sleep};

use super::{Level, Patience};
use crate::context::{Cause, Done};

/// A supervisor, as its watch sees it.
pub(crate) trait Watched: Actor<Context = Context<Self>> {
    /// How far its ending has risen, and why.
    fn ending(&self) -> (Level, Cause);

    fn patience(&self) -> Patience;

    fn raise(&self, level: Level, cause: Cause);

    /// How far its ending was carried out.
    fn applied(&self) -> Level;

    /// Has all that it supervises stop.
    fn apply(&mut self, level: Level, cause: &Cause);

    /// When it has something to do besides.
    fn next_due(&mut self) -> Option<Instant>;

    /// Does what is due.
    fn act(&mut self, now: Instant);

    /// Not even an abort was answered: somebody holds a thread, and is left behind.
    fn give_up(&mut self);
}

pub(crate) struct Watch {
    done: Option<Done>,
    timer: Pin<Box<Sleep>>,
    /// When the flow's ending has taken too long.
    due: Option<Instant>,
}

impl Watch {
    pub(crate) fn new(done: Done, timer: Pin<Box<Sleep>>) -> Self {
        Self {
            done: Some(done),
            timer,
            due: None,
        }
    }

    pub(crate) fn start<S: Watched>(self, ctx: &mut Context<S>) {
        ctx.spawn(self);
    }

    fn poll_context(&mut self, supervisor: &impl Watched, cx: &mut task::Context<'_>) {
        if let Some(done) = &mut self.done
            && let Poll::Ready(cause) = Pin::new(done).poll(cx)
        {
            self.done = None;
            supervisor.raise(Level::Cancel, cause);
        }
    }

    /// Has the ending carried out that it has risen to since.
    fn apply(&mut self, supervisor: &mut impl Watched) {
        let (level, cause) = supervisor.ending();
        if level > supervisor.applied() {
            let patience = supervisor.patience().of(level);
            self.due = patience.and_then(|patience| Instant::now().checked_add(patience));
            supervisor.apply(level, &cause);
        }
    }

    fn poll_timer(&mut self, until: Instant, cx: &mut task::Context<'_>) -> Poll<()> {
        if self.timer.deadline() != until {
            self.timer.as_mut().reset(until);
        }
        self.timer.as_mut().poll(cx)
    }
}

impl<S: Watched> ActorFuture<S> for Watch {
    type Output = ();

    fn poll(
        mut self: Pin<&mut Self>,
        supervisor: &mut S,
        ctx: &mut Context<S>,
        cx: &mut task::Context<'_>,
    ) -> Poll<()> {
        loop {
            self.poll_context(supervisor, cx);
            self.apply(supervisor);
            let other = supervisor.next_due();
            let Some(next) = self.due.into_iter().chain(other).min() else {
                return Poll::Pending;
            };
            task::ready!(self.poll_timer(next, cx));
            if other == Some(next) {
                supervisor.act(next);
                continue;
            }
            self.due = None;
            match supervisor.applied().next() {
                Some(next) => supervisor.raise(next, Cause::GraceExpired),
                None => {
                    supervisor.give_up();
                    ctx.stop();
                    return Poll::Ready(());
                }
            }
        }
    }
}
