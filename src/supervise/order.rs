//! What a supervisor tells a stage, and the line on which it does.

use std::sync::Arc;

use actix::{Actor, Addr, Context, Handler, Message};

use super::{Directive, Level};
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
    pub(crate) fn return_credit(activity: &Arc<Activity>) -> Self {
        activity.add(1);
        Self::ReturnCredit(Probe(Some(Arc::clone(activity))))
    }
}

impl Message for Order {
    type Result = ();
}

/// The unit of the flow's count that a question to a stage carries.
pub(crate) struct Probe(Option<Arc<Activity>>);

impl Probe {
    /// Makes its unit the receiver's.
    pub(crate) fn take(mut self) {
        self.0 = None;
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if let Some(activity) = self.0.take() {
            activity.release(1);
        }
    }
}

/// The line from a supervisor to one of its stages.
pub(crate) trait Line: Send {
    fn order(&self, order: Order);
}

impl<A: Actor<Context = Context<A>> + Handler<Order>> Line for Addr<A> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a few messages in the life of a stage"
    )]
    fn order(&self, order: Order) {
        self.do_send(order);
    }
}
