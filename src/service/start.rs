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
use crate::supervise::{Directive, Level, RestartPolicy, Supervision};

/// A child that has its place in the tree, and is struck from it unless it is handed over.
struct Entry<'a> {
    state: &'a Arc<ServiceState>,
    child: u64,
    terms: Option<Terms>,
}

impl Entry<'_> {
    fn hand_over(mut self, line: Box<dyn Child>, mut nested: Option<Arc<ServiceState>>) {
        if let Some(terms) = self.terms.take() {
            if let Some(row) = self.state.roster().row(self.child) {
                row.reins = Some(line.reins());
                row.nested = nested.take();
            }
            if let Some(late) = nested {
                // Its parent, which was never started, has been ended meanwhile: nobody else knows of it.
                let (_, cause) = self.state.ending();
                late.raise(Level::Cancel, cause.clone());
                late.conclude(cause);
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

    /// Starts an actor, and owns it: it lives until it stops itself or is stopped, whoever has its
    /// address.
    ///
    /// The factory is called where the actor will live, for each incarnation anew, with a context of
    /// that incarnation's own: what runs under it ends with the incarnation. The address stays the
    /// same, and so does the mailbox: what is queued when the actor panics is handled by the next one.
    /// An ask that was in work, its message gone with the panic, is answered with actix's
    /// [`MailboxError::Closed`](actix::MailboxError); the cause stands in the log and in the
    /// [tree](Self::tree).
    ///
    /// A panic anywhere in it is a failure of the child: in the factory, a handler, a future that it
    /// spawned, in `started`, `stopping`, `stopped` and its drop. After a panic `stopping` and
    /// `stopped` are not called: cleanup belongs in the drop. An actor that stops itself is done,
    /// unless it is [permanent](ChildSpec::permanent).
    ///
    /// # Examples
    ///
    /// ```
    /// use actix::prelude::*;
    ///
    /// struct Greeter;
    ///
    /// impl Actor for Greeter {
    ///     type Context = Context<Self>;
    /// }
    ///
    /// #[derive(Message)]
    /// #[rtype(String)]
    /// struct Greet(&'static str);
    ///
    /// impl Handler<Greet> for Greeter {
    ///     type Result = String;
    ///
    ///     fn handle(&mut self, whom: Greet, _: &mut Context<Self>) -> String {
    ///         format!("hello, {}", whom.0)
    ///     }
    /// }
    ///
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// let greeter = service.start_actor("greeter", |_| Greeter)?;
    /// assert_eq!(greeter.send(Greet("world")).await?, "hello, world");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StartError::DuplicateName`], [`StartError::DeadArbiter`], [`StartError::Unable`] for a policy
    /// that always says what a child cannot do, and [`StartError::ContextDone`] where the supervisor
    /// is ending. Then nothing was started.
    ///
    /// # Cost
    ///
    /// One task; a message costs what it does without supervision. Up to 16 `send`s are queued before
    /// their futures wait, as with actix; after 256 messages other tasks of the arbiter have their
    /// turn.
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

    /// Runs a flow once, on this thread, on a child of the supervisor's context: it ends with the
    /// supervisor at the latest, and a close or a quit of that reaches it.
    ///
    /// The [`Pipeline`] is the caller's, and so is a failure: the supervisor does not answer it.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// let flow = service.run(Source::from_iter(1..=10u64).fold(0, |sum, n| sum + n))?;
    /// assert_eq!(flow.await?, 55);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// That of [`Blueprint::run`], and [`StartError::ContextDone`] where the supervisor is ending.
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

    /// Runs a flow, and runs it anew when it has failed, as the spec's policy says. Its value is
    /// dropped.
    ///
    /// The factory is called where the flow is to be started, by the supervisor itself unless the spec
    /// says [`on`](ChildSpec::on): it must not block. That it panics, or that its blueprint cannot be
    /// started, is a failure like any other. A flow that completes is done, unless it is
    /// [permanent](ChildSpec::permanent). One that is restarted with another is cancelled.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// let spec = ChildSpec::from("import").supervised(RestartPolicy::restart());
    /// service.run_with(spec, |_| Source::from_iter(0..100u64).for_each(drop))?;
    /// service.close();
    /// let tree = service.wait().await?;
    /// assert_eq!(tree.row("import").map(|import| import.restarts), Some(0));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`start_actor`](Self::start_actor).
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

    /// Starts a supervisor below this one, and gives its control.
    ///
    /// A failure that it does not answer is its own: its children are stopped, the last first, and the
    /// policy of the spec decides. A restart starts them again, in their order, with their mailboxes as
    /// they were; flows that were [`run`](Self::run) are not among them.
    ///
    /// # Examples
    ///
    /// ```
    /// use actix_flow::prelude::*;
    ///
    /// # #[actix::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let service = FlowSupervisor::start(&FlowContext::background())?;
    /// let spec = ChildSpec::from("pool").supervised(RestartPolicy::restart());
    /// let pool = service.nest(spec, SupervisorSpec::new().strategy(Strategy::OneForAll))?;
    /// pool.run_with("import", |_| Source::repeat_with(|| 1u64).drain())?;
    /// service.quit_child("pool")?.await;
    /// assert!(pool.is_finished());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`start_actor`](Self::start_actor).
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
