//! The supervisor's one spawned future: it watches the context and the clock, and acts.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use actix::fut::ActorFuture;
use actix::{ActorContext, AsyncContext, Context};
use tokio::time::{Instant, Sleep};

use super::{FlowState, Level, Supervisor};
use crate::context::{Cause, Done};

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

    pub(crate) fn start(self, ctx: &mut Context<Supervisor>) {
        ctx.spawn(self);
    }

    fn poll_context(&mut self, flow: &FlowState, cx: &mut task::Context<'_>) {
        if let Some(done) = &mut self.done
            && let Poll::Ready(cause) = Pin::new(done).poll(cx)
        {
            self.done = None;
            flow.raise(Level::Cancel, cause);
        }
    }

    /// Has the ending carried out that the flow has risen to since.
    fn apply(&mut self, supervisor: &mut Supervisor) {
        let flow = supervisor.flow();
        let level = flow.level();
        if level > supervisor.applied {
            let (cause, patience) = (flow.ending_cause(), flow.plan.patience.of(level));
            self.due = patience.and_then(|patience| Instant::now().checked_add(patience));
            supervisor.applied = level;
            supervisor.stop_all(level, &cause);
        }
    }

    fn poll_timer(&mut self, until: Instant, cx: &mut task::Context<'_>) -> Poll<()> {
        if self.timer.deadline() != until {
            self.timer.as_mut().reset(until);
        }
        self.timer.as_mut().poll(cx)
    }
}

impl ActorFuture<Supervisor> for Watch {
    type Output = ();

    fn poll(
        mut self: Pin<&mut Self>,
        supervisor: &mut Supervisor,
        ctx: &mut Context<Supervisor>,
        cx: &mut task::Context<'_>,
    ) -> Poll<()> {
        let flow = Arc::clone(supervisor.flow());
        loop {
            self.poll_context(&flow, cx);
            self.apply(supervisor);
            let (quit, recovery) = (supervisor.next_quit(), supervisor.next_recovery());
            let Some(next) = self.due.into_iter().chain(quit).chain(recovery).min() else {
                return Poll::Pending;
            };
            task::ready!(self.poll_timer(next, cx));
            if recovery == Some(next) {
                supervisor.recover(next);
                continue;
            }
            if self.due != Some(next) {
                supervisor.cancel_quit();
                continue;
            }
            self.due = None;
            match supervisor.applied.next() {
                Some(next) => flow.raise(next, Cause::GraceExpired),
                None => {
                    supervisor.give_up();
                    ctx.stop();
                    return Poll::Ready(());
                }
            }
        }
    }
}
