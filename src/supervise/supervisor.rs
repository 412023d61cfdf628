//! The actor that owns the stages of a flow: endings and directives go down, guards answer up.
//!
//! 1. It alone watches the flow's context, and it alone sends `Stop` to stages.
//! 2. Handlers note; the [`Watch`](super::Watch), its one spawned future, acts, in the same poll.

use std::collections::VecDeque;
use std::sync::Arc;

use actix::{Actor, ActorContext, Addr, Context, Handler, Message};
use tokio::time::Instant;

use super::{Directive, FlowState, Level, Line, Order, Patience, Recoveries, Watched};
use crate::context::Cause;

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
        /// Whether it cannot go on, whatever its policy says.
        hopeless: bool,
    },
    /// Nothing in the flow can move by itself any more.
    Quiet,
    /// The last stage's actor is gone.
    AllGone,
}

impl Message for Tell {
    type Result = ();
}

/// The supervisor of one flow.
pub(crate) struct Supervisor {
    flow: Arc<FlowState>,
    stages: Vec<Box<dyn Line>>,
    applied: Level,
    recoveries: Recoveries,
    /// Stages that were quit, and until when they may take; in this order.
    quits: VecDeque<(Instant, u32)>,
    probing: bool,
    over: bool,
}

impl Supervisor {
    pub(crate) fn new(flow: Arc<FlowState>, stages: Vec<Box<dyn Line>>) -> Self {
        Self {
            flow,
            stages,
            applied: Level::Running,
            recoveries: Recoveries::default(),
            quits: VecDeque::new(),
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
            log::warn!("{}: isolated: {cause}", self.flow.path(cause.stage()));
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
        for (line, stage) in self.stages.iter().zip(&self.flow.plan.stages) {
            line.order(Order::return_credit(&self.flow.activity, stage));
        }
        self.flow.activity.release(1);
    }

    /// Has the stages go on whose time has come.
    fn recover(&mut self, now: Instant) {
        while let Some((stage, directive)) = self.recoveries.take_due(now) {
            let stage = u32::try_from(stage).unwrap_or(u32::MAX);
            let failed = self.flow.stage(stage);
            if failed.is_gone() || failed.marked() >= Level::Quit {
                // It was ended meanwhile, and does not go on: nobody is restarted with it.
                continue;
            }
            if directive == Directive::Restart {
                for other in self.flow.plan.radius(stage) {
                    self.stages[other as usize].order(Order::Renew);
                }
            }
            self.stages[stage as usize].order(Order::Directive(directive));
        }
    }

    /// When the next stage that was quit has taken too long.
    fn next_quit(&mut self) -> Option<Instant> {
        while let Some(&(due, stage)) = self.quits.front() {
            if !self.flow.stage(stage).is_gone() {
                return Some(due);
            }
            self.quits.pop_front();
        }
        None
    }

    /// A stage that was quit has taken too long: it is cancelled, its neighbours go on.
    fn cancel_quit(&mut self) {
        if let Some((_, stage)) = self.quits.pop_front() {
            let order = Order::Stop(Level::Cancel, Cause::GraceExpired);
            self.stages[stage as usize].order(order);
        }
    }

    /// Asks the policy of a stage that failed; says whether it will go on.
    fn admit(&mut self, stage: u32, cause: &Cause, now: Instant) -> bool {
        let state = self.flow.stage(stage);
        let Some(supervision) = &state.supervision else {
            return false;
        };
        self.recoveries.admit(
            u64::from(stage),
            &state.name,
            supervision,
            state.source,
            cause,
            now,
        )
    }
}

impl Watched for Supervisor {
    fn ending(&self) -> (Level, Cause) {
        self.flow.ending()
    }

    fn patience(&self) -> Patience {
        self.flow.plan.patience
    }

    fn raise(&self, level: Level, cause: Cause) {
        self.flow.raise(level, cause);
    }

    fn applied(&self) -> Level {
        self.applied
    }

    fn apply(&mut self, level: Level, cause: &Cause) {
        self.applied = level;
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

    fn next_due(&mut self) -> Option<Instant> {
        let (quit, recovery) = (self.next_quit(), self.recoveries.next());
        quit.into_iter().chain(recovery).min()
    }

    fn act(&mut self, now: Instant) {
        if self.recoveries.next().is_some_and(|due| due <= now) {
            self.recover(now);
        } else {
            self.cancel_quit();
        }
    }

    fn give_up(&mut self) {
        self.over = true;
        self.flow.conclude_stuck();
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
                let patience = self.flow.plan.patience.of(level);
                let due = patience.and_then(|patience| Instant::now().checked_add(patience));
                self.quits.extend(due.map(|due| (due, stage)));
            }
            Tell::Failed {
                stage,
                cause,
                suspended,
                contained,
                hopeless,
            } => {
                let now = Instant::now();
                if hopeless || !self.admit(stage, &cause, now) {
                    self.failed(stage, cause, suspended, contained);
                } else {
                    let name = &self.flow.stage(stage).name;
                    log::warn!("{}: recovers: {cause}", self.flow.path(Some(name)));
                    // Those without a backoff go on at once.
                    self.recover(now);
                }
            }
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
