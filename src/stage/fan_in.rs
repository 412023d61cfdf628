//! The aggregator: one actor, any number of inputs of one type, one output.

use std::task::Context;

use super::pick::{Choice, Pick, Ready};
use super::{Core, End, Inputs, Kernel, Outputs, Turn};
use crate::context::{BoxError, Cause};
use crate::edge::{InEnd, InPort, OutEnd, OutPort};
use crate::supervise::Wait;

/// Which branch of a fan-out got the next item: what the ordered join goes by.
#[derive(Debug)]
pub(crate) struct Route(pub(crate) u32);

/// The kernel of merge, concat, interleave, merge_sorted and the joins of composites.
pub(crate) struct FanIn<T: Send + 'static> {
    inputs: Vec<InPort<T>>,
    /// The log that an ordered join goes by; its credit goes back as items are placed.
    routes: Option<InPort<Route>>,
    out: OutPort<T>,
    pick: Pick<T>,
    isolating: bool,
}

impl<T: Send + 'static> Ready<T> for Vec<InPort<T>> {
    fn len(&self) -> usize {
        self.len()
    }

    fn is_ready(&self, input: usize) -> bool {
        self[input].is_ready()
    }

    fn is_over(&self, input: usize) -> bool {
        self[input].is_drained()
    }

    fn peek(&self, input: usize) -> Option<&T> {
        self[input].peek()
    }
}

impl<T: Send + 'static> FanIn<T> {
    pub(crate) fn new(
        inputs: Vec<InPort<T>>,
        out: OutPort<T>,
        pick: Pick<T>,
        isolating: bool,
    ) -> Self {
        Self {
            inputs,
            routes: None,
            out,
            pick,
            isolating,
        }
    }

    /// A join that follows the routes its split has taken.
    pub(crate) fn ordered(inputs: Vec<InPort<T>>, routes: InPort<Route>, out: OutPort<T>) -> Self {
        Self {
            inputs,
            routes: Some(routes),
            out,
            pick: Pick::ordered(),
            isolating: false,
        }
    }

    /// Moves routes that came in into the log of the pick.
    fn read_routes(&mut self, core: &mut Core) {
        if let (Some(routes), Pick::Ordered(log)) = (&mut self.routes, &mut self.pick) {
            let known = log.len();
            while let Some(Route(port)) = routes.pop() {
                log.push_back(port);
            }
            core.counts.passed += (log.len() - known) as u64;
        }
    }

    /// Passes over entries of the log whose worker has marked that it made nothing of the item.
    fn pass_gaps(&mut self) {
        if let Pick::Ordered(log) = &mut self.pick {
            while let Some(&port) = log.front()
                && let Some(input) = self.inputs.get_mut(port as usize)
                && input.take_gap()
            {
                log.pop_front();
            }
        }
    }

    fn failure(&self) -> Option<&Cause> {
        self.inputs.iter().find_map(InPort::failure)
    }

    /// Moves up to `most` items of one input to the output.
    fn transfer(&mut self, core: &mut Core, input: usize, most: usize) -> usize {
        let port = &mut self.inputs[input];
        let Some(mut batch) = port.lend() else {
            return 0;
        };
        let most = most.min(self.out.room());
        let most = if batch.len() <= most {
            batch.len()
        } else {
            most.min(core.clock.left())
        };
        let mut outs = self.out.lend(most);
        let mut moved = 0;
        if most < batch.len() {
            while moved < most && !core.is_marked() {
                let Some(item) = batch.next() else { break };
                outs.push(item);
                moved += 1;
            }
        } else {
            // What goes on as it is goes in one step, however many items.
            moved = most;
            outs.extend(batch.by_ref());
        }
        port.take_back(batch);
        self.out.take_back(outs);
        port.credit(moved);
        core.counts.passed += moved as u64;
        moved
    }
}

impl<T: Send + 'static> Kernel for FanIn<T> {
    fn turn(&mut self, core: &mut Core, _: &mut Context<'_>) -> Result<Turn, BoxError> {
        loop {
            if let Some(cause) = self.out.cancelled() {
                return Ok(Turn::Done(End::Unread(cause.clone())));
            }
            if core.is_marked() {
                return Ok(Turn::Marked);
            }
            if !self.isolating
                && let Some(cause) = self.failure()
            {
                return Ok(Turn::Done(End::Failed(cause.clone())));
            }
            self.read_routes(core);
            let known = match &self.pick {
                Pick::Ordered(log) => log.len(),
                _ => 0,
            };
            self.pass_gaps();
            let choice = self.pick.choose(&self.inputs);
            if let (Some(routes), Pick::Ordered(log)) = (&mut self.routes, &self.pick) {
                // Entries of the log that were passed over.
                routes.credit(known - log.len());
            }
            let (input, most) = match choice {
                Choice::Take(input, most) => (input, most),
                Choice::Wait(input) => {
                    let port = input.and_then(|input| u32::try_from(input).ok());
                    return Ok(Turn::Park(Wait::Item(port)));
                }
                Choice::Over => return Ok(Turn::Done(End::Completed)),
            };
            if self.out.room() == 0 {
                return Ok(Turn::Park(Wait::Credit(Some(0))));
            }
            let moved = self.transfer(core, input, most);
            self.pick.took(moved);
            if let Some(routes) = &mut self.routes {
                routes.credit(moved);
            }
            // A batch that went on in one step took no longer than a few items.
            if core.clock.spend(moved.min(core.clock.left())) {
                return Ok(Turn::More);
            }
        }
    }

    fn inputs(&mut self, visit: &mut dyn FnMut(&mut dyn InEnd)) {
        for input in &mut self.inputs {
            visit(input);
        }
        if let Some(routes) = &mut self.routes {
            visit(routes);
        }
    }

    fn outputs(&mut self, visit: &mut dyn FnMut(&mut dyn OutEnd)) {
        visit(&mut self.out);
    }
}

impl<T: Send + 'static> Inputs<T, 0> for FanIn<T> {
    fn input(&mut self, port: u32) -> &mut InPort<T> {
        &mut self.inputs[port as usize]
    }
}

/// The port number of the routes, so that they cannot be taken for items.
pub(crate) const ROUTES: usize = 1;

impl<T: Send + 'static> Inputs<Route, ROUTES> for FanIn<T> {
    fn input(&mut self, _: u32) -> &mut InPort<Route> {
        self.routes
            .as_mut()
            .expect("routes are wired to ordered joins only")
    }
}

impl<T: Send + 'static> Outputs<T, 0> for FanIn<T> {
    fn output(&mut self, _: u32) -> &mut OutPort<T> {
        &mut self.out
    }
}
