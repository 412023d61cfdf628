//! The verbs that start children.

use std::sync::Arc;

use actix::{Actor, Addr, Context};

use super::actor_child::ActorChild;
use super::child::{Child, Terms};
use super::child_spec::ChildSpec;
use super::flow_child::{FlowChild, RunningFlow};
use super::front::Front;
use super::nested_child::NestedChild;
use super::roster::Refused;
use super::state::{Parent, ServiceState};
use super::supervisor::{Tell, TreeSupervisor};
use super::{SupervisorControl, SupervisorSpec};
use crate::context::FlowContext;
use crate::flow::{Blueprint, mailbox};
use crate::pipeline::{Pipeline, StartError};
use crate::supervise::{Directive, RestartPolicy, Supervision};

/// A child that has its place in the tree, and is struck from it unless it is handed over.
struct Entry<'a> {
    state: &'a Arc<ServiceState>,
    child: u64,
    terms: Option<Terms>,
}

impl Entry<'_> {
    fn hand_over(mut self, line: Box<dyn Child>, nested: Option<Arc<ServiceState>>) {
        if let Some(terms) = self.terms.take() {
            if let Some(row) = self.state.roster().row(self.child) {
                row.reins = Some(line.reins());
                row.nested = nested;
            }
            let child = self.child;
            self.state.tell(Tell::Adopt { child, line, terms });
        }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if self.terms.is_some() {
            self.state.roster().strike(self.child);
            self.state.tell(Tell::Attend);
        }
    }
}

/// How the failures of a child are answered.
fn supervision(spec: &ChildSpec) -> Option<Supervision> {
    let implied = spec.permanent.then(RestartPolicy::restart);
    let policy = spec.policy.clone().or(implied)?;
    Some(Supervision {
        policy,
        resumes: false,
        factory: true,
        copies: false,
    })
}

impl SupervisorControl {
    /// Enters a child into the tree.
    fn enter(
        &self,
        kind: &'static str,
        spec: ChildSpec,
        once: bool,
    ) -> Result<Entry<'_>, StartError> {
        let state = self.state();
        let done = || {
            let cause = state.context.cause();
            let cause = cause.unwrap_or_else(|| state.ending().1);
            StartError::ContextDone { cause }
        };
        if state.context.is_done() {
            return Err(done());
        }
        let supervision = supervision(&spec);
        let entered = state.roster().enter(&state.path, kind, spec.name);
        let (child, path) = entered.map_err(|refused| match refused {
            Refused::Taken(name) => StartError::DuplicateName { name },
            Refused::Closed => done(),
        })?;
        let stage = Arc::clone(&path);
        let terms = Terms {
            path,
            supervision,
            permanent: spec.permanent,
            isolated: spec.isolated,
            once,
            place: spec.place,
        };
        let entry = Entry {
            state,
            child,
            terms: Some(terms),
        };
        let Some(terms) = &entry.terms else {
            return Ok(entry);
        };
        if terms.is_homeless() {
            return Err(StartError::DeadArbiter { stage });
        }
        for directive in [Directive::Resume, Directive::Retry] {
            let always = |known: &Supervision| known.policy.is_always(directive);
            if terms.supervision.as_ref().is_some_and(always) {
                let needs = "a stage: a child is restarted, or its failure goes up";
                return Err(StartError::Unable {
                    stage,
                    directive,
                    needs,
                });
            }
        }
        Ok(entry)
    }

    /// Starts an actor, and owns it.
    pub fn start_actor<A, F>(
        &self,
        spec: impl Into<ChildSpec>,
        factory: F,
    ) -> Result<Addr<A>, StartError>
    where
        A: Actor<Context = Context<A>>,
        F: FnMut(&FlowContext) -> A + Send + 'static,
    {
        let spec = spec.into();
        let place = spec.place.clone();
        let entry = self.enter("actor", spec, false)?;
        let (address, front) = Front::new();
        let child = ActorChild::new(front, factory, place);
        entry.hand_over(Box::new(child), None);
        Ok(address)
    }

    /// Runs a flow once, below this supervisor.
    pub fn run<R: Send + 'static>(
        &self,
        blueprint: Blueprint<R>,
    ) -> Result<Pipeline<R>, StartError> {
        let entry = self.enter("flow", ChildSpec::new(), true)?;
        let pipeline = blueprint.run(&self.state().context)?;
        let child = RunningFlow::new(pipeline.control());
        entry.hand_over(Box::new(child), None);
        Ok(pipeline)
    }

    /// Runs a flow, and runs it anew when it has failed.
    pub fn run_with<R, F>(&self, spec: impl Into<ChildSpec>, factory: F) -> Result<(), StartError>
    where
        R: Send + 'static,
        F: FnMut(&FlowContext) -> Blueprint<R> + Send + 'static,
    {
        let spec = spec.into();
        let place = spec.place.clone();
        let entry = self.enter("flow", spec, false)?;
        entry.hand_over(Box::new(FlowChild::new(factory, place)), None);
        Ok(())
    }

    /// Starts a supervisor below this one.
    pub fn nest(
        &self,
        spec: impl Into<ChildSpec>,
        supervisor: SupervisorSpec,
    ) -> Result<Self, StartError> {
        let mut spec = spec.into();
        spec.name = spec.name.or(supervisor.name);
        let place = spec.place.clone();
        let entry = self.enter("supervisor", spec, false)?;
        let Some(terms) = &entry.terms else {
            return Err(StartError::NoRuntime);
        };
        let (address, receiver) = mailbox::<TreeSupervisor>();
        let parent = Parent {
            state: Arc::downgrade(self.state()),
            child: entry.child,
        };
        let state = ServiceState::new(
            Arc::clone(&terms.path),
            (supervisor.strategy, supervisor.patience),
            self.state().context.child(),
            Some(parent),
            address,
        );
        let child = NestedChild::new(Arc::clone(&state), receiver, place);
        entry.hand_over(Box::new(child), Some(Arc::clone(&state)));
        Ok(Self::new(state))
    }
}
