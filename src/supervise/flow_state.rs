//! The shared state of a running flow, and the lifeline whose last drop resolves `wait`.
//!
//! 1. Every guard, every closure that runs off its arbiter and the thread that joins arbiters
//!    holds the [`Lifeline`]; handles hold the [`FlowState`] only. So the flow is over exactly
//!    when nothing of it is left.
//! 2. `ending` is the only lock held while another is taken (the context's), and it is not: the
//!    context is marked before.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::Addr;
use actix_rt::Arbiter;

use super::{Ending, FlowPlan, Level, Outcome, StageState, Supervisor, Tell};
use crate::context::{Cause, FlowContext, StalledNeed, StalledWait};
use crate::edge::Activity;
use crate::report::{EdgeReport, Report, StageReport};
use crate::supervise::Wait;

/// The shared state of one flow.
pub(crate) struct FlowState {
    pub(crate) plan: FlowPlan,
    pub(crate) context: FlowContext,
    pub(crate) activity: Arc<Activity>,
    supervisor: Addr<Supervisor>,
    ending: Mutex<Ending>,
    isolated: Mutex<Vec<Cause>>,
    live: AtomicUsize,
    moved: AtomicBool,
    arbiters: Mutex<Vec<Arbiter>>,
    pub(super) outcome: Outcome,
}

impl fmt::Debug for FlowState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlowState")
            .field("name", &self.plan.name)
            .field("live", &self.live)
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}

/// Poisoning means nothing here: no code of a user runs under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FlowState {
    pub(crate) fn new(
        plan: FlowPlan,
        context: FlowContext,
        supervisor: Addr<Supervisor>,
        arbiters: Vec<Arbiter>,
    ) -> Self {
        let activity = Arc::new(Activity::new());
        let address = supervisor.clone();
        activity.on_quiet(move || Supervisor::tell(&address, Tell::Quiet));
        for edge in &plan.edges {
            edge.link.bind(&activity);
        }
        // One unit a stage, released when it parks for the first time.
        activity.add(plan.stages.len());
        Self {
            live: AtomicUsize::new(plan.stages.len()),
            plan,
            context,
            activity,
            supervisor,
            ending: Mutex::default(),
            isolated: Mutex::default(),
            moved: AtomicBool::new(false),
            arbiters: Mutex::new(arbiters),
            outcome: Outcome::default(),
        }
    }

    pub(crate) fn tell(&self, what: Tell) {
        Supervisor::tell(&self.supervisor, what);
    }

    pub(crate) fn level(&self) -> Level {
        lock(&self.ending).level()
    }

    /// Raises the flow's ending and has the supervisor carry it out.
    pub(crate) fn raise(&self, level: Level, cause: Cause) {
        let cause = level.mark(&self.context, cause);
        // Marked at the call, so that a stage sees it before its next item.
        if level <= Level::Quit {
            for stage in &self.plan.stages {
                if level == Level::Quit || stage.source {
                    stage.mark(level);
                }
            }
        }
        if lock(&self.ending).raise(level, cause) {
            self.tell(Tell::Attend);
        }
    }

    pub(super) fn ending(&self) -> (Level, Cause) {
        let ending = lock(&self.ending);
        (ending.level(), ending.cause())
    }

    /// Marks a stage so that it ends at the latest before its next item, and has it told; says
    /// whether this was the first to do so.
    pub(crate) fn stop_stage(&self, level: Level, stage: u32) -> bool {
        let marked = self.stage(stage).mark(level);
        if marked {
            self.tell(Tell::StopStage { level, stage });
        }
        marked
    }

    /// Gives up a flow that could not be started.
    pub(crate) fn abandon(&self) {
        for arbiter in std::mem::take(&mut *lock(&self.arbiters)) {
            arbiter.stop();
        }
    }

    pub(crate) fn stage(&self, index: u32) -> &Arc<StageState> {
        &self.plan.stages[index as usize]
    }

    pub(crate) fn live(&self) -> usize {
        self.live.load(Ordering::Acquire)
    }

    /// Notes a failure that was kept to one input of a fan-in.
    pub(super) fn isolate(&self, cause: Cause) {
        lock(&self.isolated).push(cause);
    }

    /// Notes that the answers to the last question who owes credit are not the last word: a
    /// stage gave some back, or was told to end.
    pub(crate) fn note_moved(&self) {
        // Relaxed: ordered by the count of the flow.
        self.moved.store(true, Ordering::Relaxed);
    }

    pub(super) fn take_moved(&self) -> bool {
        self.moved.swap(false, Ordering::Relaxed)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.outcome.is_over()
    }

    /// How the flow ended, once it is over, and who waits for that. Wakes besides whenever a stage
    /// is gone.
    pub(crate) fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    pub(crate) fn label(&self) -> &str {
        self.plan.name.as_deref().unwrap_or("flow")
    }

    /// What a log calls a stage of this flow, or the flow.
    pub(super) fn path(&self, stage: Option<&str>) -> String {
        let flow = self.label();
        stage.map_or_else(|| flow.to_owned(), |stage| format!("{flow}/{stage}"))
    }

    /// Ends the wait for stages that hold their threads.
    pub(super) fn conclude_stuck(&self) {
        let stages = self.plan.stages.iter().filter(|stage| !stage.is_gone());
        let stages = stages.map(|stage| Arc::clone(&stage.name)).collect();
        self.outcome.conclude(self.label(), Cause::Stuck { stages });
    }

    /// Who waits for whom, in a flow that cannot move.
    pub(super) fn waits(&self) -> Arc<[StalledWait]> {
        let names = |ends: Vec<u32>| {
            ends.iter()
                .map(|&n| Arc::clone(&self.stage(n).name))
                .collect()
        };
        let of = |stage: &Arc<StageState>| {
            let wait = stage.wait()?;
            let edges = self.plan.edges.iter();
            let (need, peers) = match wait {
                Wait::Item(port) => {
                    let edges = edges.filter(|e| {
                        e.to == stage.index && port.is_none_or(|port| port == e.in_port)
                    });
                    (StalledNeed::Item, edges.map(|e| e.from).collect())
                }
                Wait::Credit(port) => {
                    let edges = edges.filter(|e| {
                        e.from == stage.index && port.is_none_or(|port| port == e.out_port)
                    });
                    (StalledNeed::Credit, edges.map(|e| e.to).collect())
                }
            };
            Some(StalledWait::new(
                Arc::clone(&stage.name),
                need,
                names(peers),
            ))
        };
        let alive = self.plan.stages.iter().filter(|stage| !stage.is_gone());
        alive.filter_map(of).collect()
    }

    /// What every stage and edge has counted so far.
    pub(crate) fn report(&self) -> Report {
        let ending = self.outcome.cause().cloned();
        let ending = ending.unwrap_or_else(|| lock(&self.ending).cause());
        let stuck = matches!(ending, Cause::Stuck { .. });
        let stages = &self.plan.stages;
        let mut held = vec![0; if stuck { stages.len() } else { 0 }];
        let mut edges = Vec::with_capacity(self.plan.edges.len());
        for edge in &self.plan.edges {
            let counters = &edge.link.counters;
            let (sent, discarded) = (counters.sent(), counters.discarded());
            let mut received = counters.received();
            if stuck {
                // Nobody can ask the stage that holds its thread: what its inputs were sent and
                // did not answer for is in its hands or its queue.
                let missing = sent.saturating_sub(received + discarded);
                held[edge.to as usize] += missing;
                received += missing;
            }
            edges.push(EdgeReport {
                from: Arc::clone(&self.stage(edge.from).name),
                to: Arc::clone(&self.stage(edge.to).name),
                port: edge.in_port,
                window: edge.link.window(),
                sent,
                received,
                discarded,
                most_in_flight: counters.most_in_flight(),
                max_weight: edge.link.max_weight(),
                most_weight: counters.most_weight(),
            });
        }
        let stages = stages.iter().enumerate().map(|(n, stage)| {
            let mut counts = stage.counters.counts();
            if let Some(&queued) = held.get(n) {
                // What it took and did not answer for is in its hands, too.
                let answered = counts.passed + counts.failed + counts.discarded;
                counts.held = queued + counts.received.saturating_sub(answered);
                counts.received += queued;
            }
            StageReport::new(
                Arc::clone(&stage.name),
                stage.verb,
                stage.part_of.clone(),
                counts,
                stage.counters.nanos(),
                stage.ending.get().cloned(),
            )
        });
        Report::new(
            self.plan.name.clone(),
            ending,
            self.outcome.elapsed(),
            stages.collect(),
            edges,
            lock(&self.isolated).clone(),
        )
    }
}

