//! How the actor of a stage is started.

use std::sync::Arc;

use actix::dev::channel::AddressReceiver;
use actix::{AsyncContext, Context, WeakAddr};
use actix_rt::ArbiterHandle;

use super::actor::{Pump, StageActor};
use super::{Core, Kernel};
use crate::supervise::{Guard, Lifeline, Line, Presence, StageState, start};

/// What a stage needs to start.
pub(crate) struct Launch {
    pub(crate) life: Arc<Lifeline>,
    pub(crate) state: Arc<StageState>,
    pub(crate) place: Option<ArbiterHandle>,
    /// How many items are few for one turn: 0 where other stages share the arbiter.
    pub(crate) few: usize,
}

/// Starts the actor of a stage; its kernel is made where it will live.
pub(crate) fn launch<K: Kernel>(
    launch: Launch,
    address: WeakAddr<StageActor<K>>,
    receiver: AddressReceiver<StageActor<K>>,
    make: impl FnOnce(&Core) -> K + Send + 'static,
) -> Box<dyn Line> {
    let Launch {
        life,
        state,
        place,
        few,
    } = launch;
    let presence = Presence::of(&life, &state);
    let guard = Guard::of_stage(&presence);
    start(place.as_ref(), guard, move || {
        let core = Core::new(life, presence, state, few);
        let kernel = make(&core);
        let mut ctx = Context::with_receiver(receiver);
        ctx.spawn(Pump);
        ctx.into_future(StageActor::new(core, kernel))
    });
    Box::new(address)
}
