//! A supervisor as a child: a restart of it is one of its children.

use std::pin::Pin;
use std::sync::Arc;

use actix::Context;
use actix::dev::channel::AddressReceiver;
use actix_rt::ArbiterHandle;
use tokio::time::{Sleep, sleep};

use super::child::{Child, Reins};
use super::life::{Life, Post};
use super::state::ServiceState;
use super::supervisor::{Tell, TreeSupervisor};
use crate::context::{Cause, Part};
use crate::supervise::{Forsaken, Guard, Keeper, Level, Watch, start};

/// The keeper of a supervisor's actor. One that runs tells of its end itself.
struct OfTree {
    part: Part,
    life: Arc<Life>,
}

impl Keeper for OfTree {
    fn part(&self) -> &Part {
        &self.part
    }

    fn panicked(&mut self, text: &str, started: bool) {
        log::error!("supervisor `{}` panicked: {text}", self.life.state.label());
        self.lost(started);
    }

    fn lost(&mut self, started: bool) {
        if !started {
            self.life.state.forsake();
        }
    }
}

/// Starts the actor of a supervisor.
///
/// # Panics
///
/// As [`start`] does.
pub(super) fn start_tree(
    life: Arc<Life>,
    receiver: AddressReceiver<TreeSupervisor>,
    timer: Option<Pin<Box<Sleep>>>,
    place: Option<&ArbiterHandle>,
) {
    let part = life.state.context.part();
    let guard = Guard::new(OfTree {
        part: part.actor(|| format!("supervisor `{}`", life.state.label())),
        life: Arc::clone(&life),
    });
    start(place, guard, move || {
        let timer = timer.unwrap_or_else(|| Box::pin(sleep(life.state.patience.grace)));
        let done = life.state.context.done();
        let mut ctx = Context::with_receiver(receiver);
        Watch::new(done, timer).start(&mut ctx);
        ctx.into_future(TreeSupervisor::new(life))
    });
}

struct NestedReins(Arc<ServiceState>);

impl Reins for NestedReins {
    fn stop(&self, level: Level, cause: &Cause, again: bool) {
        if again && level == Level::Cancel {
            self.0.tell(Tell::Suspend);
        } else if !self.0.outcome().is_over() {
            self.0.raise(level, cause.clone());
        }
    }
}

/// A supervisor below another one.
pub(super) struct NestedChild {
    state: Arc<ServiceState>,
    /// Until it is started: later it is resumed.
    receiver: Option<AddressReceiver<TreeSupervisor>>,
    place: Option<ArbiterHandle>,
}

impl NestedChild {
    pub(super) fn new(
        state: Arc<ServiceState>,
        receiver: AddressReceiver<TreeSupervisor>,
        place: Option<ArbiterHandle>,
    ) -> Self {
        Self {
            state,
            receiver: Some(receiver),
            place,
        }
    }
}

impl Child for NestedChild {
    fn reins(&self) -> Arc<dyn Reins> {
        Arc::new(NestedReins(Arc::clone(&self.state)))
    }

    fn start(&mut self, post: Post) {
        let above = post.into_life();
        match self.receiver.take() {
            Some(receiver) => {
                let life = Life::new(Arc::clone(&self.state), Some(above));
                start_tree(life, receiver, None, self.place.as_ref());
            }
            None => self.state.tell(Tell::Resume),
        }
    }

    fn dismiss(&mut self, cause: &Cause) -> bool {
        if self.state.outcome().is_over() {
            return true;
        }
        self.state.raise(Level::Cancel, cause.clone());
        let unborn = self.receiver.take().is_some();
        if unborn {
            self.state.conclude(cause.clone());
        }
        unborn
    }
}
