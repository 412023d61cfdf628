//! From a blueprint to a running flow.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::Context;
use actix_rt::{Arbiter, ArbiterHandle, System};
use tokio::runtime::Handle;
use tokio::time::{Sleep, sleep};

use super::plan::Plan;
use super::{Control, Pipeline, StartError};
use crate::context::{Cause, FlowContext};
use crate::flow::{Blueprint, Node, mailbox};
use crate::stage::Launch;
use crate::supervise::{
    FlowPlan, FlowState, Guard, Lifeline, StageState, Supervisor, Tell, Watch, start,
};

/// Whether a stage has an arbiter of its own.
fn is_alone(node: &Node) -> bool {
    let part = node.attrs.part.as_ref();
    part.is_some_and(|part| part.own_arbiter)
}

/// How many items are few for one turn of a stage. One alone on its arbiter ships a quarter of its
/// window, if that takes no longer than its reader may wait: less wakes the reader more often, and with
/// more it has none to go on with while it waits for credit.
fn few(node: &Node) -> usize {
    match node.inputs.first() {
        Some(input) if is_alone(node) => input.window() / 4,
        _ => 0,
    }
}

/// Where each stage will live, and the arbiters that were started for it.
fn places(
    nodes: &[Node],
    stages: &[Arc<StageState>],
) -> Result<(Vec<Option<ArbiterHandle>>, Vec<Arbiter>), StartError> {
    let given = |node: &Node| {
        let part = node.attrs.part.as_ref();
        match part {
            Some(part) if part.worker => part.arbiter.clone(),
            _ => node.said().place.clone(),
        }
    };
    let mut places = Vec::with_capacity(nodes.len());
    for (node, stage) in nodes.iter().zip(stages) {
        let place = given(node);
        if place.as_ref().is_some_and(|place| !place.alive()) {
            let stage = Arc::clone(&stage.name);
            return Err(StartError::DeadArbiter { stage });
        }
        places.push(place);
    }
    let mut arbiters = Vec::new();
    for ((node, stage), place) in nodes.iter().zip(stages).zip(&mut places) {
        if is_alone(node) {
            let name = || stage.part_of.as_ref().unwrap_or(&stage.name);
            let started = match System::try_current() {
                Some(_) => Arbiter::try_new().map_err(|error| StartError::Arbiter {
                    stage: Arc::clone(name()),
                    error: Arc::new(error),
                }),
                None => Err(StartError::NoSystem {
                    stage: Arc::clone(name()),
                }),
            };
            match started {
                Ok(arbiter) => {
                    *place = Some(arbiter.handle());
                    arbiters.push(arbiter);
                }
                Err(error) => {
                    for arbiter in arbiters {
                        arbiter.stop();
                    }
                    return Err(error);
                }
            }
        }
    }
    Ok((places, arbiters))
}

/// Joins the hubs that stages of the flow are to join. What joined leaves when its stage is dropped,
/// be it that the next is refused.
fn enter(nodes: &[Node], stages: &[Arc<StageState>]) -> Result<(), StartError> {
    for (node, stage) in nodes.iter().zip(stages) {
        if let Some(entry) = &node.attrs.entry
            && !entry.enter(stage)
        {
            let stage = Arc::clone(&stage.name);
            return Err(StartError::HubClosed { stage });
        }
    }
    Ok(())
}

/// Whether something can be started: under this context, on this thread.
pub(crate) fn ground(context: &FlowContext) -> Result<(), StartError> {
    if context.is_done() {
        let cause = context.cause().unwrap_or(Cause::Completed);
        return Err(StartError::ContextDone { cause });
    }
    match Handle::try_current() {
        Ok(_) => Ok(()),
        Err(_) => Err(StartError::NoRuntime),
    }
}

/// The timer of a supervisor. Tokio has no way to ask whether time is enabled.
pub(crate) fn timer(time: Duration) -> Result<Pin<Box<Sleep>>, StartError> {
    catch_unwind(|| Box::pin(sleep(time))).map_err(|_| StartError::NoRuntime)
}

impl<R: Send + 'static> Blueprint<R> {
    /// Starts the actors of the flow, on a child of `context`.
    ///
    /// The stages run on the arbiter of the caller unless they are placed elsewhere. It works
    /// inside an actix System (`#[actix::main]`, an actix-web worker, an arbiter) and in a tokio
    /// `LocalSet` with time enabled.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), PipelineError> {
    /// let (ctx, cancel) = FlowContext::background().with_cancel();
    /// let flow = Source::repeat_with(|| 1u64).count().run(&ctx)?;
    /// cancel.cancel("enough");
    /// assert!(flow.await.is_err());
    /// assert!(Source::once(1).count().run(&ctx).is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError`], which names the stage; then nothing was started. Whether actors can be spawned
    /// in a tokio runtime without a System can only be tried: where they cannot, tokio prints a
    /// panic, which is caught, before this returns [`StartError::NoRuntime`].
    ///
    /// # Cost
    ///
    /// One actor per stage, and one that supervises them.
    pub fn run(self, context: &FlowContext) -> Result<Pipeline<R>, StartError> {
        ground(context)?;
        let flow_attrs = self.flow.clone();
        let (graph, take) = self.sealed();
        let plan = Plan::new(graph, &flow_attrs)?;
        let grace = flow_attrs.patience.grace;
        let timer = timer(grace)?;
        let (places, arbiters) = places(&plan.nodes, &plan.stages)?;
        if let Err(error) = enter(&plan.nodes, &plan.stages) {
            for arbiter in arbiters {
                arbiter.stop();
            }
            return Err(error);
        }

        let (address, receiver) = mailbox::<Supervisor>();
        let flow_plan = FlowPlan {
            name: flow_attrs.name,
            stages: plan.stages,
            edges: plan.edges,
            patience: flow_attrs.patience,
            strategy: flow_attrs.strategy,
        };
        let own = context.child();
        let flow = Arc::new(FlowState::new(flow_plan, own, address, arbiters));
        let life = Arc::new(Lifeline(Arc::clone(&flow)));

        // The supervisor starts first: whether anything can be spawned here is only found out by
        // trying. It runs after this returns, and finds its lines then.
        let lines = Arc::new(Mutex::new(Vec::with_capacity(plan.nodes.len())));
        let (supervised, its_lines) = (Arc::clone(&flow), Arc::clone(&lines));
        let guard = Guard::of_supervisor(Arc::clone(&life));
        let supervisor = move || {
            let lines = its_lines
                .lock()
                .map(|mut lines| std::mem::take(&mut *lines));
            let done = supervised.context.done();
            let supervisor = Supervisor::new(supervised, lines.unwrap_or_default());
            let mut ctx = Context::with_receiver(receiver);
            Watch::new(done, timer).start(&mut ctx);
            ctx.into_future(supervisor)
        };
        let started = catch_unwind(AssertUnwindSafe(|| start(None, guard, supervisor)));
        if started.is_err() {
            flow.abandon();
            return Err(StartError::NoRuntime);
        }
        if plan.nodes.is_empty() {
            flow.tell(Tell::AllGone);
        }
        let stages = plan.nodes.into_iter().zip(places);
        for (index, (node, place)) in stages.enumerate() {
            let launch = Launch {
                life: Arc::clone(&life),
                state: Arc::clone(&flow.plan.stages[index]),
                place,
                few: few(&node),
            };
            let line = (node.start)(launch);
            lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line);
        }
        Ok(Pipeline::new(Control::new(flow), take))
    }
}
