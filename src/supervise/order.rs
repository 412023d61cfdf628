//! What a supervisor tells a stage, and the line on which it does.

use std::sync::Arc;

use actix::{Actor, Context, Handler, Message, WeakAddr};

use super::{Directive, Level, StageState};
use crate::context::Cause;
use crate::edge::Activity;

/// What a supervisor tells a stage.
pub(crate) enum Order {
    /// End, at this level.
    Stop(Level, Cause),
    /// Give back all credit owed: nobody in the flow moves.
    ReturnCredit(Probe),
    /// Make your state anew: another stage is restarted.
    Renew,
    /// The answer to a failure.
    Directive(Directive),
}

impl Order {
    pub(super) fn return_credit(activity: &Arc<Activity>, stage: &Arc<StageState>) -> Self {
        activity.add(1);
        let asked = (Arc::clone(activity), Arc::clone(stage));
        Self::ReturnCredit(Probe(Some(asked)))
    }
}

impl Message for Order {
    type Result = ();
}

/// The unit of the flow's count that a question to a stage carries.
///
/// An actor that is torn down with its arbiter is not asked any more, and not known to be lost yet: its
/// unit is left to its guard, so that the flow is not taken for stalled in between.
pub(crate) struct Probe(Option<(Arc<Activity>, Arc<StageState>)>);

impl Probe {
    /// Makes its unit the receiver's.
    pub(crate) fn take(mut self) {
        self.0 = None;
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if let Some((activity, stage)) = self.0.take() {
            stage.leave_units(1);
            if stage.is_gone() {
                activity.release(stage.take_units());
            }
        }
    }
}

/// The line from a supervisor to one of its stages.
pub(crate) trait Line: Send {
    fn order(&self, order: Order);
}

/// Weak, which costs no memory of its own. A stage is not alive for its addresses, but by itself.
impl<A: Actor<Context = Context<A>> + Handler<Order>> Line for WeakAddr<A> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a few messages in the life of a stage"
    )]
    fn order(&self, order: Order) {
        if let Some(address) = self.upgrade() {
            address.do_send(order);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::supervise::StageSpec;

    /// A count, how often it came to zero, and a stage.
    fn flow() -> (Arc<Activity>, Arc<AtomicUsize>, Arc<StageState>) {
        let (activity, quiet) = (Arc::new(Activity::new()), Arc::new(AtomicUsize::new(0)));
        let told = Arc::clone(&quiet);
        activity.on_quiet(move || {
            told.fetch_add(1, Ordering::Relaxed);
        });
        let stage = StageState::new("x".into(), StageSpec::default());
        (activity, quiet, Arc::new(stage))
    }

    #[test]
    fn r2_8_a_stage_that_cannot_be_asked_makes_no_stall_before_it_is_known_to_be_lost() {
        let (activity, quiet, stage) = flow();
        drop(Order::return_credit(&activity, &stage));
        assert_eq!(quiet.load(Ordering::Relaxed), 0);
        stage.set_gone();
        activity.release(stage.take_units());
        assert_eq!(quiet.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn r2_8_a_stage_that_is_gone_is_not_waited_for() {
        let (activity, quiet, stage) = flow();
        stage.set_gone();
        drop(Order::return_credit(&activity, &stage));
        assert_eq!(quiet.load(Ordering::Relaxed), 1);
    }
}