/// What everything that runs for a flow holds; its last drop is the flow's end.
#[derive(Debug)]
pub(crate) struct Lifeline(pub(crate) Arc<FlowState>);

impl Lifeline {
    /// One stage's actor is gone; after the last, the flow's own arbiters go.
    pub(super) fn stage_gone(self: &Arc<Self>, stage: &StageState) {
        let flow = &self.0;
        stage.set_gone();
        flow.outcome.change();
        // AcqRel: the last one must see what all others did.
        if flow.live.fetch_sub(1, Ordering::AcqRel) == 1 {
            let arbiters = std::mem::take(&mut *lock(&flow.arbiters));
            if arbiters.is_empty() {
                flow.tell(Tell::AllGone);
            } else {
                self.join(arbiters);
            }
        }
        flow.activity.release(stage.take_units());
    }

    /// Stops arbiters and waits for their threads, on a thread of its own: this one can be one
    /// of theirs, or one that must not block.
    fn join(self: &Arc<Self>, arbiters: Vec<Arbiter>) {
        for arbiter in &arbiters {
            arbiter.stop();
        }
        let life = Arc::clone(self);
        let join = move || {
            for arbiter in arbiters {
                if arbiter.join().is_err() {
                    log::error!("an arbiter of a flow panicked");
                }
            }
            life.0.tell(Tell::AllGone);
        };
        let spawned = std::thread::Builder::new()
            .name("actix-flow join".into())
            .spawn(join);
        if let Err(error) = spawned {
            // The arbiters end by themselves, nobody waits for them.
            log::error!("cannot wait for the arbiters of a flow: {error}");
            self.0.tell(Tell::AllGone);
        }
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        let (_, cause) = self.0.ending();
        // What runs under this flow's context ends with it, however it ended.
        self.0.context.end(cause.clone());
        self.0.outcome.conclude(self.0.label(), cause);
    }
}
