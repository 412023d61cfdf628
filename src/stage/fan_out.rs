//! One input, any number of branches: broadcast, partition, balance, and the splits of
//! composites.

use std::task::Context;

use super::fan_in::{ROUTES, Route};
use super::{Core, End, Inputs, Kernel, Outputs, Turn};
use crate::context::{BoxError, Cause};
use crate::edge::{InEnd, InPort, OutEnd, OutPort};
use crate::supervise::{Directive, Wait};

/// Gives the branch of an item.
pub(crate) type Key<T> = Box<dyn FnMut(&T) -> usize + Send>;

/// Which branches get an item.
pub(crate) enum Policy<T> {
    /// All of them, a clone each.
    Broadcast(fn(&T) -> T),
    /// The one that the key says.
    Partition(Key<T>),
    /// The one with the most free credit, ties in turn; first waits for all to have some, if their
    /// arbiters have nothing else to do: the first one up would else be given everything.
    Balance { next: usize, awaits: bool },
}

/// The kernel of every fan-out.
pub(crate) struct FanOut<T: Send + 'static> {
    input: InPort<T>,
    branches: Vec<OutPort<T>>,
    /// Tells an ordered join where each item went.
    routes: Option<OutPort<Route>>,
    policy: Policy<T>,
    /// What room each branch has, while items are given out by it.
    rooms: Vec<usize>,
    /// An item whose branch has no room yet.
    held: Option<(T, usize)>,
    /// Whether an item is counted as failed whose credit was not given back.
    failed: bool,
}

/// What a fan-out did with what is next.
enum Step {
    /// It moved so many items, which took no time worth a look at the clock between them.
    Moved(usize),
    Blocked(Option<usize>),
    Starved,
}

impl<T: Send + 'static> FanOut<T> {
    pub(crate) fn new(
        input: InPort<T>,
        branches: Vec<OutPort<T>>,
        routes: Option<OutPort<Route>>,
        policy: Policy<T>,
    ) -> Self {
        Self {
            input,
            branches,
            routes,
            policy,
            rooms: Vec::new(),
            held: None,
            failed: false,
        }
    }

    /// Why the last of the readers left, once all have.
    fn unread(&self) -> Option<Cause> {
        if let Some(cause) = self.routes.as_ref().and_then(OutPort::cancelled) {
            return Some(cause.clone());
        }
        let mut last = None;
        for branch in &self.branches {
            last = Some(branch.cancelled()?.clone());
        }
        last.or_else(|| self.branches.is_empty().then_some(Cause::Completed))
    }

    fn broadcast(&mut self, core: &mut Core, clone: fn(&T) -> T) -> Step {
        let mut open = self.branches.iter().enumerate();
        if let Some((full, _)) = open.find(|(_, b)| b.is_open() && b.room() == 0) {
            return Step::Blocked(Some(full));
        }
        let Some(item) = self.input.pop() else {
            return Step::Starved;
        };
        // Taken back below: it stays where a clone panics.
        core.counts.failed += 1;
        self.failed = true;
        if let Some(last) = self.branches.iter().rposition(OutPort::is_open) {
            let (clones, rest) = self.branches.split_at_mut(last);
            for branch in clones.iter_mut().filter(|branch| branch.is_open()) {
                branch.push(clone(&item));
            }
            rest[0].push(item);
        }
        core.counts.failed -= 1;
        self.failed = false;
        core.counts.passed += 1;
        self.input.credit(1);
        Step::Moved(1)
    }

    fn partition(&mut self, core: &mut Core) -> Result<Step, BoxError> {
        let Policy::Partition(key) = &mut self.policy else {
            return Ok(Step::Starved);
        };
        let (item, branch) = match self.held.take() {
            Some(held) => held,
            None => {
                if !self.branches.iter().any(|b| b.is_open() && b.room() > 0) {
                    return Ok(Step::Blocked(None));
                }
                let Some(item) = self.input.pop() else {
                    return Ok(Step::Starved);
                };
                core.counts.failed += 1;
                self.failed = true;
                let branch = key(&item);
                let branches = self.branches.len();
                if branch >= branches {
                    return Err(format!(
                        "the key gave branch {branch}, but there are {branches} branches"
                    )
                    .into());
                }
                core.counts.failed -= 1;
                self.failed = false;
                (item, branch)
            }
        };
        let port = &mut self.branches[branch];
        if !port.is_open() {
            self.input.give_up(Some(item), None);
            core.counts.discarded += 1;
        } else if port.room() > 0 {
            port.push(item);
            core.counts.passed += 1;
        } else {
            self.held = Some((item, branch));
            return Ok(Step::Blocked(Some(branch)));
        }
        self.input.credit(1);
        Ok(Step::Moved(1))
    }

    /// Gives items out until a look at the clock is due, or a mark is seen.
    fn balance(&mut self, core: &mut Core) -> Step {
        let Policy::Balance { next, awaits } = &mut self.policy else {
            return Step::Starved;
        };
        if *awaits && let Some(late) = self.branches.iter().position(OutPort::is_awaited) {
            return Step::Blocked(Some(late));
        }
        let mut most = core.clock.left();
        if let Some(routes) = &self.routes {
            most = most.min(routes.room());
            if most == 0 {
                return Step::Blocked(Some(self.branches.len()));
            }
        }
        self.rooms.clear();
        let rooms = self.branches.iter();
        let rooms = rooms.map(|port| if port.is_open() { port.room() } else { 0 });
        self.rooms.extend(rooms);
        if self.rooms.iter().all(|&room| room == 0) {
            return Step::Blocked(None);
        }
        let Some(mut batch) = self.input.lend() else {
            return Step::Starved;
        };
        let mut moved = 0;
        'batch: while let Some(&level) = self.rooms.iter().max().filter(|&&level| level > 0) {
            // One to each of those with the most room, in turn: all others have less until then.
            let first = if *next < self.rooms.len() { *next } else { 0 };
            for part in [first..self.rooms.len(), 0..first] {
                for branch in part {
                    if self.rooms[branch] < level {
                        continue;
                    }
                    if moved == most || core.is_marked() {
                        break 'batch;
                    }
                    let Some(item) = batch.next() else {
                        break 'batch;
                    };
                    self.branches[branch].push(item);
                    self.rooms[branch] = level - 1;
                    if let Some(routes) = &mut self.routes {
                        routes.push(Route(u32::try_from(branch).unwrap_or(u32::MAX)));
                    }
                    *next = branch + 1;
                    moved += 1;
                }
            }
        }
        *awaits &= moved == 0;
        self.input.take_back(batch);
        core.counts.passed += moved as u64;
        self.input.credit(moved);
        Step::Moved(moved)
    }
}

