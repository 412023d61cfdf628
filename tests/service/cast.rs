//! The actors and supervisors that the tests of this target share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use actix::prelude::*;
use actix_flow::prelude::*;

use crate::kit::{Item, within};

/// What happened to the incarnations of one actor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Life(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    started: AtomicU64,
    stopped: AtomicU64,
    dropped: AtomicU64,
}

impl Life {
    pub(crate) fn started(&self) -> u64 {
        self.0.started.load(SeqCst)
    }

    pub(crate) fn stopped(&self) -> u64 {
        self.0.stopped.load(SeqCst)
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.0.dropped.load(SeqCst)
    }

    #[track_caller]
    pub(crate) fn assert_none_alive(&self) {
        assert_eq!(self.started(), self.dropped(), "an incarnation is alive");
    }
}

/// An actor that does as it is told.
pub(crate) struct Puppet {
    life: Life,
    sum: u64,
    stubborn: bool,
}

impl Puppet {
    pub(crate) fn new(life: &Life) -> Self {
        life.0.started.fetch_add(1, SeqCst);
        Self {
            life: life.clone(),
            sum: 0,
            stubborn: false,
        }
    }

    /// Some use of it, for what owns it without being an actor.
    pub(crate) fn alive(&self) -> u64 {
        self.life.started()
    }

    pub(crate) fn stubborn(life: &Life) -> Self {
        let mut puppet = Self::new(life);
        puppet.stubborn = true;
        puppet
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        self.life.0.dropped.fetch_add(1, SeqCst);
    }
}

impl Actor for Puppet {
    type Context = Context<Self>;

    fn stopping(&mut self, _: &mut Context<Self>) -> Running {
        if self.stubborn {
            Running::Continue
        } else {
            Running::Stop
        }
    }

    fn stopped(&mut self, _: &mut Context<Self>) {
        self.life.0.stopped.fetch_add(1, SeqCst);
    }
}

/// Adds to the sum of this incarnation, and gives it.
#[derive(Message)]
#[rtype(u64)]
pub(crate) struct Add(pub(crate) u64);

impl Handler<Add> for Puppet {
    type Result = u64;

    fn handle(&mut self, add: Add, _: &mut Context<Self>) -> u64 {
        self.sum += add.0;
        self.sum
    }
}

/// Panics, in the handler.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Crash;

impl Handler<Crash> for Puppet {
    type Result = ();

    fn handle(&mut self, _: Crash, _: &mut Context<Self>) {
        panic!("expected: told to crash");
    }
}

/// Ends by itself, without a failure.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Finish;

impl Handler<Finish> for Puppet {
    type Result = ();

    fn handle(&mut self, _: Finish, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

/// Runs what it is sent.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Do(pub(crate) Act);

pub(crate) type Act = Box<dyn FnOnce(&mut Puppet, &mut Context<Puppet>) + Send>;

impl Do {
    pub(crate) fn new(
        act: impl FnOnce(&mut Puppet, &mut Context<Puppet>) + Send + 'static,
    ) -> Self {
        Self(Box::new(act))
    }
}

impl Handler<Do> for Puppet {
    type Result = ();

    fn handle(&mut self, act: Do, ctx: &mut Context<Self>) {
        act.0(self, ctx);
    }
}

/// A message whose drop is seen.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Carry(pub(crate) Item);

impl Handler<Carry> for Puppet {
    type Result = ();

    fn handle(&mut self, carry: Carry, _: &mut Context<Self>) {
        self.sum += carry.0.number;
    }
}

/// A service under no other context.
pub(crate) fn service() -> FlowSupervisor {
    FlowSupervisor::start(&FlowContext::background()).expect("it starts")
}

/// Restarts at once.
pub(crate) fn at_once() -> RestartPolicy {
    RestartPolicy::restart().backoff(Duration::ZERO, Duration::ZERO)
}

/// A child that is restarted at once.
pub(crate) fn restarted(name: &str) -> ChildSpec {
    ChildSpec::from(name).supervised(at_once())
}

/// Starts a puppet that is restarted at once.
pub(crate) fn puppet(control: &SupervisorControl, name: &str) -> (Addr<Puppet>, Life) {
    puppet_of(control, restarted(name))
}

pub(crate) fn puppet_of(control: &SupervisorControl, spec: ChildSpec) -> (Addr<Puppet>, Life) {
    let life = Life::default();
    let of = life.clone();
    let address = control.start_actor(spec, move |_| Puppet::new(&of));
    (address.expect("it starts"), life)
}

/// One that ignores its stop, and runs.
pub(crate) async fn stubborn(control: &SupervisorControl) -> Life {
    let life = Life::default();
    let of = life.clone();
    let actor = control.start_actor("stubborn", move |_| Puppet::stubborn(&of));
    assert_eq!(ask(&actor.expect("it starts"), Add(1)).await, Ok(1));
    life
}

#[expect(clippy::disallowed_methods, reason = "the tests play a user's program")]
pub(crate) async fn ask<M>(puppet: &Addr<Puppet>, message: M) -> Result<M::Result, MailboxError>
where
    M: Message + Send + 'static,
    M::Result: Send,
    Puppet: Handler<M>,
{
    within("an answer", puppet.send(message)).await
}

#[expect(clippy::disallowed_methods, reason = "the tests play a user's program")]
pub(crate) fn tell<M>(puppet: &Addr<Puppet>, message: M)
where
    M: Message + Send + 'static,
    M::Result: Send,
    Puppet: Handler<M>,
{
    puppet.do_send(message);
}

/// Quits a service that must then end well.
pub(crate) async fn quit(service: FlowSupervisor) -> Tree {
    service.quit();
    let ended = within("the end of a quit", service.wait()).await;
    ended.expect("a quit ends well")
}

/// Waits for a service that must fail.
pub(crate) async fn fails(service: FlowSupervisor) -> SupervisorError {
    let ended = within("a service that fails", service.wait()).await;
    match ended {
        Err(error) => error,
        Ok(tree) => panic!("the service was to fail:\n{tree}"),
    }
}

/// How often a child was restarted.
pub(crate) fn restarts(control: &SupervisorControl, path: &str) -> u64 {
    let tree = control.tree();
    let row = tree.row(path);
    row.unwrap_or_else(|| panic!("there is no {path}:\n{tree}"))
        .restarts
}
