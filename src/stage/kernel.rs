//! What the one stage actor asks of what is inside it.

use std::task::Context;

use super::Core;
use crate::context::{BoxError, Cause, FlowContext};
use crate::edge::{InEnd, InPort, OutEnd, OutPort};
use crate::supervise::{Directive, Wait};

/// How a turn ended.
pub(crate) enum Turn {
    /// There is more to do.
    More,
    /// It saw a mark: the flow or the stage is to end.
    Marked,
    /// Nothing to do before an item or credit comes.
    Park(Wait),
    /// Nothing to do before a future, a timer or somebody outside the flow moves.
    Waiting,
    /// The stage is over.
    Done(End),
}

/// How a stage comes to its own end.
pub(crate) enum End {
    /// By the end of its items, or because it needs no more.
    Completed,
    /// By an input that failed.
    Failed(Cause),
    /// By the last of its readers.
    Unread(Cause),
}

/// Makes the state of a stage anew, where the stage lives.
pub(crate) type Remake<L> = Box<dyn FnMut(&FlowContext, &mut L)>;

/// The inside of a stage: ports, logic, and what it has in its hands.
pub(crate) trait Kernel: 'static {
    /// Works until it must park, or until its time is up.
    fn turn(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Result<Turn, BoxError>;

    /// Shows each input, in the order of their numbers.
    fn inputs(&mut self, visit: &mut dyn FnMut(&mut dyn InEnd));

    /// Shows each output, in the order of their numbers.
    fn outputs(&mut self, visit: &mut dyn FnMut(&mut dyn OutEnd));

    /// Drops what it has in its hands, and counts the items taken from its inputs among them as
    /// discarded.
    fn release(&mut self, core: &mut Core) {
        let _ = core;
    }

    /// Makes ready to go on after a failure of its own, or to end with it: says what becomes of the
    /// item at which it failed, and whether it can go on.
    fn recover(&mut self, core: &mut Core, how: Directive, cause: &Cause) -> bool {
        let _ = (core, how, cause);
        true
    }

    /// Makes its state anew where it has a factory, since another stage is restarted; what it has in
    /// work is discarded.
    fn renew(&mut self, core: &mut Core) {
        let _ = core;
    }

    /// A turn under quit: finishes what runs now, and begins nothing. The queues are gone.
    fn quit(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Result<Turn, BoxError> {
        let _ = cx;
        self.release(core);
        Ok(Turn::Done(End::Completed))
    }

    /// A turn of a source under close: delivers what it has accepted, and makes no more.
    fn close(&mut self, core: &mut Core, cx: &mut Context<'_>) -> Result<Turn, BoxError> {
        let _ = (core, cx);
        Ok(Turn::Done(End::Completed))
    }
}

/// A kernel with inputs of items `T`; `PORT` tells types apart that could be the same.
pub(crate) trait Inputs<T: Send + 'static, const PORT: usize> {
    fn input(&mut self, port: u32) -> &mut InPort<T>;
}

/// A kernel with outputs of items `T`.
pub(crate) trait Outputs<T: Send + 'static, const PORT: usize> {
    fn output(&mut self, port: u32) -> &mut OutPort<T>;
}
