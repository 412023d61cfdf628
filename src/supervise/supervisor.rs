//! The actor that owns the stages of a flow: endings and directives go down, guards answer up.
//!
//! 1. It alone watches the flow's context, and it alone sends `Stop` to stages.
//! 2. Handlers note; the watch, its one spawned future, acts, in the same poll.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use actix::fut::ActorFuture;
use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler, Message};
use tokio::time::{Instant, Sleep};

use super::{FlowState, Level, Line, Order};
use crate::context::{Cause, Done};

/// What a supervisor is told.
pub(crate) enum Tell {
    /// The flow's ending has risen.
    Attend,
    /// This stage is to end, the flow is not.
    StopStage { level: Level, stage: u32 },
    /// A stage failed, and waits for a directive; or it is dead.
    Failed {
        stage: u32,
        cause: Cause,
        suspended: bool,
        contained: bool,
    },
    /// Nothing in the flow can move by itself any more.
    Quiet,
    /// The last stage's actor is gone.
    AllGone,
}

impl Message for Tell {
    type Result = ();
}

/// What a supervisor tells a stage that has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Directive {
    /// End: ship what is placed, fail downstream, cancel upstream.
    Stop,
}

/// The supervisor of one flow.
pub(crate) struct Supervisor {
    flow: Arc<FlowState>,
    stages: Vec<Box<dyn Line>>,
    applied: Level,
    probing: bool,
    over: bool,
}

impl Supervisor {
    pub(crate) fn new(flow: Arc<FlowState>, stages: Vec<Box<dyn Line>>) -> Self {
        Self {
            flow,
            stages,
            applied: Level::Running,
            probing: false,
            over: false,
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a few messages in the life of a flow"
    )]
    pub(crate) fn tell(address: &Addr<Self>, what: Tell) {
        address.do_send(what);
    }

    /// Where a failure ends: at the nearest isolating fan-in, else with the flow.
    fn failed(&mut self, stage: u32, cause: Cause, suspended: bool, contained: bool) {
        if contained && self.flow.stage(stage).isolated {
            log::warn!("isolated: {cause}");
            self.flow.isolate(cause);
            if suspended {
                self.stages[stage as usize].order(Order::Directive(Directive::Stop));
            }
        } else {
            self.flow.raise(Level::Cancel, cause);
        }
    }

    /// Nobody moves: either somebody still owes credit, or this is a stall.
    fn quiet(&mut self) {
        if self.flow.level() >= Level::Quit || self.flow.live() == 0 {
            return;
        }
        let moved = self.flow.take_moved();
        if self.probing && !moved {
            let waits = self.flow.waits();
            self.flow.raise(Level::Cancel, Cause::Stalled { waits });
            return;
        }
        self.probing = true;
        // Held until all are asked, so that the count cannot come to zero in between.
        self.flow.activity.add(1);
        for stage in &self.stages {
            stage.order(Order::return_credit(&self.flow.activity));
        }
        self.flow.activity.release(1);
    }

    fn stop_all(&self, level: Level, cause: &Cause) {
        for (line, stage) in self.stages.iter().zip(&self.flow.plan.stages) {
            if stage.is_gone() || (level == Level::Close && !stage.source) {
                continue;
            }
            line.order(Order::Stop(level, cause.clone()));
            if level == Level::Abort {
                stage.abort();
            }
        }
    }
}

impl Actor for Supervisor {
    type Context = Context<Self>;
}

impl Handler<Tell> for Supervisor {
    type Result = ();

    fn handle(&mut self, what: Tell, ctx: &mut Context<Self>) {
        match what {
            Tell::Attend => {}
            Tell::StopStage { level, stage } => {
                self.stages[stage as usize].order(Order::Stop(level, Cause::Quit));
            }
            Tell::Failed {
                stage,
                cause,
                suspended,
                contained,
            } => self.failed(stage, cause, suspended, contained),
            Tell::Quiet => self.quiet(),
            Tell::AllGone => {
                // The stages see the mark of the context by themselves, and can all be gone
                // before the watch has seen it.
                if self.flow.context.is_marked()
                    && let Some(cause) = self.flow.context.cause()
                {
                    self.flow.raise(Level::Cancel, cause);
                }
                self.over = true;
                ctx.stop();
            }
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if !self.over {
            self.flow.forsake();
        }
    }
}

/// The supervisor's one spawned future: it watches the context and the clock.
pub(crate) struct Watch {
    done: Option<Done>,
    timer: Pin<Box<Sleep>>,
    armed: bool,
}

impl Watch {
    pub(crate) fn new(done: Done, timer: Pin<Box<Sleep>>) -> Self {
        Self {
            done: Some(done),
            timer,
            armed: false,
        }
    }

    fn poll_context(&mut self, flow: &FlowState, cx: &mut task::Context<'_>) {
        if let Some(done) = &mut self.done
            && let Poll::Ready(cause) = Pin::new(done).poll(cx)
        {
            self.done = None;
            flow.raise(Level::Cancel, cause);
        }
    }

    fn poll_timer(&mut self, cx: &mut task::Context<'_>) -> bool {
        let rang = self.armed && self.timer.as_mut().poll(cx).is_ready();
        self.armed &= !rang;
        rang
    }

    fn arm(&mut self, flow: &FlowState, level: Level) {
        let patience = flow.plan.patience.of(level);
        self.armed = patience.is_some();
        if let Some(until) = patience.and_then(|patience| Instant::now().checked_add(patience)) {
            self.timer.as_mut().reset(until);
        } else {
            self.armed = false;
        }
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
        let flow = Arc::clone(&supervisor.flow);
        loop {
            self.poll_context(&flow, cx);
            let level = flow.level();
            if level > supervisor.applied {
                supervisor.applied = level;
                let cause = flow.ending_cause();
                supervisor.stop_all(level, &cause);
                self.arm(&flow, level);
            }
            if !self.poll_timer(cx) {
                return Poll::Pending;
            }
            match supervisor.applied.next() {
                Some(next) => flow.raise(next, Cause::GraceExpired),
                None => {
                    // Not even an abort was answered: somebody holds a thread.
                    supervisor.over = true;
                    let stages = flow.still_there();
                    flow.conclude(Cause::Stuck { stages });
                    ctx.stop();
                    return Poll::Ready(());
                }
            }
        }
    }
}

/// Starts the watch of a supervisor.
pub(crate) fn watch(ctx: &mut Context<Supervisor>, watch: Watch) {
    ctx.spawn(watch);
}
