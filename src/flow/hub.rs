//! A fan-out that is being built: its branches are connected one by one, in any blueprint.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::Addr;
use actix::dev::channel::AddressReceiver;

use super::graph::{Attrs, Graph, Node};
use crate::context::Cause;
use crate::edge::{Ask, Dispatch, Downstream, InPort, Link, OutPort, Signal, UpLink};
use crate::stage::{FanOut, Policy, StageActor, launch};

/// One branch of a fan-out.
enum Slot<T> {
    /// Neither connected nor dropped.
    Open,
    Connected(Box<dyn Downstream<T>>, Arc<Link>),
    Dropped,
}

struct State<T: Send + 'static> {
    slots: Vec<Slot<T>>,
    seed: Option<Seed<T>>,
}

/// What a fan-out is started from.
pub(crate) struct Seed<T: Send + 'static> {
    pub(crate) attrs: Attrs,
    pub(crate) graph: Graph,
    pub(crate) receiver: AddressReceiver<StageActor<FanOut<T>>>,
    pub(crate) up: UpLink<T>,
    pub(crate) policy: Policy<T>,
}

/// A fan-out whose branches are not all connected yet.
pub(crate) struct HubCell<T: Send + 'static> {
    pub(crate) address: Addr<StageActor<FanOut<T>>>,
    state: Mutex<State<T>>,
}

impl<T: Send + 'static> HubCell<T> {
    pub(crate) fn new(
        address: Addr<StageActor<FanOut<T>>>,
        branches: usize,
        seed: Seed<T>,
    ) -> Self {
        let state = State {
            slots: (0..branches).map(|_| Slot::Open).collect(),
            seed: Some(seed),
        };
        Self {
            address,
            state: Mutex::new(state),
        }
    }

    pub(crate) fn connect(&self, branch: usize, down: Box<dyn Downstream<T>>, link: Arc<Link>) {
        self.lock().slots[branch] = Slot::Connected(down, link);
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send + 'static> Drop for HubCell<T> {
    fn drop(&mut self) {
        // A loop: one fan-out above the other, a chain of any length, costs no stack.
        let mut orphans = self.orphans();
        while let Some(mut token) = orphans.pop() {
            if let Some(hub) = Arc::get_mut(&mut token.hub) {
                orphans.append(&mut hub.orphans());
            }
        }
    }
}

/// A fan-out, whatever its items are.
pub(crate) trait Hub: Send + Sync {
    fn drop_branch(&self, branch: usize);
    /// How many branches are connected or dropped, of how many.
    fn settled(&self, connected: usize) -> (usize, usize);
    /// What the user called it, or its verb.
    fn label(&self) -> Arc<str>;
    /// What is upstream of it, and itself, once.
    fn take(self: Arc<Self>) -> Option<(Graph, Node)>;
    /// The branches upstream of it that nobody else will ever drop.
    fn orphans(&mut self) -> Vec<Token>;
}

impl<T: Send + 'static> Hub for HubCell<T> {
    fn drop_branch(&self, branch: usize) {
        let mut state = self.lock();
        if state.seed.is_some() {
            let slot = std::mem::replace(&mut state.slots[branch], Slot::Dropped);
            drop(state);
            drop(slot);
        }
    }

    fn orphans(&mut self) -> Vec<Token> {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let seed = state.seed.as_mut();
        seed.map(|seed| std::mem::take(&mut seed.graph.branches))
            .unwrap_or_default()
    }

    fn settled(&self, connected: usize) -> (usize, usize) {
        let state = self.lock();
        let dropped = state
            .slots
            .iter()
            .filter(|slot| matches!(slot, Slot::Dropped));
        (connected + dropped.count(), state.slots.len())
    }

    fn label(&self) -> Arc<str> {
        let state = self.lock();
        let attrs = state.seed.as_ref().map(|seed| &seed.attrs);
        attrs.map_or_else(
            || Arc::from("fan-out"),
            |attrs| attrs.name.clone().unwrap_or_else(|| attrs.verb.into()),
        )
    }

    fn take(self: Arc<Self>) -> Option<(Graph, Node)> {
        let mut state = self.lock();
        let Seed {
            attrs,
            graph,
            receiver,
            up,
            policy,
        } = state.seed.take()?;
        let slots = std::mem::take(&mut state.slots);
        drop(state);
        let inputs = vec![Arc::clone(&up.link)];
        let outs = slots.into_iter().map(|slot| match slot {
            Slot::Connected(down, link) => (Some(down), link),
            Slot::Open | Slot::Dropped => (None, Arc::default()),
        });
        let outs: Vec<_> = outs.collect();
        // Those dropped too: a port's number is that of its branch.
        let outputs = outs.iter().map(|(_, link)| Arc::clone(link)).collect();
        let address = self.address.downgrade();
        let start = Box::new(move |at| {
            launch(at, address, receiver, move |_| {
                let branches = outs.into_iter().map(|(down, link)| match down {
                    Some(down) => OutPort::new(down, link),
                    None => cancelled(link),
                });
                FanOut::new(InPort::new(up), branches.collect(), None, policy)
            })
        });
        let node = Node {
            attrs,
            inputs,
            outputs,
            start,
        };
        Some((graph, node))
    }
}

/// The port of a branch that was dropped before it ran: a reader that has left.
fn cancelled<T: Send + 'static>(link: Arc<Link>) -> OutPort<T> {
    struct Nowhere;
    impl<T> Downstream<T> for Nowhere {
        fn feed(&self, _: Arc<Link>, _: Signal<T>, _: &mut Dispatch) {}
    }
    let mut port = OutPort::new(Box::new(Nowhere), Arc::clone(&link));
    port.on(Ask::Cancel(Cause::Completed), link);
    port
}

/// A branch in somebody's hands; its drop is that of a reader.
pub(crate) struct Token {
    pub(crate) hub: Arc<dyn Hub>,
    pub(crate) branch: usize,
}

impl Drop for Token {
    fn drop(&mut self) {
        self.hub.drop_branch(self.branch);
    }
}