impl<T: Send + 'static> Kernel for FanOut<T> {
    fn turn(&mut self, core: &mut Core, _: &mut Context<'_>) -> Result<Turn, BoxError> {
        if let Some(cause) = self.unread() {
            return Ok(Turn::Done(End::Unread(cause)));
        }
        loop {
            if core.is_marked() {
                return Ok(Turn::Marked);
            }
            let step = match self.policy {
                Policy::Broadcast(clone) => self.broadcast(core, clone),
                Policy::Partition(_) => self.partition(core)?,
                Policy::Balance { .. } => self.balance(core),
            };
            let moved = match step {
                Step::Moved(moved) => moved,
                _ if self.held.is_none() && self.input.is_drained() => {
                    return Ok(Turn::Done(match self.input.failure() {
                        Some(cause) => End::Failed(cause.clone()),
                        None => End::Completed,
                    }));
                }
                Step::Starved => return Ok(Turn::Park(Wait::Item(Some(0)))),
                Step::Blocked(branch) => {
                    let port = branch.and_then(|branch| u32::try_from(branch).ok());
                    return Ok(Turn::Park(Wait::Credit(port)));
                }
            };
            if core.clock.spend(moved) {
                return Ok(Turn::More);
            }
        }
    }

    fn inputs(&mut self, visit: &mut dyn FnMut(&mut dyn InEnd)) {
        visit(&mut self.input);
    }

    fn outputs(&mut self, visit: &mut dyn FnMut(&mut dyn OutEnd)) {
        for branch in &mut self.branches {
            visit(branch);
        }
        if let Some(routes) = &mut self.routes {
            visit(routes);
        }
    }

    fn release(&mut self, core: &mut Core) {
        if let Some((held, _)) = self.held.take() {
            core.counts.discarded += 1;
            self.input.give_up(Some(held), None);
        }
    }

    fn recover(&mut self, _: &mut Core, _: Directive, cause: &Cause) -> bool {
        if std::mem::take(&mut self.failed) {
            self.input.credit(1);
            self.input.give_up(None, Some(cause));
        }
        true
    }
}

impl<T: Send + 'static> Inputs<T, 0> for FanOut<T> {
    fn input(&mut self, _: u32) -> &mut InPort<T> {
        &mut self.input
    }
}

impl<T: Send + 'static> Outputs<T, 0> for FanOut<T> {
    fn output(&mut self, port: u32) -> &mut OutPort<T> {
        &mut self.branches[port as usize]
    }
}

impl<T: Send + 'static> Outputs<Route, ROUTES> for FanOut<T> {
    fn output(&mut self, _: u32) -> &mut OutPort<Route> {
        self.routes
            .as_mut()
            .expect("routes are wired to ordered splits only")
    }
}
